"""Which features are kept before any model sees them: told by their own values, never by an outcome.

A screen looks at all samples of the table, those kept aside too, and at no outcome: selection that does not
look at labels gives a test of these labels no advantage (Bourgon, Gentleman and Huber 2010, PNAS 107:9546;
Hastie, Tibshirani and Friedman 2009, §7.10.2). What looks at outcomes stays in the folds of the open rows,
and is the tiers' work.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from escalation.model.errors import BadInput
from escalation.text.wording import counted
from problems.prediction.sources.omics.measured import Matrix
from toolbox.arrays.types import Index

PART = 2048
"""Columns that are looked at together, to bound memory."""


@dataclass(frozen=True)
class Screens:
    """What a feature must be to be kept.

    Attributes:
        most_missing: share of samples without a value, at most.
        least_allele_frequency: of the rarer allele, at least; of genotypes alone.
        most_features: of a file; those that vary most, None for all.
    """

    most_missing: float
    least_allele_frequency: float
    most_features: int | None


def screened(found: Matrix, screens: Screens) -> Matrix:
    """Leaves out what is mostly missing, does not vary, or is too rare, and then what varies least.

    Raises:
        BadInput: where nothing is left.
    """
    missing, means, spread = _columns(found)
    full = missing <= screens.most_missing
    varies = full & (spread > 0)
    frequent = varies
    if found.genotypes:
        with np.errstate(invalid="ignore"):
            rarer = np.minimum(means / 2, 1 - means / 2)
        frequent = varies & (rarer >= screens.least_allele_frequency)
    kept = np.flatnonzero(frequent)
    left = [
        (int(np.sum(~full)), f"missing in more than {screens.most_missing:.0%} of the samples"),
        (int(np.sum(full & ~varies)), "the same in all samples"),
        (int(np.sum(varies & ~frequent)), f"of an allele rarer than {screens.least_allele_frequency:g}"),
    ]
    if screens.most_features is not None and len(kept) > screens.most_features:
        left.append(
            (len(kept) - screens.most_features, f"not among the {screens.most_features} that vary most")
        )
        kept = _most_variable(kept, spread, screens.most_features)
    if not len(kept):
        raise BadInput(f"{found.name}: expected features to keep, got none: {_said(left)}")
    said = _said(left)
    of = counted(len(found.features), "feature", "features")
    return found.only(
        kept, *([f"{found.name}: of {of}, {said}: left out, no outcome was looked at"] if said else [])
    )


def _most_variable(kept: Index, spread: NDArray[np.float64], most: int) -> Index:
    """In the order of the file; of equal ones the first."""
    return np.sort(kept[np.argsort(-spread[kept], kind="stable")[:most]])


def _said(left: list[tuple[int, str]]) -> str:
    return ", ".join(f"{count} {what}" for count, what in left if count)


def _columns(found: Matrix) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Share missing, mean and variance of the present values of each column, each of shape (features,)."""
    parts = [_part(found.values[:, start : start + PART]) for start in range(0, len(found.features), PART)]
    missing, means, spread = (np.concatenate(each) for each in zip(*parts, strict=True))
    return missing, means, spread


def _part(values: NDArray[np.generic]) -> tuple[NDArray[np.float64], ...]:
    numbers = np.array(values, dtype=np.float64)
    if values.dtype == np.int8:
        numbers[numbers < 0] = np.nan
    known = ~np.isnan(numbers)
    count = known.sum(axis=0)
    filled = np.where(known, numbers, 0.0)
    means = filled.sum(axis=0) / np.maximum(count, 1)
    spread = (np.where(known, numbers - means, 0.0) ** 2).sum(axis=0) / np.maximum(count - 1, 1)
    # a constant that is no binary fraction has a variance of rounding
    same = np.where(known, numbers, np.inf).min(axis=0) == np.where(known, numbers, -np.inf).max(axis=0)
    return 1 - count / len(numbers), means, np.where(same, 0.0, spread)
