"""ROOT files of either kind that uproot writes, and what of them is no table."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escalation.model.errors import BadInput
from problems.prediction.sources.events import root_file
from problems.prediction.sources.events.root_file import read_root

awkward = pytest.importorskip("awkward")
uproot = pytest.importorskip("uproot")

KINDS = {"pt": "float32", "n": "int64", "good": "bool", "p4": ("f8", (2,))}
EVENTS: dict[str, Any] = {
    "pt": np.array([30.5, -999, 12.25], dtype=np.float32),
    "n": np.array([1, 2**60, 2**60 + 1]),
    "good": np.array([True, False, True]),
    "p4": np.array([[1.0, 2], [3, 4], [5, 6]]),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("root")
    jets = awkward.Array([[1.0], [], [2.0, 3.0]])
    with uproot.recreate(folder / "tree.root") as file:
        file.mktree("events", KINDS).extend(EVENTS)
    with uproot.recreate(folder / "ntuple.root") as file:
        file["events"] = EVENTS
    with uproot.recreate(folder / "jets.root") as file:
        file.mktree("events", {"pt": "float32", "jet": "var * float64"}).extend(
            {"pt": EVENTS["pt"], "jet": jets}
        )
        file["other"] = {"pt": EVENTS["pt"], "jet": jets}
    return folder


@pytest.mark.parametrize("name", ["tree.root", "ntuple.root"])
def test_branches_of_one_value_an_event_are_columns(folder: Path, name: str) -> None:
    table = read_root(folder / name, na_values=[-999])
    np.testing.assert_array_equal(table.columns["pt"], [30.5, np.nan, 12.25])
    np.testing.assert_array_equal(table.columns["good"], [1, 0, 1])
    np.testing.assert_array_equal(table.columns["p4[1]"], [2, 4, 6])
    assert table.columns["n"] == ["1", str(2**60), str(2**60 + 1)]  # beyond what float64 holds
    assert table.where[2] == "entry 2"


@pytest.mark.parametrize("tree", ["events", "other"])
def test_a_branch_with_other_numbers_of_values_is_refused_with_how_to_flatten_it(
    folder: Path, tree: str
) -> None:
    with pytest.raises(BadInput, match="branch 'jet'") as error:
        read_root(folder / "jets.root", tree)
    assert 'df.Define("jet_1", "jet.size() > 0 ? jet[0] : -999")' in str(error.value)
    assert read_root(folder / "jets.root", tree, branches=["pt"]).columns.keys() == {"pt"}
    assert "jet" not in read_root(folder / "jets.root", tree, drop=["jet"]).columns


def test_which_tree_is_asked_where_there_are_several(folder: Path) -> None:
    with pytest.raises(BadInput, match="expected one tree, got events and other: name it under `tree`"):
        read_root(folder / "jets.root")
    with pytest.raises(BadInput, match="expected a tree 'Events'"):
        read_root(folder / "jets.root", "Events")
    with pytest.raises(BadInput, match="expected a branch 'PT'"):
        read_root(folder / "tree.root", branches=["PT"])


def test_what_is_no_root_file_is_one_line(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.root").write_bytes((folder / "tree.root").read_bytes()[:400])
    (tmp_path / "b.root").write_text("pt,mass\n1,2\n")
    for name in ("a.root", "b.root"):
        with pytest.raises(BadInput, match="expected a ROOT file") as error:
            read_root(tmp_path / name)
        assert "\n" not in str(error.value)


def test_a_tree_is_refused_by_what_it_says_to_unpack_to(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(root_file, "MOST_VALUES", 14)
    with pytest.raises(BadInput, match="expected at most 14 values, got 3 events of 4 branches"):
        read_root(folder / "tree.root")  # of which one holds two values
    monkeypatch.setattr(root_file, "MOST_VALUES", 15)
    read_root(folder / "tree.root")
