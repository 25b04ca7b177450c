"""AnnData files (.h5ad) by h5py alone: X or a layer, dense or sparse, with `obs` and the names of `var`.

The layout is that of anndata's on-disk format (https://anndata.readthedocs.io/en/latest/fileformat-prose.html)
since 0.7: groups and arrays that say by `encoding-type` what they are.
"""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from escalation.model.errors import BadInput, first_line
from escalation.model.identity import digest_bytes
from escalation.text.wording import listed
from problems.prediction.sources.omics.measured import MOST_CELLS, Matrix, distinct, not_too_large
from toolbox.tables.raw import Numbers, Texts
from toolbox.tables.text_file import read_bytes

if TYPE_CHECKING:
    import h5py

PACKAGE = "h5py"
GET = ".venv/bin/uv pip install --group omics"
RAW = "raw"
"""The layer that stands for `raw/X`, with the names of `raw/var`."""


def read_h5ad(path: Path, layer: str | None) -> Matrix:
    """Reads one matrix of an AnnData file, cells or samples in rows.

    Args:
        path: of the file.
        layer: name of a layer, or `raw`; None for X.

    Raises:
        BadInput: when it is no HDF5, no AnnData, has no such layer, or refers to data outside of it.
    """
    try:
        import h5py
    except ImportError:
        raise BadInput(f"{path}: reading .h5ad needs h5py: {GET}") from None
    data = read_bytes(path)
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            return _read(path, file, layer, digest_bytes(data))
    except BadInput:
        raise
    except Exception as error:  # of what is cut off or of another layout, each its own
        raise BadInput(
            f"{path}: expected an AnnData file (.h5ad), got one that cannot be read: "
            f"{first_line(error, typed=False)}"
        ) from None


def _read(path: Path, file: "h5py.File", layer: str | None, sha256: str) -> Matrix:
    for name in ("obs", "var"):
        if not isinstance(file.get(name), _group()):
            raise BadInput(
                f"{path}: expected an AnnData file with {name!r}, got "
                f"{listed(sorted(file)) or 'an empty one'}"
                + (": it is of a version before 0.7, write it anew with anndata" if name in file else "")
            )
    samples = _texts(path, _inside(path, file["obs"], _index_name(file["obs"])))
    where, names = _matrix(path, file, layer)
    features = _texts(path, _inside(path, names, _index_name(names)))
    distinct(path, samples, "row of obs")
    distinct(path, features, "row of var")
    not_too_large(path, len(samples), len(features))
    values = _values(path, where)
    if values.shape != (len(samples), len(features)):
        raise BadInput(
            f"{path}: expected {len(samples)} x {len(features)} values as obs and var have rows, got "
            f"{' x '.join(map(str, values.shape))}"
        )
    about, remarks = _about(path, file["obs"], len(samples))
    return Matrix(path.stem, samples, features, values, {path.name: sha256}, about, remarks)


def _group() -> Any:
    import h5py

    return h5py.Group


def _matrix(path: Path, file: "h5py.File", layer: str | None) -> tuple[Any, Any]:
    """What holds the values, and what the names of their columns."""
    if layer is None:
        if "X" not in file:
            raise BadInput(f"{path}: expected values X, got none: name a layer{_layers(file)}")
        return _inside(path, file, "X"), _inside(path, file, "var")
    if layer == RAW and "raw" in file:
        return _inside(path, file["raw"], "X"), _inside(path, file["raw"], "var")
    if layer not in file.get("layers", {}):
        raise BadInput(f"{path}: expected the layer {layer!r}, got none of that name{_layers(file)}")
    return _inside(path, file["layers"], layer), _inside(path, file, "var")


def _layers(file: "h5py.File") -> str:
    known = [*file.get("layers", {}), *((RAW,) if "raw" in file else ())]
    return f" of {listed(known)}" if known else " (it has none)"


def _inside(path: Path, parent: Any, name: str) -> Any:
    """A group or array that lies in this file: one may refer to any other file of the machine."""
    import h5py

    if not isinstance(parent.get(name, getlink=True), h5py.HardLink):
        raise BadInput(f"{path}: expected {name!r} in the file itself, got a link")
    found = parent[name]
    if isinstance(found, h5py.Dataset):
        if found.external or found.is_virtual:
            raise BadInput(f"{path}: expected {name!r} in the file itself, got a reference to another file")
        if found.size is not None and max(found.size, found.nbytes // 8) > MOST_CELLS:
            raise BadInput(f"{path}: expected at most {MOST_CELLS:,} values in {name!r}, got {found.size:,}")
    return found


def _values(path: Path, found: Any) -> NDArray[np.float64]:
    from scipy import sparse

    kind = found.attrs.get("encoding-type", "array")
    if not isinstance(found, _group()):
        return np.asarray(found[()], dtype=np.float64)
    if kind not in ("csr_matrix", "csc_matrix"):
        raise BadInput(f"{path}: expected values as an array, csr_matrix or csc_matrix, got {kind!r}")
    made = sparse.csr_array if kind == "csr_matrix" else sparse.csc_array
    parts = tuple(_inside(path, found, name)[()] for name in ("data", "indices", "indptr"))
    rows, columns = (int(size) for size in found.attrs["shape"])
    shape = (rows, columns)
    if shape[0] * shape[1] > MOST_CELLS:
        not_too_large(path, *shape)
    matrix = made(parts, shape=shape)
    matrix.check_format(full_check=True)
    return np.asarray(matrix.toarray(), dtype=np.float64)


def _index_name(frame: Any) -> str:
    return str(frame.attrs["_index"])


def _about(path: Path, frame: Any, rows: int) -> tuple[dict[str, Texts | Numbers], tuple[str, ...]]:
    about: dict[str, Texts | Numbers] = {}
    left = []
    for name in map(str, frame.attrs.get("column-order", ())):
        column = _column(path, _inside(path, frame, name))
        if column is None or len(column) != rows:
            left.append(name)
        else:
            about[normalize("NFC", name).strip()] = column
    return about, (
        f"{path.name}: {listed(left)} of obs left out: of a kind that is not read",
    ) if left else ()


def _column(path: Path, found: Any) -> Texts | Numbers | None:
    """A column of `obs`: numbers, flags and texts, each also with missing values; None for any other kind."""
    kind = str(found.attrs.get("encoding-type", "array"))
    if kind == "categorical":
        levels = _texts(path, _inside(path, found, "categories"))
        return [levels[code] if code >= 0 else None for code in _inside(path, found, "codes")[()].tolist()]
    if kind.startswith("nullable-"):
        values = _plain(_inside(path, found, "values")[()])
        return _masked(values, _inside(path, found, "mask")[()].astype(bool))
    if kind in ("array", "string-array") and not isinstance(found, _group()) and found.ndim == 1:
        return _plain(found[()])
    return None


def _masked(values: Texts | Numbers | None, mask: NDArray[np.bool_]) -> Texts | Numbers | None:
    if isinstance(values, np.ndarray):
        return np.where(mask, np.nan, values)
    return values and [None if gone else value for value, gone in zip(values, mask.tolist(), strict=True)]


def _plain(values: NDArray[Any]) -> Texts | Numbers | None:
    if values.dtype.kind == "b":
        return ["true" if value else "false" for value in values.tolist()]
    if values.dtype.kind in "iuf":
        # a short float stands for its shortest decimal, as in tables
        return (
            values.astype("U") if values.dtype.itemsize < 8 and values.dtype.kind == "f" else values
        ).astype(np.float64)
    if values.dtype.kind in "OSU":
        return [_decoded(value) or None for value in values.tolist()]
    return None


def _texts(path: Path, found: Any) -> tuple[str, ...]:
    if isinstance(found, _group()):  # a nullable-string-array, as anndata writes pandas' new strings
        found = _inside(path, found, "values")
    return tuple(_decoded(value) for value in np.asarray(found[()]).tolist())


def _decoded(value: Any) -> str:
    text = value.decode("utf-8") if isinstance(value, bytes) else str(value)
    return normalize("NFC", text).strip()
