"""A tree (TTree or RNTuple) of a ROOT file as raw columns: one number an event and branch, or a fixed few."""

import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from escalation.inputs.user_files import MOST_BYTES
from escalation.model.errors import BadInput, first_line
from escalation.model.identity import digest_bytes
from escalation.text.nearest import did_you_mean
from escalation.text.wording import listed
from toolbox.tables.arrow import EXACT
from toolbox.tables.missing import Missing
from toolbox.tables.optional import needed
from toolbox.tables.raw import Numbers, RawTable, Texts
from toolbox.tables.raw_files import Value
from toolbox.tables.text_file import read_bytes

ROOT = b"root"
MOST_FIXED = 64
"""Numbers of a branch of fixed length that become columns of their own."""
MOST_VALUES = 500_000_000
KINDS = ("TTree", "ROOT::RNTuple")
_SCALAR = r"(bool|char|float|double|(std::)?u?int\d*(_t)?|short|long|unsignedint)"
_FLAT = re.compile(rf"{_SCALAR}|std::string|std::array<{_SCALAR},[1-6]?\d>")


def read_root(
    path: Path,
    tree: str | None = None,
    branches: Sequence[str] = (),
    drop: Iterable[str] = (),
    na_values: Sequence[Value] = (),
) -> RawTable:
    """Reads a tree.

    Args:
        path: of the file.
        tree: its name; may be left out where there is one.
        branches: those that are read; all by default.
        drop: branches that need not be readable.
        na_values: what means a missing value besides NaN.

    Raises:
        BadInput: naming file and branch, when it is no ROOT file, has no such tree or branch, or a branch has
            a different number of values an event.
    """
    data = read_bytes(path, MOST_BYTES)
    if not data.startswith(ROOT):
        raise BadInput(f"{path}: expected a ROOT file, got something else")
    uproot = needed("uproot", "ROOT files", "events")
    try:
        with uproot.open(io.BytesIO(data)) as file:
            found = _tree(path, file, tree)
            names = _branches(path, found, branches, set(drop))
            _refuse_large(path, int(found.num_entries), [found[name] for name in names])
            arrays = {name: found[name].array(library="np") for name in names}
            entries = int(found.num_entries)
    except BadInput:
        raise
    except Exception as error:  # of what is cut off or packed in an unknown way, each its own
        raise BadInput(
            f"{path}: expected a ROOT file, got one that cannot be read: {first_line(error)}"
        ) from None
    if not entries:
        raise BadInput(f"{path}: expected events, got an empty tree")
    missing = Missing(named=na_values)
    columns = {
        name: each for branch, array in arrays.items() for name, each in _columns(branch, array, missing)
    }
    where = tuple(f"entry {row}" for row in range(entries))
    source = {"root": path.name, "tree": str(found.name), "sha256": digest_bytes(data)}
    return RawTable(columns, where, source, remarks=missing.remarks)


def _refuse_large(path: Path, entries: int, branches: Sequence[Any]) -> None:
    """Refuses what the file says it unpacks to, before it does."""
    shapes = [getattr(getattr(each, "interpretation", None), "inner_shape", None) for each in branches]
    values = entries * sum(int(np.prod(shape or 1)) for shape in shapes)
    if values > MOST_VALUES:
        raise BadInput(
            f"{path}: expected at most {MOST_VALUES:,} values, got {entries:,} events of {len(branches)} "
            "branches: name fewer under `branches`, or give fewer events"
        )


def _tree(path: Path, file: Any, name: str | None) -> Any:
    kinds = {key.rpartition(";")[0]: kind for key, kind in file.classnames().items()}
    trees = sorted(each for each, kind in kinds.items() if kind in KINDS)
    if name is None and len(trees) == 1:
        return file[trees[0]]
    if name in trees:
        return file[name]
    got = listed(trees) or "none"
    if name is None:
        raise BadInput(f"{path}: expected one tree, got {got}: name it under `tree`")
    raise BadInput(f"{path}: expected a tree {name!r}, got {got}{did_you_mean(name, trees)}")


def _branches(path: Path, tree: Any, asked: Sequence[str], drop: set[str]) -> list[str]:
    """The branches to read; those in `drop` alone may be of any kind, and are left out then."""
    known = list(tree.keys(recursive=False))
    for name in asked:
        if name not in known:
            raise BadInput(
                f"{path}: expected a branch {name!r}, got {listed(known)}{did_you_mean(name, known)}"
            )
    names = list(asked) or known
    jagged = [name for name in names if name not in drop and not _flat(tree[name])]
    if jagged:
        first = jagged[0]
        more = f" (and {len(jagged) - 1} more: {listed(jagged[1:])})" if jagged[1:] else ""
        raise BadInput(
            f"{path}: branch {first!r}{more}: expected one value an event, got a different number in each: "
            f'write the leading ones as branches (ROOT: df.Define("{first}_1", "{first}.size() > 0 ? '
            f'{first}[0] : -999")), or name others under `branches`',
            mends={"drop": jagged},
        )
    return [name for name in names if _flat(tree[name])]


def _flat(branch: Any) -> bool:
    """Whether every event has one value, or as many as every other; of an RNTuple its type in C++ says so."""
    kind = getattr(branch, "interpretation", None)
    if kind is None:
        return bool(_FLAT.fullmatch(branch.typename.replace(" ", "")))
    if type(kind).__name__ == "AsStrings":
        return True
    return (
        type(kind).__name__ == "AsDtype"
        and kind.to_dtype.fields is None
        and int(np.prod(kind.inner_shape or 1)) <= MOST_FIXED
    )


def _columns(branch: str, array: Any, missing: Missing) -> Iterable[tuple[str, Texts | Numbers]]:
    """A column, or of a branch of fixed length one for each of its numbers: `p4[0]`, `p4[1]`."""
    if array.ndim == 1:
        return [(branch, _column(array, missing))]
    places = np.ndindex(*array.shape[1:])
    return [
        (f"{branch}[{','.join(map(str, at))}]", _column(array[(slice(None), *at)], missing)) for at in places
    ]


def _column(array: Any, missing: Missing) -> Texts | Numbers:
    if array.dtype.kind in "iu" and len(array) and max(-int(array.min()), int(array.max())) > EXACT:
        return [None if missing(str(value)) else str(value) for value in array]
    if array.dtype.kind in "biuf":
        numbers = np.asarray(array, dtype=np.float64)
        return np.where(missing.among(numbers), np.nan, numbers)
    return [None if not str(value) or missing(str(value)) else str(value) for value in array]
