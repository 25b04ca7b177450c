"""The generated tables are those that the code gives now, and every fact and field is in them."""

from pathlib import Path

import pytest

from docs.generate import BLOCK, REFERENCE, commands, facts, filled, states, transitions
from escalation.model.submission_states import TRANSITIONS, SubmissionState
from escalation.policy.checks import known_facts

BY_HAND = {"practice-service.md", "fault-matrix.md"}
"""Checked against the code by tests/practice/test_page.py, and written by `make matrix`."""
PAGES = sorted(page for page in REFERENCE.glob("*.md") if page.name not in BY_HAND)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_is_up_to_date(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert BLOCK.search(text), "expected a generated table"
    assert text == filled(text), "out of date: run `python -m docs.generate`"


def test_every_fact_has_a_line_and_a_meaning() -> None:
    cells = [[cell.strip() for cell in line.split("|")] for line in facts().splitlines()[2:]]
    assert [line[1].strip("`") for line in cells] == sorted(known_facts())
    assert all(line[5] for line in cells)


def test_commands_are_those_of_the_command_line() -> None:
    # the commands that `tierwise --help` lists
    for name in (
        "solve", "explain", "cases", "policy check", "policy show", "devices", "serve", "doctor", "approve",
        "jobs", "jobs adopt", "jobs bill", "jobs cancel", "jobs look", "jobs park", "budget",
        "budget limit", "reconcile",
    ):  # fmt: skip
        assert f"### tierwise {name}\n" in commands()


def test_every_state_and_every_transition_of_a_submission_has_a_line() -> None:
    rows = transitions().splitlines()[2:]
    assert len(rows) == len(TRANSITIONS)
    for each in TRANSITIONS:
        assert any(row.startswith(f"| `{each.source}` | `{each.target}` | {each.who} |") for row in rows)
    meanings = [[cell.strip() for cell in row.split("|")] for row in states().splitlines()[2:]]
    assert [row[1].strip("`") for row in meanings] == [str(each) for each in SubmissionState]
    assert all(row[2] for row in meanings)


def test_a_table_that_is_out_of_date_is_found() -> None:
    stale = "<!-- generated: facts -->\n| fact |\n<!-- end -->\n"
    assert filled(stale) != stale
    with pytest.raises(KeyError):
        filled("<!-- generated: no_such_table -->\n<!-- end -->\n")
