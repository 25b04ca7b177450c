"""Events in one file, or signal and background in two."""

from pathlib import Path

import numpy as np
import pytest

from escalation.model.errors import BadInput
from problems.prediction.sources.events.reading import read
from problems.prediction.sources.events.spec import parse


def test_signal_and_background_of_two_files_stand_below_each_other(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("pt,mass\n30,125\n40,124\n")
    (tmp_path / "b.csv").write_text("mass,pt\n91,20\n")
    table, columns = read(parse({"signal": "s.csv", "background": "b.csv"}), tmp_path, 1)
    assert table.columns["kind"] == ["signal", "signal", "background"]
    assert table.columns["mass"] == ["125", "124", "91"]
    assert (columns.target, columns.positive) == ("kind", "signal")
    assert table.where[2] == "b.csv, line 2"
    assert np.all([len(values) == 3 for values in table.columns.values()])


def test_files_with_other_columns_are_refused(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("pt,mass\n30,125\n")
    (tmp_path / "b.csv").write_text("pt\n20\n")
    with pytest.raises(BadInput, match=r"b\.csv: expected the columns of s\.csv, got a table without mass"):
        read(parse({"signal": "s.csv", "background": "b.csv"}), tmp_path, 1)


@pytest.mark.parametrize(
    ("instance", "said"),
    [
        ({"events": "e.csv"}, "target: expected the column"),
        ({"signal": "s.csv"}, "background: expected the path"),
        ({"signal": "s.csv", "background": "b.csv", "target": "x"}, "target would have no effect"),
        ({"events": "e.csv", "target": "x", "tree": "t"}, "tree would have no effect"),
        ({"events": "e.root", "target": "x", "background": "b.root"}, "background would have no effect"),
    ],
)
def test_fields_that_do_not_go_together_are_refused(instance: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput) as error:
        parse(instance)
    assert said in str(error.value)
