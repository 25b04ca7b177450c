"""Whether anything of the sealed rows could have reached a model: looked up in the instance, not believed."""

from typing import TYPE_CHECKING, Any

import numpy as np

from problems.prediction.tables.equal_rows import alike_by_chance

if TYPE_CHECKING:
    from problems.prediction.tables.instance import TableInstance

DIGEST_BYTES = 32


def split_faults(instance: "TableInstance") -> list[str]:
    """Returns what is wrong with the split itself; empty where nothing is.

    Open and sealed rows must share no position, no group, and no values of all features (a duplicate), unless
    they are of different declared groups and alike by chance; and where rows have a time, every sealed one
    must come after every open one.
    """
    opened, sealed = instance.frame.iloc[instance.open_index], instance.frame.iloc[instance.sealed_index]
    both = len(np.intersect1d(instance.open_index, instance.sealed_index))
    faults = [f"leak: {both} rows are both open and kept aside"] if both else []
    copied = _copied(instance)
    if copied:
        faults.append(
            f"duplicates across the split: {copied} rows kept aside have the features of an open row"
        )
    groups = sorted(set(sealed["__group__"]) & set(opened["__group__"]))
    if groups:
        faults.append(f"group leak: {len(groups)} groups are on both sides of the split, {groups[0]!r} first")
    return faults + _time_faults(opened, sealed)


def _time_faults(opened: Any, sealed: Any) -> list[str]:
    if "__time__" not in opened.columns or not len(opened) or not len(sealed):
        return []
    last, first = opened["__time__"].max(), sealed["__time__"].min()
    if last < first:
        return []
    return [f"time leak: open rows reach {last}, but the rows kept aside begin at {first}"]


def _copied(instance: "TableInstance") -> int:
    """How many sealed rows are copies of open ones; -0 counts as 0."""
    from pandas.util import hash_pandas_object

    features = instance.frame[[column.name for column in instance.columns]].copy()
    for column in instance.columns:
        if column.kind == "number":
            features[column.name] = features[column.name].astype(np.float64) + 0.0
    same = np.unique(hash_pandas_object(features, index=False).to_numpy(), return_inverse=True)[1]
    across = np.isin(same[instance.sealed_index], same[instance.open_index])
    if instance.grouped and across.any():
        groups = np.unique(instance.frame["__group__"].astype(str), return_inverse=True)[1]
        across &= ~alike_by_chance(features, same, groups)[instance.sealed_index]
    return int(across.sum())


def training_faults(instance: "TableInstance", train_rows: bytes) -> list[str]:
    """Returns what is wrong with the rows that a candidate says it was trained on.

    Args:
        instance: with its sealed rows.
        train_rows: raw SHA-256 digests of rows, one after the other.
    """
    if not train_rows or len(train_rows) % DIGEST_BYTES:
        return [f"train_rows: expected digests of {DIGEST_BYTES} bytes each, got {len(train_rows)} bytes"]
    starts = range(0, len(train_rows), DIGEST_BYTES)
    named = {train_rows[start : start + DIGEST_BYTES] for start in starts}
    opened = _digests(instance, instance.open_index)
    sealed = named & _digests(instance, instance.sealed_index)
    unknown = named - opened - sealed
    faults = [f"train on test: {len(sealed)} rows kept aside are among the training rows"] if sealed else []
    if unknown:
        faults.append(f"digest mismatch: {len(unknown)} training rows are no open rows of this instance")
    return faults


def _digests(instance: "TableInstance", index: Any) -> set[bytes]:
    return {bytes.fromhex(row) for row in instance.frame["__row__"].iloc[index]}
