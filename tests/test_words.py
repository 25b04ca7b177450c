"""What people read says it in words that nobody has to be taught, as docs/explanation/words.md has them.

Looked through are all texts in the code that may be printed, the help of every command, and what shipped
policies say. Names in backticks are those of files and fields, and stay.
"""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from docs.generate import command_tree
from escalation.inputs.settings import ROOT
from escalation.policy.policy import load_policy
from escalation.policy.policy_tests import suites

PLAIN = {
    r"rungs?": "step of the ladder",
    r"hops?": "move to the next tier",
    r"gates?": "condition",
    r"closed by": "condition not met",
    r"nearest flips?": "what would have changed it",
    r"fence[sd]?": "limit",
    r"waive[sdr]?|waivers?": "not required by this policy",
    r"sealed": "kept aside",
    r"floor": "below every policy; the site",
    r"shut": "not met",
}
"""What is not said, and what is said instead."""
FIELD = re.compile(
    r"`[^`]*`|(two-qubit|counts) gates|(all gates are )?Clifford gates|gate errors|expected gates and one"
    r"|more than gates|relaxation a gate|as it was sealed|^(open and|order of) sealed rows$"
)
"""The field's own gates, records whose seal is broken, and the two names that seeds are derived from."""
NOT_READ = (
    "tests/",
    "bench/",
    "docs/",
    "practice/",
    "escalation/testing/",
    "records/export/",
    "records/ledger/",
)
"""What says nothing to people, or speaks of the files and rows of an export by their names."""


def complaints(said: str) -> list[str]:
    """The words in a text that its reader would have to be taught, each with the plain one."""
    text = FIELD.sub("", said)
    return [
        f"{found[0]}: say {instead}"
        for word, instead in PLAIN.items()
        if (found := re.search(rf"\b({word})\b", text, re.IGNORECASE))
    ]


@pytest.mark.parametrize(
    "said", ["closed by open_gap", "Nearest flip: 3", "the policy waived age", "on 228 sealed rows", "a Hop"]
)
def test_words_of_ours_are_noticed(said: str) -> None:
    assert complaints(said)


@pytest.mark.parametrize("said", ["expected `gates: []`", "45 two-qubit gates", "a hopeful investigator"])
def test_words_of_the_field_and_names_of_fields_are_not(said: str) -> None:
    assert not complaints(said)


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and text of what may be printed: no docstring, description of a field or single word."""
    aside = {id(each) for node in ast.walk(tree) for each in _aside(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in aside:
            continue
        if " " in node.value.strip():
            yield node.lineno, node.value


def _aside(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Expr):  # a docstring, or what stands below a name
        yield node.value
    if isinstance(node, ast.keyword) and node.arg == "description":  # of a field of policy files and records
        yield from ast.walk(node.value)


def test_no_text_of_the_code_uses_them() -> None:
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = [name for name in listed.stdout.split() if not name.startswith(NOT_READ)]
    found = [
        f"{name}:{line}: {said!r}: {complaint}"
        for name in files
        if (ROOT / name).exists()
        for line, said in texts(ast.parse((ROOT / name).read_text(encoding="utf-8")))
        for complaint in complaints(said)
    ]
    assert len(files) > 500
    assert found == []


def help_texts(command: Any) -> Iterator[str]:
    """All that `--help` of a command says."""
    yield command.help or ""
    yield from (getattr(each, "help", None) or "" for each in command.params)


def test_no_help_text_uses_them() -> None:
    found = [
        f"tierwise {' '.join(words)}: {said!r}: {complaint}"
        for words, command in command_tree()
        for said in help_texts(command)
        for complaint in complaints(said)
    ]
    assert found == []


@pytest.mark.parametrize("file", sorted((ROOT / "policies").glob("*.yaml")), ids=lambda each: each.stem)
def test_no_shipped_policy_says_them_to_who_meets_it(file: Path) -> None:
    loaded = load_policy(str(file))
    policy = loaded.policy
    because = [
        *(gate.because for gate in policy.gates), *(rule.because for rule in policy.acceptance),
        *(rule.because for rule in policy.approvals), *(waiver.because for waiver in policy.waivers),
    ]  # fmt: skip
    tests = [each.test.name for _, findings in suites(loaded) for each in findings]
    said = [policy.summary, *because, *tests]
    assert [(each, complaint) for each in said for complaint in complaints(each)] == []
