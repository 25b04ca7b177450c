"""`tierwise predict` as files for other programs."""

import csv
import io

from cli.predict import _csv
from escalation.ports.applying import SaidOfRow


def test_a_file_of_predictions_holds_no_formula_and_every_digit() -> None:
    row = SaidOfRow("line 2", {"class": "=cmd()", "value": -12344656.979}, ("=A1 is high",), ("@x is 3",))
    header, cells = csv.reader(io.StringIO(_csv([row]).decode()))
    assert header == ["row", "class", "value", "unlike", "because"]
    assert cells == ["line 2", "'=cmd()", "-12344656.979", "'@x is 3", "'=A1 is high"]
