"""The four steps by which the page has an export checked with other people's programs, as it gives them."""

import re
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from escalation.inputs.settings import ROOT
from tests.records.export.conftest import Site
from tests.records.export.test_formats import crate

PAGE = (ROOT / "docs/how-to/export-and-verify.md").read_text(encoding="utf-8")
STEPS = re.findall(r"<!-- elsewhere -->\n +```sh\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def case(site: Site, tmp_path: Path) -> Path:
    folder = crate(site, "paid", tmp_path).parent
    folder.rename(tmp_path / "case")
    (tmp_path / "site.pem").write_text(site.key.public.pem)
    return tmp_path / "case"


def refused_at(case: Path) -> int | None:
    """The number of the first step that does not come out as the page says; None where all do."""
    for number, step in enumerate(STEPS, 1):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", step],
            cwd=case.parent,
            capture_output=True,
            text=True,
            check=False,
        )
        ends = [line.endswith("OK") for line in done.stdout.splitlines()]
        if done.returncode or (number == 2 and not all(ends)) or (number == 4 and done.stdout):
            return number
    return None


def test_an_export_as_it_was_written_passes_all_four(case: Path) -> None:
    assert len(STEPS) == 4
    assert refused_at(case) is None


def test_each_step_finds_what_it_is_for(case: Path) -> None:
    outcome, manifest = case / "data/outcome.json", case / "manifest-sha256.txt"
    before, listed = outcome.read_bytes(), manifest.read_text()
    outcome.write_bytes(before + b" ")
    assert refused_at(case) == 3
    manifest.write_text(listed.replace(sha256(before).hexdigest(), sha256(before + b" ").hexdigest()))
    assert refused_at(case) == 2
    outcome.write_bytes(before)
    manifest.write_text(listed)
    (case / "signature/more.txt").write_text("")
    assert refused_at(case) == 4
    (case / "signature/more.txt").unlink()
    (case / "signature/statement.pae").write_bytes((case / "signature/statement.pae").read_bytes() + b" ")
    assert refused_at(case) == 1
