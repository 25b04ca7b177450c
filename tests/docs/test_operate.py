"""The operator's page: its drill of putting a back-up back is done as it stands there."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from escalation.inputs.settings import ROOT
from tests.docs.test_snippets import blocks_of

PAGE = ROOT / "docs/how-to/operate.md"
PROBLEM = '{"family": "toy", "instance": {"numbers": [3, 9]}, "target": {"metric": "number", "at_least": 9}}'
pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def run(tmp_path: Path, new_home: Callable[[Path], Path]) -> Callable[[str], str]:
    """Runs lines in a shell that finds `tierwise`, beside a home in which cases are."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "TIERWISE_HOME": str(new_home(tmp_path / "real")),
        "TIERWISE_TRACKING": "off",
        "COLUMNS": "200",
    }

    def in_shell(lines: str) -> str:
        ended = subprocess.run(
            ["bash", "-euc", lines], cwd=tmp_path, env=environment, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    return in_shell


def test_the_drill_puts_a_back_up_back_and_goes_through_a_case_from_it(
    run: Callable[[str], str], tmp_path: Path
) -> None:
    (drill,) = (block for block in blocks_of(PAGE) if block.mark == "drill")
    (tmp_path / "toy.yaml").write_text(PROBLEM)
    run("tierwise solve --engine plain --case kept toy.yaml")
    before = run("tierwise cases")
    said = run(drill.text.replace("CASE", "kept"))
    assert "kept" in said.partition("about\n")[2]
    assert (tmp_path / "drill/home/store").is_dir()
    assert "accepted, as recorded: 2 decisions" in said
    assert run("tierwise cases") == before


def test_every_way_that_the_page_offers_leads_to_a_heading_with_something_below() -> None:
    text = PAGE.read_text(encoding="utf-8")
    table = text.partition("## What to do when")[2]
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", table, re.MULTILINE)
    assert len(rows) > 12
    assert all(each.strip() for row in rows for each in row)
