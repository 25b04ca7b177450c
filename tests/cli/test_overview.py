"""`tierwise overview` prints the week, or writes it as a file; what makes no sense is a line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalation.model.case import Outcome

Call = Callable[..., Any]


def test_the_week_on_the_terminal_in_a_file_and_as_an_object(
    solved: Outcome, call: Call, tmp_path: Path
) -> None:
    said = call("overview")
    assert (said.code, said.err) == (0, "")
    assert "1 case (0 before): 1 abstained." in said.out
    assert said.out.splitlines().count("Cases") == 1
    found = json.loads(call("overview", "--weeks", "2", "--json").out)
    assert found["span"]["families"][0]["abstained"] == 1
    page = tmp_path / "week.html"
    assert call("overview", "--out", str(page)).code == 0
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    again = call("overview", "--out", str(page))
    assert (again.code, again.out) == (2, "")
    assert "is there already, and nothing is overwritten" in again.err
    assert call("overview", "--out", str(tmp_path / "week.md")).code == 0
    assert (tmp_path / "week.md").read_text(encoding="utf-8").startswith("# Overview, 20")


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        (("--since", "2026-01-01", "--weeks", "2"), "expected --since or --weeks, got both"),
        (("--since", "2999-01-01"), "expected a time that has begun, got 2999-01-01"),
        (("--out", "week.pdf"), "week.pdf: expected a name that ends in .html or .md"),
    ],
)
def test_what_makes_no_sense_is_a_line(home: Path, call: Call, wrong: tuple[str, ...], line: str) -> None:
    said = call("overview", *wrong)
    assert (said.code, said.out) == (2, "")
    assert line in said.err
