"""The exit codes that docs/reference/command-line.md lists are those that there are."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.solve import EXIT
from escalation.inputs.settings import ROOT
from tests.cli.conftest import Said

PAGE = ROOT / "docs" / "reference" / "command-line.md"
TOY = """\
family: toy
instance: {numbers: [3, 1, 9]}
target: {metric: number, at_least: LIMIT}
data_class: public
"""


def listed() -> dict[int, str]:
    """Code and meaning of each row of the page's table."""
    text = PAGE.read_text(encoding="utf-8").partition("## Exit codes")[2].partition("\n## ")[0]
    return {int(code): meaning for code, meaning in re.findall(r"^\| (\d+) \| (.+) \|$", text, re.MULTILINE)}


def test_every_end_of_a_case_is_listed_with_its_code() -> None:
    assert set(listed()) == {0, 1, 2, 130, *EXIT.values()}
    for status, code in EXIT.items():
        assert str(status) in listed()[code]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(("limit", "code"), [("9", 0), ("10", 3), ("nine", 2)])
def test_a_run_ends_with_the_code_that_is_listed(
    call: Callable[..., Said], tmp_path: Path, limit: str, code: int
) -> None:
    (tmp_path / "toy.yaml").write_text(TOY.replace("LIMIT", limit))
    said = call("solve", str(tmp_path / "toy.yaml"), "--engine", "plain", "--json")
    assert said.code == code
    assert said.out.count("\n") == (0 if code == 2 else 1)
    assert said.err.count("\n") == (1 if code == 2 else 0)
