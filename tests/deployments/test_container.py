"""The images are made by one script from the lock; `make container-test` runs it in a bare Debian root."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from escalation.inputs.settings import ROOT
from tests.deployments.bare_root import FOLDER, STEPS, USER

CONTAINERFILE, DEFINITION = (
    (ROOT / FOLDER / name).read_text(encoding="utf-8") for name in ("Containerfile", "tierwise.def")
)
SCRIPT = (ROOT / STEPS).read_text(encoding="utf-8")
BASE = re.compile(r"^(?:ARG DEBIAN=docker\.io/library/|From: )(debian:\S+)$", re.MULTILINE)


def lines(text: str) -> str:
    """Without comments."""
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))


def test_both_begin_with_the_same_debian_whose_python_the_lock_is_for() -> None:
    (base,) = {*BASE.findall(CONTAINERFILE), *BASE.findall(DEFINITION)}
    assert re.fullmatch(r"debian:12\.\d+-slim", base)  # whose Python is 3.11
    assert CONTAINERFILE.count("FROM ${DEBIAN}") == len(BASE.findall(DEFINITION)) == 2
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == "==3.11.*"


@pytest.mark.parametrize("text", [CONTAINERFILE, DEFINITION], ids=["Containerfile", "tierwise.def"])
def test_what_is_installed_is_in_the_script_alone(text: str) -> None:
    called = re.findall(r"steps\.sh (build|run)\b", lines(text))
    assert called == ["build", "run"]
    assert not re.search(r"\b(apt-get|apt|pip|uv|curl|wget|useradd)\b", lines(text))


def test_the_environment_comes_from_the_lock_and_nothing_names_a_registry() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.findall(r"^ *make (\w+)", SCRIPT, re.MULTILINE) == ["setup"]
    assert "--require-hashes requirements.lock" in makefile
    assert not re.search(r"://|\b(pip|uv|curl|wget|git)\b", lines(SCRIPT))


def test_what_runs_is_a_user_without_rights_everywhere_the_same() -> None:
    (user,) = re.findall(r"^USER (\S+)$", CONTAINERFILE, re.MULTILINE)
    (number,) = re.findall(r"useradd .*--uid (\d+)", SCRIPT)
    assert user == USER == f"{number}:{number}"
    assert int(number) >= 1000


def test_records_and_environments_of_the_checkout_are_not_in_an_image() -> None:
    ignored = (ROOT / FOLDER / "Containerfile.containerignore").read_text(encoding="utf-8").split()
    assert {".git", ".venv", "mlruns/*"} <= set(ignored)


@pytest.mark.parametrize("args", [[], ["build"], ["run", "more"], ["other"]])
def test_the_script_does_nothing_unless_it_is_told_what(args: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", ROOT / STEPS, *args], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "expected: steps.sh build SOURCE, or steps.sh run\n"
