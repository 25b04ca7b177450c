"""AnnData files by their format's description, written here by h5py; anndata itself reads and writes in a
trial."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from escalation.model.errors import BadInput
from problems.prediction.sources.omics.h5ad import read_h5ad

h5py = pytest.importorskip("h5py")

VALUES = np.array([[0.0, 1.0, 2.0], [0.0, 0.0, 3.5], [4.0, 0.0, 0.0], [0.0, 5.0, 0.0]])
# https://anndata.readthedocs.io/en/latest/fileformat-prose.html
FRAME = {"encoding-type": "dataframe", "encoding-version": "0.2.0", "_index": "_index"}


def _write(path: Path, kind: str = "array") -> Path:
    with h5py.File(path, "w") as file:
        _matrix(file, "X", VALUES, kind)
        _matrix(file.create_group("layers"), "doubled", 2 * VALUES, "array")
        raw = file.create_group("raw")
        _matrix(raw, "X", 3 * VALUES[:, :2], "array")
        _frame(raw, "var", ["g1", "g2"])
        _frame(file, "var", ["g1", "g2", "g3"])
        obs = _frame(file, "obs", ["c1", "c2", "c3", "c4"], ("kind", "age", "ok", "note", "odd"))
        kind_of = obs.create_group("kind")
        kind_of.attrs["encoding-type"] = "categorical"
        kind_of["categories"] = ["B cell", "T cell"]
        kind_of["codes"] = np.array([1, 0, -1, 1], dtype=np.int8)
        obs["age"] = np.array([36.6, 40, 50, 60], dtype=np.float32)
        ok = obs.create_group("ok")
        ok.attrs["encoding-type"] = "nullable-boolean"
        ok["values"], ok["mask"] = np.array([True, False, True, True]), np.array([False, False, True, False])
        obs["note"] = ["a", "", "c", "d"]
        obs.create_group("odd").attrs["encoding-type"] = "awkward-array"
    return path


def _frame(parent: Any, name: str, names: list[str], order: tuple[str, ...] = ()) -> Any:
    frame = parent.create_group(name)
    frame.attrs.update(FRAME)
    frame.attrs["column-order"] = np.array(order, dtype=h5py.string_dtype())
    frame["_index"] = names
    return frame


def _matrix(parent: Any, name: str, values: Any, kind: str) -> None:
    if kind == "array":
        parent[name] = values
        return
    found = sparse.csr_array(values) if kind == "csr_matrix" else sparse.csc_array(values)
    group = parent.create_group(name)
    group.attrs.update({"encoding-type": kind, "encoding-version": "0.1.0", "shape": values.shape})
    for part in ("data", "indices", "indptr"):
        group[part] = getattr(found, part)


@pytest.mark.parametrize("kind", ["array", "csr_matrix", "csc_matrix"])
def test_dense_and_sparse_values_are_the_same(tmp_path: Path, kind: str) -> None:
    found = read_h5ad(_write(tmp_path / "cells.h5ad", kind), None)
    assert np.array_equal(found.values, VALUES)
    assert (found.samples, found.features) == (("c1", "c2", "c3", "c4"), ("g1", "g2", "g3"))


def test_columns_of_obs_are_read_by_what_they_say_they_are(tmp_path: Path) -> None:
    found = read_h5ad(_write(tmp_path / "cells.h5ad"), None)
    age = found.about["age"]
    assert isinstance(age, np.ndarray)
    assert age.tolist() == [36.6, 40, 50, 60]  # not 36.59999847
    assert {name: found.about[name] for name in ("kind", "ok", "note")} == {
        "kind": ["T cell", "B cell", None, "T cell"],
        "ok": ["true", "false", None, "true"],
        "note": ["a", None, "c", "d"],
    }
    assert found.remarks == ("cells.h5ad: odd of obs left out: of a kind that is not read",)


def test_a_layer_or_the_raw_values_can_be_named(tmp_path: Path) -> None:
    path = _write(tmp_path / "cells.h5ad")
    assert np.array_equal(read_h5ad(path, "doubled").values, 2 * VALUES)
    raw = read_h5ad(path, "raw")
    assert np.array_equal(raw.values, 3 * VALUES[:, :2])
    assert raw.features == ("g1", "g2")
    with pytest.raises(BadInput, match="got none of that name of doubled and raw"):
        read_h5ad(path, "counts")


def _outside(file: Any) -> None:
    del file["X"]
    file["X"] = h5py.ExternalLink("other.h5", "/X")


def _elsewhere(file: Any) -> None:
    del file["X"]
    file.create_dataset("X", VALUES.shape, "f8", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)])


def _bomb(file: Any) -> None:
    del file["X"]
    file.create_dataset("X", (10**6, 10**6), "f8", chunks=(1000, 1000), compression="gzip")


def _short(file: Any) -> None:
    del file["X"]
    file["X"] = VALUES[:3]


def _wild(file: Any) -> None:
    del file["X"]
    _matrix(file, "X", VALUES, "csr_matrix")
    file["X/indices"][0] = 1000


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_outside, "expected 'X' in the file itself, got a link"),
        (_elsewhere, "expected 'X' in the file itself, got a reference to another file"),
        (_bomb, "expected at most 300,000,000 values in 'X'"),
        (_short, "expected 4 x 3 values as obs and var have rows, got 3 x 3"),
        (_wild, "cannot be read"),
        (lambda file: file.pop("obs"), "expected an AnnData file with 'obs'"),
    ],
)
def test_a_file_that_lies_or_points_elsewhere_is_one_line(tmp_path: Path, change: Any, expected: str) -> None:
    path = _write(tmp_path / "cells.h5ad")
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(BadInput, match=expected) as refusal:
        read_h5ad(path, None)
    assert "\n" not in str(refusal.value)


def test_what_is_no_hdf5_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.h5ad").write_bytes(b"no such thing" * 100)
    with pytest.raises(BadInput, match="expected an AnnData file"):
        read_h5ad(tmp_path / "x.h5ad", None)


@pytest.mark.trial
@pytest.mark.parametrize("made", [np.asarray, sparse.csr_matrix, sparse.csc_matrix])
def test_anndata_writes_what_is_read(tmp_path: Path, made: Any) -> None:
    anndata = pytest.importorskip("anndata")
    import pandas as pd

    # as objects: anndata 0.12 cannot write pandas 3's own texts
    names = [pd.Index([f"{letter}{k}" for k in (1, 2, 3, 4)], dtype=object) for letter in "cg"]
    obs = pd.DataFrame(
        {
            "kind": pd.Categorical(pd.Series(["b", "a", None, "b"], dtype=object)),
            "age": [1.5, 2.0, np.nan, 4.0],
            "many": pd.array([1, None, 3, 4], dtype="Int64"),
            "text": np.array(["x", "y", "z", "w"], dtype=object),
        },
        index=names[0],
    ).astype({"text": object})
    var = pd.DataFrame(index=names[1][:3])
    data = anndata.AnnData(made(VALUES), obs=obs, var=var)
    data.layers["doubled"] = made(2 * VALUES)
    data.write_h5ad(tmp_path / "a.h5ad", compression="gzip")
    found = read_h5ad(tmp_path / "a.h5ad", None)
    assert np.array_equal(found.values, VALUES)
    assert np.array_equal(read_h5ad(tmp_path / "a.h5ad", "doubled").values, 2 * VALUES)
    assert (found.samples, found.features) == (tuple(data.obs_names), tuple(data.var_names))
    assert found.about["kind"] == ["b", "a", None, "b"]
    assert found.about["text"] == ["x", "y", "z", "w"]
    assert np.array_equal(np.asarray(found.about["age"], float), [1.5, 2, np.nan, 4], equal_nan=True)
    assert np.array_equal(np.asarray(found.about["many"], float), [1, np.nan, 3, 4], equal_nan=True)
