"""The titles of artifacts."""

import re
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from escalation.model.batch import BatchReport, BatchRow, ProblemEnd
from escalation.model.case import CaseStatus, Outcome
from escalation.model.told import Told
from flows import artifacts
from flows.artifacts import key


@given(st.text(max_size=200))
def test_a_title_is_one_that_prefect_takes(about: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key("decisions", about))


@pytest.mark.parametrize(
    ("about", "title"),
    [
        ("prediction breast_cancer", "answer-prediction-breast-cancer"),
        ("optimisation max_cut G1", "answer-optimisation-max-cut-g1"),
        ("", "answer"),
    ],
)
def test_a_title_says_what_it_is_about(about: str, title: str) -> None:
    assert key("answer", about) == title


PICTURE = "![x](http://127.0.0.1:9/a.png)<img src=x onerror=alert(1)> [y](javascript:1) www.evil.example"
"""A patient's id in a table that was uploaded."""


def written(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What Prefect is given from now on."""
    given: list[Any] = []

    def taken(*each: Any) -> UUID:
        given.extend(each)
        return UUID(int=0)

    for kind in ("markdown", "table", "progress"):
        monkeypatch.setattr(artifacts, f"create_{kind}_artifact", taken)
    return given


def rendered(text: str) -> str:
    return str(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))


def test_text_of_a_problem_is_no_markup_in_what_prefect_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of descriptions and cells too, both of which its pages take for Markdown."""
    given = written(monkeypatch)
    monkeypatch.setattr(artifacts, "links_of", lambda outcome: {})  # no server is asked
    told = Told(asked=PICTURE, answer=PICTURE, rests_on=PICTURE, cost=PICTURE, next_steps=(PICTURE,))
    outcome = Outcome(case_id="toy-1", status=CaseStatus.ABSTAINED, told=told)
    row = BatchRow(number=1, problem=PICTURE, status=ProblemEnd.HELD, why=PICTURE)
    artifacts.show_answer("x", outcome, "")
    artifacts.show_progress("x", PICTURE, 1.0, None)
    artifacts.show_batch(BatchReport(name="x", problems=1, rows=(row,)))
    texts = [each for each in given if isinstance(each, str)]
    texts += [cell for each in given if isinstance(each, list) for row in each for cell in row.values()]
    assert sum("evil" in text for text in texts) == 6
    for text in texts:
        shown = rendered(text)
        assert not re.search(r"<(img|a|script)\b", shown), shown
