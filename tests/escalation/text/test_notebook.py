"""What a notebook shows of outcomes, batches and decisions."""

import re
import subprocess
import sys
from base64 import b64encode
from html.parser import HTMLParser
from pathlib import Path

import pytest

from escalation.model.batch import BatchReport, BatchRow, ProblemEnd
from escalation.model.case import CaseStatus, Outcome
from escalation.model.decision import Action, Closed, Decision, Flip
from escalation.model.frozen import Frozen
from escalation.model.problem import Target, Tier
from escalation.model.told import Told
from escalation.text import notebook

EVIL = "<script>alert(1)</script> & \u202e $x$"
SHOWN = r"<script>alert(1)</script> & \u202e $x$"
"""As a reader sees it: nothing is markup, and what reorders is shown as its escape."""


class ShownCells(HTMLParser):
    """The texts of a page by element, and whether every element is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.tags: list[str] = []
        self.opened: list[str] = []
        self.feed(page)
        assert not self.opened

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.opened.append(tag)
        self.tags.append(tag)
        self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag
        self.cells.append("")

    def handle_data(self, data: str) -> None:
        self.cells[-1] += data


def cells_of(thing: Frozen) -> ShownCells:
    page = thing._repr_html_()
    assert page is not None
    return ShownCells(page)


DECISION = Decision(
    number=0,
    action=Action.ATTEMPT,
    tier=Tier.HPC,
    method="scan",
    backend="mpi",
    rule="first",
    because=EVIL,
    closed=(Closed(gate="size", tier=Tier.QUANTUM, because="too small", misses=()),),
    nearest_flip=Flip(would="quantum", changes=(), text="A larger circuit."),
)
TOLD = Told(
    asked=EVIL, answer="A nine.", rests_on="It was looked up.", cost="1 s", next_steps=("Ask.", "Go.")
)
OUTCOME = Outcome(
    case_id="toy-1",
    status=CaseStatus.ABSTAINED,
    value=8.96,
    target=Target(metric="number", at_least=9),
    told=TOLD,
    decisions=(DECISION,),
)
ROWS = tuple(
    BatchRow(number=number, problem=f"{number}.yaml", status=ProblemEnd(status), why=why)
    for number, (status, why) in enumerate([("accepted", ""), ("bad input", EVIL), ("held", "ask")], 1)
)


@pytest.mark.parametrize(
    ("thing", "texts"),
    [
        (OUTCOME, ["ABSTAINED", SHOWN, "A nine.", "Ask.", "Go.", "toy-1", "try hpc/scan on mpi"]),
        (OUTCOME, ["number 8.96, asked was number at least 9"]),
        (TOLD, ["asked", SHOWN, "rests on", "It was looked up.", "next"]),
        (DECISION, ["try hpc/scan on mpi", SHOWN, "condition size not met", "A larger circuit."]),
        (BatchReport(problems=3, rows=ROWS), ["3 problems", "accepted", SHOWN]),
    ],
)
def test_what_is_known_is_shown_and_nothing_in_it_is_markup(thing: Frozen, texts: list[str]) -> None:
    shown = cells_of(thing)
    assert set(texts) <= {cell.strip() for cell in shown.cells}
    assert "script" not in shown.tags
    assert "$" not in str(thing._repr_html_())  # a notebook would typeset what stands between two


def test_an_outcome_shows_the_first_picture_of_its_report_as_an_image(tmp_path: Path) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><title>A "curve"</title></svg>'
    report = tmp_path / "toy-1.html"
    drawn = OUTCOME.model_copy(update={"answer": ("nine",), "record": str(report)})
    assert "img" not in cells_of(drawn).tags  # there is no report: its words stand alone
    report.write_text(f"<html><body>{svg}{svg.replace('curve', 'other')}</body></html>", encoding="utf-8")
    page = str(drawn._repr_html_())
    on_paper = svg.replace("<title>", '<rect width="100%" height="100%" fill="#ffffff"/><title>')
    address = f"data:image/svg+xml;base64,{b64encode(on_paper.encode()).decode()}"
    assert re.findall("<img [^>]*>", page) == [f'<img src="{address}" alt="A &quot;curve&quot;"/>']


def test_a_batch_shows_what_is_wrong_first_and_counts_what_it_leaves_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notebook, "MOST_ROWS", 2)
    shown = cells_of(BatchReport(problems=3, rows=ROWS))
    assert [cell for cell in shown.cells if cell.endswith(".yaml")] == ["2.yaml", "3.yaml"]
    assert any("1 row more" in cell for cell in shown.cells)


def test_an_object_that_nobody_draws_is_printed_as_ever() -> None:
    assert Target(metric="number", at_least=9)._repr_html_() is None


def test_the_model_shows_itself_and_needs_nothing_heavy_for_it() -> None:
    code = (
        "import sys, escalation.engine; from escalation.model.batch import BatchReport\n"
        "assert BatchReport(problems=0)._repr_html_().startswith('<div>')\n"
        "print([name for name in ('pandas', 'numpy', 'IPython', 'prefect') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
