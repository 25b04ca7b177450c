"""The tutorial is walked from its top to its end, and what it shows of each command is what the command says.

Numbers, keys and the breaks of lines are left out of the comparison: they differ from run to run and from
machine to machine. `TUTORIAL_ANEW=1 pytest -m "trial or not trial" tests/docs/test_tutorial.py`
writes the page's transcripts anew.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import practice
from escalation.inputs.settings import ROOT
from tests.docs.test_snippets import ELSEWHERE, Block, blocks_of

PAGE = ROOT / "docs" / "tutorial.md"
ANEW = "TUTORIAL_ANEW"
WIDTH = 90
SHORT = ("A schedule",)
"""The part that takes seconds, to be tried by itself."""
pytestmark = pytest.mark.timeout(1800)


@pytest.fixture
def folder(tmp_path: Path, mlflow_database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks as a fresh checkout does, with a command `tierwise`."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "mlruns").mkdir(mode=0o700)
    (tmp_path / "mlruns" / "mlflow.db").write_bytes(mlflow_database.read_bytes())
    monkeypatch.setenv("TIERWISE_HOME", str(tmp_path / "mlruns"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    return tmp_path


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What `tierwise serve --practice` starts, with the variables that it prints."""
    with practice.running() as found:
        for name, value in practice.client_settings(found.url).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("TIERWISE_USD_PER_QPU_S", "1.60")
        yield


def parts() -> Iterator[tuple[str, Block]]:
    """The transcripts of the page, each with the heading that it stands below."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    for block in blocks_of(PAGE):
        if block.language == "console" and block.mark != ELSEWHERE:
            yield next(each for each in reversed(lines[: block.line]) if each.startswith("## ")), block


def said(folder: Path, block: Block) -> str:
    """The block as it is today: each command with what it prints."""
    told = []
    for command in re.findall(r"^\$ (.+)$", block.text, re.MULTILINE):
        ended = subprocess.run(
            ["bash", "-c", command], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=600, check=False,
        )  # fmt: skip
        assert ended.returncode in (0, 3, 4), f"{block}: {command}\n{ended.stdout}\n{ended.stderr}"
        told.append(f"$ {command}\n{ended.stdout}")
    text = "".join(told).replace(f"{folder}/", "").replace("\ufeff", "")
    return re.sub(
        r"by \S+, recorded as \S+ \(uid \d+\) on \S+,", "by anna, recorded as anna (uid 1000) on desk,", text
    )


def words(text: str) -> list[str]:
    """What a transcript says, whatever the numbers, the width, and which of the best schedules was found."""
    text = re.sub(r"[─│╭╮╰╯]+", " ", text)
    text = re.sub(r"^other than recorded code: .*", "", text, flags=re.MULTILINE)  # of a changed checkout
    text = re.sub(r"^p\d+,Dr .*|(?<=busiest is Dr )\w+", "ONE", text, flags=re.MULTILINE)
    text = re.sub(r"(job|tierwise)-[0-9a-f]{12,}|\b[0-9a-f]{12,64}\b|\b[A-Za-z0-9+/]{43,}=", "KEY", text)
    return re.sub(r"\d[\d.,]*(?: min(?: \d+ s)?| s| h)?", "#", text).split()


def walk(folder: Path, chosen: tuple[str, ...] | None) -> None:
    """Runs the parts whose headings begin so, or all, and compares; or writes them anew."""
    page = PAGE.read_text(encoding="utf-8")
    for heading, block in parts():
        if chosen is not None and not any(title in heading for title in chosen):
            continue
        now = said(folder, block)
        if os.environ.get(ANEW):
            kept = "\n".join(line.rstrip() for line in now.splitlines()) + "\n"
            page = page.replace(f"```console\n{block.text}```", f"```console\n{kept}```")
            PAGE.write_text(page, encoding="utf-8")
        else:
            assert words(now) == words(block.text), str(block)


@pytest.mark.trial
def test_the_short_parts_say_what_the_page_shows(folder: Path) -> None:
    if os.environ.get(ANEW):
        pytest.skip("the whole walk writes them")
    walk(folder, SHORT)


@pytest.mark.trial
def test_the_whole_page_says_what_it_shows(folder: Path, service: None) -> None:
    walk(folder, None)


def test_a_word_that_is_no_longer_said_is_found() -> None:
    assert words("│ proven  roc_auc 0.80 is proven │") == words("proven roc_auc 0.7913 is\nproven")
    assert words("cost 1 min 3 s of waiting") == words("cost 12 s of waiting")
    assert words("ACCEPTED") != words("ABSTAINED")
