"""What an export says holds together, and what does not is found, by the file in it alone too."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from records.export.exporting import VERIFIER, export
from records.export.verifying import findings, verify_export
from tests.records.export.conftest import CASES, Site


@pytest.mark.parametrize("case_id", CASES)
def test_an_untouched_export_raises_no_alarm(site: Site, case_id: str) -> None:
    assert list(findings(site.bag(case_id), site.key.public)) == []


def alone(*args: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs a file with the standard library alone, and no environment."""
    python = [sys.executable, "-I", "-S"]
    return subprocess.run(
        [*python, *map(str, args)], capture_output=True, text=True, check=False, env={}, timeout=60
    )


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_the_file_in_the_export_verifies_it_alone(site: Site, tmp_path: Path, name: str) -> None:
    export(site.ledger, site.store, site.settings, "paid", tmp_path / name)
    (tmp_path / "verify.py").write_bytes(site.bag("paid")["verify.py"])
    (tmp_path / "site.pem").write_text(site.key.public.pem)
    asked = (tmp_path / "verify.py", tmp_path / name)
    found, trusted = alone(*asked), alone(*asked, "--key", tmp_path / "site.pem")
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout == f"all fits\nkey {site.key.public.key_id}, found in the export\n"
    assert trusted.stdout == f"all fits\nkey {site.key.public.key_id}, {tmp_path / 'site.pem'}\n"
    assert alone(tmp_path / "verify.py").returncode == 2
    assert alone(tmp_path / "verify.py", tmp_path / "nowhere").returncode == 2
    assert alone(*asked, "--key", tmp_path / "verify.py").returncode == 2


def test_the_file_is_short_and_for_older_pythons_too() -> None:
    import ast

    text = VERIFIER.read_text()
    assert len(text.splitlines()) <= 150
    tree = ast.parse(text, feature_version=(3, 9))
    names = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert names <= sys.stdlib_module_names
    assert not any(isinstance(node, ast.ImportFrom) for node in ast.walk(tree))


def test_a_damaged_export_is_found_by_the_file_alone(site: Site, tmp_path: Path) -> None:
    export(site.ledger, site.store, site.settings, "paid", tmp_path / "out")
    file = tmp_path / "out/data/budgets.json"
    file.write_text(file.read_text().replace("3", "4", 1))
    found = alone(tmp_path / "out/verify.py", tmp_path / "out")
    assert found.returncode == 1
    assert "manifest-sha256.txt: does not say what is there" in found.stdout


@pytest.mark.parametrize("strange", ["link", "folder", "linked folder", "pipe"])
def test_what_is_no_file_is_not_overlooked(site: Site, tmp_path: Path, strange: str) -> None:
    export(site.ledger, site.store, site.settings, "refused", tmp_path / "out")
    made = tmp_path / "out" / "data" / "strange"
    match strange:
        case "link":
            made.symlink_to("problem.json")
        case "folder":
            made.mkdir()
        case "linked folder":
            made.symlink_to("store")
        case "pipe":
            os.mkfifo(made)
    assert verify_export(tmp_path / "out", site.key.public).findings
    if strange != "pipe":
        assert alone(tmp_path / "out/verify.py", tmp_path / "out").returncode == 2
