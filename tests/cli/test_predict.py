"""`tierwise predict` as files for other programs."""

import csv
import io

import pytest

from cli.predict import _csv, _show
from escalation.ports.applying import Applied, SaidOfRow


def test_a_file_of_predictions_holds_no_formula_and_every_digit() -> None:
    row = SaidOfRow("line 2", {"class": "=cmd()", "value": -12344656.979}, ("=A1 is high",), ("@x is 3",))
    header, cells = csv.reader(io.StringIO(_csv([row]).decode()))
    assert header == ["row", "class", "value", "unlike", "because"]
    assert cells == ["line 2", "'=cmd()", "-12344656.979", "'@x is 3", "'=A1 is high"]


def test_a_screen_has_the_likeliest_of_several_classes_alone(capsys: pytest.CaptureFixture[str]) -> None:
    every = {f"probability of {name}": 0.25 for name in "abcd"}
    row = SaidOfRow("line 2", {"class": "b", "probability": 0.4, **every, "set (90 %)": "b or c"})
    _show(Applied((row,), aside=tuple(every)))
    said = capsys.readouterr().out.splitlines()
    assert said[0].split()[:3] == ["row", "class", "probability"]
    assert "probability of a" not in said[0]
    assert "b or c" in said[1]
    assert said[2] == "--out FILE.csv and --json have the probability of a and 3 more as well"
    assert "probability of d" in _csv([row]).decode()
