"""`tierwise policy diff`."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Said

MINE = """\
policy: mine
summary: The default with another limit.
extends: default
changes:
  - {rule: fidelity, because: Half are to be right., when: {fact: quote.expected_fidelity, at_least: LIMIT}}
"""


def test_what_decides_comes_first_and_the_exit_code_says_so(
    call: Callable[..., Said], tmp_path: Path
) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(MINE.replace("LIMIT", "0.5"))
    said = call("policy", "diff", "default", str(mine))
    assert said.code == 5
    assert said.out.splitlines()[0] == (
        "condition fidelity: quote.expected_fidelity at least 0.2 → at least 0.5: stricter for quantum"
    )
    found = json.loads(call("policy", "diff", "default", str(mine), "--json").out)
    assert (found["decides"], found["overall"]["quantum"]) == (True, "stricter")


def test_where_only_words_changed_nothing_decides(call: Callable[..., Said], tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(MINE.replace("LIMIT", "0.20"))
    said = call("policy", "diff", "default", str(mine))
    assert said.code == 0
    assert said.out.splitlines()[:2] == [
        "no difference that decides anything",
        "condition fidelity gives another reason",
    ]


def test_a_policy_that_cannot_be_read_is_one_line(call: Callable[..., Said], tmp_path: Path) -> None:
    said = call("policy", "diff", "default", str(tmp_path / "none.yaml"))
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)


def test_a_policy_whose_own_test_fails_is_compared_and_that_is_said(
    call: Callable[..., Said], tmp_path: Path
) -> None:
    mine = tmp_path / "mine.yaml"
    fails = "tests: [{name: all is known, tier: quantum, facts: {}, expect: open}]\n"
    mine.write_text(MINE.replace("LIMIT", "0.5") + fails)
    said = call("policy", "diff", "default", str(mine))
    assert (said.code, said.out.splitlines()[0].startswith("condition fidelity: ")) == (5, True)
    assert said.err.startswith(f"remark: {mine}: test 'all is known': expected tried")
