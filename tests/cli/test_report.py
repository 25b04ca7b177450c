"""`tierwise report`: where it is, and as a file for others."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalation.model.case import Outcome

Call = Callable[..., Any]


def test_it_says_where_the_report_is_and_brings_back_one_that_was_removed(
    solved: Outcome, call: Call
) -> None:
    path = Path(str(solved.record))
    said = call("report", "c")
    assert (said.code, said.out, said.err) == (0, f"{path}\n", "")
    before = path.read_bytes()
    path.unlink()
    assert call("report", "c").code == 0
    assert path.read_bytes() == before


def test_the_report_is_written_as_html_or_pdf_by_the_ending(
    solved: Outcome, call: Call, tmp_path: Path
) -> None:
    for name, begins in (("case.html", b"<!doctype html>"), ("case.PDF", b"%PDF-")):
        said = call("report", "c", "--out", str(tmp_path / name))
        assert (said.code, said.err) == (0, "")
        assert (tmp_path / name).read_bytes().startswith(begins)
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    again = call("report", "c", "--out", str(tmp_path / "case.html"))
    assert (again.code, again.err.count("\n")) == (2, 1)
    assert "is there already, and nothing is overwritten; name another file" in again.err


@pytest.mark.parametrize(
    ("case", "out", "said"),
    [("nope", "x.html", "got 'nope'"), ("c", "x.doc", ".html or .pdf"), ("c", "x", ".html or .pdf")],
)
@pytest.mark.usefixtures("solved")
def test_what_cannot_be_written_is_one_line(
    call: Call, tmp_path: Path, case: str, out: str, said: str
) -> None:
    told = call("report", case, "--out", str(tmp_path / out))
    assert (told.code, told.out, told.err.count("\n")) == (2, "", 1)
    assert said in told.err
    assert list(tmp_path.glob("x*")) == []
