"""Places that cannot be written to are refused by every command that writes, before it does anything else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from records.runtime import open_records
from tests.cli.conftest import Said

TOY = """\
family: toy
instance: {numbers: [3, 1, 9]}
target: {metric: number, at_least: 9}
data_class: public
"""
WRITERS = (
    ("solve", "toy.yaml", "--engine", "plain", "--out"),
    ("solve", "toy.yaml", "toy.yaml", "--engine", "plain", "--out"),
    ("report", "c", "--out"),
    ("new", "toy", "--out"),
    ("export", "c", "--out"),
    ("backup",),
)
PLACES = ("file", "file/below", "dangling", "/proc/answer", "a" * 300)
"""A file, below one, a link to nowhere, where no folder can be made, a name that is too long."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    (work / "toy.yaml").write_text(TOY)
    for ending in ("", ".html"):
        (work / f"file{ending}").write_text("a file")
        (work / f"dangling{ending}").symlink_to("nowhere")
    return work


def left(folder: Path) -> dict[str, bool]:
    """All that is in a folder, and whether each is a link."""
    return {str(path): path.is_symlink() for path in folder.rglob("*")}


@pytest.mark.usefixtures("solved")
def test_a_place_that_cannot_be_written_to_is_one_line_and_nothing_is_done(
    here: Path, call: Callable[..., Said]
) -> None:
    before = left(here)
    for words in WRITERS:
        for place in PLACES:
            said = call(*words, f"{place}.html" if words[0] == "report" else place)
            assert (said.code, said.out, said.err.count("\n")) == (2, "", 1), (words, place)
            assert said.err.startswith("error: ")
    assert left(here) == before
    with open_records() as (ledger, _):
        assert ledger.ids_from("", 9) == ["c"]  # nothing was solved


@pytest.mark.usefixtures("home")
def test_the_answer_of_one_problem_gets_a_folder_of_its_own(here: Path, call: Callable[..., Said]) -> None:
    refused = call("solve", "toy.yaml", "--engine", "plain", "--out", ".")
    assert refused.code == 2
    assert "expected a new or an empty folder" in refused.err
    said = call("solve", "toy.yaml", "--engine", "plain", "--quiet", "--out", "new/below")
    assert (said.code, said.err) == (0, "this answer has no files\n")
    assert not (here / "new").exists()
