"""The page on adding a family is followed word for word in a copy of the checkout."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from itertools import chain, combinations
from pathlib import Path

import pytest
import yaml

from escalation.inputs.settings import ROOT
from tests.docs.test_snippets import FILE, blocks_of

PAGE = ROOT / "docs" / "how-to" / "add-a-family.md"
MOST_LINES = 1_300
RUN: Mapping[str, list[str]] = {
    "pytest": ["-m", "pytest", "-q", "-p", "no:cacheprovider"],
    "tierwise": ["-m", "tierwise"],
    "python": [],
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory, mlflow_database: Path) -> Path:
    """The checkout, and in it the files of the page."""
    place = tmp_path_factory.mktemp("checkout")
    (place / "mlruns").mkdir(mode=0o700)
    shutil.copy(mlflow_database, place / "mlruns")
    kept = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, kept.stdout.split("\0")):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    for block in blocks_of(PAGE):
        if block.mark.startswith(FILE):
            file = place / block.mark.removeprefix(FILE)
            file.parent.mkdir(exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
    return place


def run(copy: Path, *arguments: str) -> str:
    """Runs Python in the copy; returns what it said."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), "TIERWISE_HOME": str(copy / "mlruns")},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_real_family_is_small_and_one_folder() -> None:
    files = {block.mark.removeprefix(FILE): block.text for block in blocks_of(PAGE) if FILE in block.mark}
    outside = [name for name in files if not name.startswith("problems/knapsack/")]
    assert outside == ["examples/knapsack.yaml"]
    assert sum(text.count("\n") for text in files.values()) <= MOST_LINES


@pytest.mark.timeout(900)
def test_the_commands_of_the_page_run_and_the_example_is_solved(copy: Path) -> None:
    (block,) = [each for each in blocks_of(PAGE) if each.language == "sh" and "solve" in each.text]
    said = {}
    for line in block.text.splitlines():
        name, *words = line.split()
        said[name + " " + words[0]] = run(copy, *RUN[name], *words)
    assert "1 passed" in said["pytest tests/problems/test_contract.py"]
    assert "passed a proven optimum: not tried: knapsack_unproven not met" in said["tierwise policy"]
    assert f"worth {best_of_all(copy / 'examples/knapsack.yaml')}" in said["tierwise solve"]
    assert "`knapsack.gap`" in (copy / "docs/reference/facts.md").read_text(encoding="utf-8")
    assert "### SackSpec" in (copy / "docs/reference/problem-file.md").read_text(encoding="utf-8")


def best_of_all(example: Path) -> int:
    """The optimum, by looking at every set of items."""
    sack = yaml.safe_load(example.read_text(encoding="utf-8"))["instance"]
    items = list(zip(sack["values"], sack["weights"], strict=True))
    sets = chain.from_iterable(combinations(items, size) for size in range(len(items) + 1))
    fitting = (each for each in sets if sum(weight for _, weight in each) <= sack["capacity"])
    return max(sum(int(value) for value, _ in each) for each in fitting)


LOOK = """
import json
from deployments.setup import stated
from flows.entry import knapsack
schema = knapsack.parameters.model_dump_for_openapi()
print(json.dumps([[each["entrypoint"] for each in stated()], schema["required"], schema["properties"]]))
"""


@pytest.mark.timeout(900)
def test_its_form_and_its_deployment_are_there_by_themselves(copy: Path) -> None:
    entrypoints, required, fields = json.loads(run(copy, "-c", LOOK).splitlines()[-1])
    assert "flows.entry.knapsack" in entrypoints
    assert required == ["values", "weights", "capacity", "target"]
    assert fields["capacity"]["default"] == 50
    assert (fields["capacity"]["minimum"], fields["capacity"]["type"]) == (1, "integer")
    assert fields["values"]["description"] == "What each item is worth."
