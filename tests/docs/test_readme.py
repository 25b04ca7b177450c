"""What the README and the page of promises count and name is what there is."""

import re
import tomllib
from pathlib import Path

import pytest

from bench.fault_matrix.points import POINTS
from deployments.address import PREFECTS_OWN_PORT
from escalation.inputs.settings import ROOT
from escalation.ports.registry import families
from practice import ALL

README = (ROOT / "README.md").read_text(encoding="utf-8")
PROMISES = (ROOT / "docs/explanation/promises.md").read_text(encoding="utf-8")
NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}


def test_it_is_read_in_a_sitting() -> None:
    assert len(README.splitlines()) <= 125


@pytest.mark.parametrize("page", [README, PROMISES], ids=["README", "promises"])
def test_faults_are_counted_as_they_are(page: str) -> None:
    faults = re.findall(r"(\d+)\s+faults|practice service, (\d+) of them", page)
    assert {int("".join(each)) for each in faults} == {len(ALL)}


def test_the_points_at_which_programs_are_killed_are_counted_as_they_are() -> None:
    killed = re.findall(r"killed at\s+(\d+) points", PROMISES)
    assert {int(each) for each in killed} == {len(POINTS)}


def test_it_needs_what_it_says() -> None:
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert stated["requires-python"] == "==3.11.*"
    assert "Python 3.11" in README
    assert f"Version {stated['version'].removesuffix('.0')}." in README
    assert f"| {PREFECTS_OWN_PORT} on the loopback address" in README


def test_the_families_that_solve_real_problems_are_counted() -> None:
    found = re.search(r"(\w+) families solve real problems", README)
    assert found
    assert NUMBERS[found[1].lower()] == len(families().keys() - {"toy"})


def test_the_examples_of_make_run_are_counted() -> None:
    made = re.search(r"^EXAMPLES := (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    found = re.search(r"solves (\w+) examples", README)
    assert made
    assert found
    assert NUMBERS[found[1]] == len(made[1].split())


def test_who_notices_is_a_test_that_there_is() -> None:
    named = re.findall(r"\]\(\.\./\.\./(tests/[^)]+|bench/[^)]+)\)", PROMISES)
    promises = PROMISES.count("\n- **")
    assert PROMISES.count("*Noticed by:*") == promises
    assert len(named) >= promises
    assert [each for each in named if not Path(ROOT, each).exists()] == []
