"""A family is one folder: nothing outside of it, but for examples and words for people, knows its name."""

import re
import subprocess

from escalation.inputs.settings import ROOT
from escalation.ports.registry import families

MAY = ("problems/", "tests/", "examples/", "bench/", "docs/", "README.md", "CHANGELOG.md", "CITATION.cff")
WORDS = {
    "pyproject.toml": "contracts on the inside of one family, and why its packages are needed",
    "escalation/model/problem.py": "the example in the reference of what a family is",
    "flows/naming.py": "the example of a run's name",
    "cli/examples.py": "commands as a person would type them",
}
"""Files that name a family in words; no behaviour depends on them."""


def test_no_code_outside_its_folder_names_a_family() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    names = {word for each in families().values() if each.shipped for word in (each.name, each.verb)}
    # as code or a command would say it: a `prediction interval` is no family
    word = re.compile(rf"(?:[\"'`\[]|\b(?:problems[./]|family: |new ))(?:{'|'.join(sorted(names))})(?!\w)")
    found = {
        name
        for name in tracked.stdout.split("\0")
        if name.endswith((".py", ".yaml", ".yml", ".toml", ".md", "Makefile"))
        and (not name.startswith(MAY) or name.startswith("docs/generate.py"))
        and word.search((ROOT / name).read_text(encoding="utf-8"))
    }
    assert found == set(WORDS)
