"""From the units a matrix is in to those in which genes and proteins are compared: logarithms, row by row."""

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from escalation.model.errors import BadInput
from problems.prediction.sources.omics.measured import Matrix

Units = Literal["log", "counts", "intensities", "scores"]
UNITS: tuple[Units, ...] = ("log", "counts", "intensities", "scores")
UNUSUAL = 100.0
"""As a logarithm: whatever its base, nobody measured so much."""
MEANT = (
    "`log` (on a logarithmic scale already), `counts` (of reads: become log2 of counts per million, plus 1), "
    "`intensities` (become log2, plus 1) or `scores` (taken as they are: methylation, codes)"
)


def in_logarithms(found: Matrix, units: Units) -> Matrix:
    """Returns the values on the scale on which they are compared; nothing is fitted over samples.

    Counts become log2(1e6 count / total + 1), each sample by its own total (so that depth does not count);
    intensities log2(x + 1).

    Raises:
        BadInput: on a negative value where there can be none, on counts that are not whole, on a sample
            without any.
    """
    values = np.asarray(found.values, dtype=np.float64)
    _refuse(found, np.isinf(values), "values are finite")
    if units == "log" and (most := float(np.nanmax(values, initial=0.0))) > UNUSUAL:
        said = f"{found.name}: reaches {most:,.0f}, unusual for logarithms: are these counts or intensities?"
        return replace(found, remarks=(*found.remarks, said))
    if units in ("log", "scores"):
        return found
    _refuse(found, values < 0, f"`units: {units}` are not negative")
    if units == "intensities":
        return _with(found, np.log2(values + 1), "log2(x + 1) of the intensities")
    _refuse(found, values % 1 != 0, "`units: counts` are whole numbers")
    totals = np.nansum(values, axis=1, keepdims=True)
    # of whom this omics lacks nothing is known, which is no sample without counts
    empty = np.flatnonzero((totals[:, 0] == 0) & ~np.isnan(values).all(axis=1))
    if len(empty):
        raise BadInput(f"{found.name}: sample {found.samples[empty[0]]!r} has no counts: leave it out")
    totals[totals == 0] = np.nan
    return _with(
        found,
        np.log2(values * 1e6 / totals + 1),
        "log2(counts per million + 1), each sample by its own total",
    )


def _refuse(found: Matrix, wrong: NDArray[np.bool_], why: str) -> None:
    wrong = wrong & ~np.isnan(found.values)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise BadInput(
            f"{found.name}, sample {found.samples[row]!r}, feature {found.features[column]!r}: {why}, got "
            f"{found.values[row, column]:g}: `units` is one of {MEANT}"
        )


def _with(found: Matrix, values: NDArray[np.float64], said: str) -> Matrix:
    return replace(found, values=values, remarks=(*found.remarks, f"{found.name}: values are {said}"))
