"""Cuts and fixed columns as they are made, and the steps of a proof that say how.

See `mip_cuts` in `problems.optimisation.proofs.model`. Cuts are chosen by efficacy (how deep they
cut x off) and kept from being parallel (Achterberg 2007, Constraint Integer Programming, on cut selection).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array, vstack

from problems.optimisation.engines.bounds.modular_cuts import LEAST, Bits, Sum, rounds_up
from problems.optimisation.forms.mip import FREE, Ints, Mip
from toolbox.arrays.types import Floats

MOST_NEW = 100
"""Cuts that a round adds."""
ALIKE = 0.9
"""Cosine above which the weaker of two cuts is left out: nearly parallel cuts cut off nearly the same."""
_NONE: Ints = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Cut:
    """A row `Σ values · x[columns] ≤ limit`, a part of a sum of rows.

    Attributes:
        divisor: of the sum.
        rows: of the MIP, or later ones by number, with weights: below 0 for lower limits.
        up: columns rounded up.
        columns: of coefficients that are not 0.
        values: the coefficients.
        limit: rounded.
    """

    divisor: int
    rows: list[tuple[int, int]]
    up: list[int]
    columns: Ints
    values: Ints
    limit: int

    def stated(self, number: dict[int, int]) -> dict[str, Any]:
        """As a step of a proof, rows numbered as there."""
        rows = [[number[row], weight] for row, weight in self.rows]
        return {"divisor": self.divisor, "rows": rows, "up": self.up}


@dataclass(frozen=True, eq=False)
class Fixing:
    """Columns shown to be dear.

    Attributes:
        duals: multipliers by row.
        cutoff: the most that answers cost which were still looked for.
        before: the number of the first row that was made later.
    """

    duals: dict[int, int]
    cutoff: int
    before: int


class CutPool:
    """A MIP's rows, and cuts behind them: those in use, and those that they were made of.

    Attributes:
        MIP: as compiled.
        top: limits of the columns as they are now; 0 where fixed.
        active: the cuts in use, by number of row.
    """

    def __init__(self, mip: Mip) -> None:
        self.mip, self.top = mip, mip.top.copy()
        self.active: list[int] = []
        self._cuts: list[Cut] = []
        self._fixings: list[Fixing] = []
        above = np.flatnonzero(mip.upper != FREE)
        below = np.flatnonzero((mip.lower != -FREE) & (mip.lower != mip.upper))
        self._sides = [(row, 1) for row in above.tolist()] + [(row, -1) for row in below.tolist()]
        matrix = mip.matrix
        self._rows = csr_array(vstack([matrix[above], -matrix[below]], format="csr"))
        self._limits = np.concatenate([mip.upper[above], -mip.lower[below]])

    @property
    def made(self) -> int:
        """Cuts, used or not."""
        return len(self._cuts)

    @property
    def fixed(self) -> int:
        """Columns that are fixed at 0."""
        return int((self.top == 0).sum())

    def grown(self) -> Mip:
        """The MIP with the active cuts and the present limits."""
        cuts, limits = self._active()
        return replace(
            self.mip,
            matrix=csr_array(vstack([self.mip.matrix, cuts], format="csr")),
            lower=np.concatenate([self.mip.lower, np.full(len(limits), -FREE)]),
            upper=np.concatenate([self.mip.upper, limits]),
            top=self.top,
        )

    def sides(self) -> tuple[csr_array, Ints]:
        """All rows and active cuts as `A x ≤ b`."""
        cuts, limits = self._active()
        matrix = csr_array(vstack([self._rows, cuts], format="csr"))
        return matrix, np.concatenate([self._limits, limits])

    def keep(self, duals: Ints) -> None:
        """Drops active cuts without a multiplier: the same multipliers prove the same bound without them."""
        rows = self.mip.rows
        used = duals[rows:] != 0
        for number, stays in zip(self.active, used.tolist(), strict=True):
            if not stays:  # how it was made may still be needed, its coefficients are not
                self._cuts[number - rows] = replace(self._cuts[number - rows], columns=_NONE, values=_NONE)
        self.active = [number for number, stays in zip(self.active, used.tolist(), strict=True) if stays]

    def fix(self, duals: Ints, cutoff: int, top: Ints) -> None:
        """Takes lower limits of columns, which multipliers of rows and active cuts show for a cutoff."""
        self._fixings.append(Fixing(self.named(duals), cutoff, self.mip.rows + len(self._cuts)))
        self.top = top

    def add(self, sums: Iterable[Sum], x: Floats) -> int:
        """Makes cuts of sums of sides, and keeps those that x breaks most; returns how many."""
        matrix, limits = self.sides()
        names = self._sides + [(number, 1) for number in self.active]
        up = rounds_up(x, self.top)
        made = [self._divided(matrix, limits, weighted_sum, up, names) for weighted_sum in sums]
        rated = [(self._efficacy(cut, x), cut) for cut in made]
        violated = [pair for pair in rated if pair[0] > 0]
        best = [cut for _, cut in sorted(violated, key=lambda pair: -pair[0])]
        chosen = self._nonparallel(best)
        first = self.mip.rows + len(self._cuts)
        self._cuts += chosen
        self.active += range(first, first + len(chosen))
        return len(chosen)

    def steps(self, used: Iterable[int]) -> tuple[list[dict[str, Any]], dict[int, int]]:
        """The steps that lead to some cuts and to all fixings, and the numbers of rows after them."""
        rows = self.mip.rows
        needed = self._with_parts({*used, *(row for fixing in self._fixings for row in fixing.duals)})
        number = {row: row for row in range(rows)} | {row: rows + k for k, row in enumerate(needed)}
        steps: list[dict[str, Any]] = []
        waiting = list(self._fixings)
        for row in [*needed, rows + len(self._cuts)]:
            # a fixing goes before all cuts made after it: they may round up with the limits that it lowered
            while waiting and waiting[0].before <= row:
                fixing = waiting.pop(0)
                duals = spread(fixing.duals, number, rows + self._count(steps))
                steps.append({"fix": duals, "cutoff": fixing.cutoff})
            if row < rows + len(self._cuts):
                steps.append(self._cuts[row - rows].stated(number))
        return steps, number

    def named(self, duals: Ints) -> dict[int, int]:
        """Multipliers that are not 0, of rows and active cuts, by number of row."""
        names = [*range(self.mip.rows), *self.active]
        return {names[k]: int(duals[k]) for k in np.flatnonzero(duals).tolist()}

    @staticmethod
    def _count(steps: list[dict[str, Any]]) -> int:
        return sum("fix" not in step for step in steps)

    def _active(self) -> tuple[csr_array, Ints]:
        rows = self.mip.rows
        cuts = [self._cuts[number - rows] for number in self.active]
        return _matrix(cuts, self.mip.columns), np.array([cut.limit for cut in cuts], dtype=np.int64)

    def _divided(
        self, matrix: csr_array, limits: Ints, sums: Sum, up: Bits, names: list[tuple[int, int]]
    ) -> Cut:
        # Chvátal-Gomory rounding: 0 ≤ x lets coefficients be rounded down, and integral x then the limit;
        # adding `missing` times x_j ≤ top_j first makes a coefficient a multiple of the divisor: rounded up
        total = np.asarray(sums.weights @ matrix[sums.rows], dtype=np.int64)
        missing = np.where(up, -total % sums.divisor, 0)
        raised = np.flatnonzero(missing)
        part = (total + missing) // sums.divisor
        limit = int(sums.weights @ limits[sums.rows] + missing @ self.top) // sums.divisor
        columns = np.flatnonzero((part != 0) & (self.top > 0))
        pairs = zip(sums.rows.tolist(), sums.weights.tolist(), strict=True)
        rows = [(names[row][0], names[row][1] * weight) for row, weight in pairs]
        return Cut(sums.divisor, rows, raised.tolist(), columns, part[columns], limit)

    @staticmethod
    def _efficacy(cut: Cut, x: Floats) -> float:
        """Euclidean distance of x from the cut's hyperplane on the wrong side; 0 where it hardly is."""
        broken = float(cut.values @ x[cut.columns]) - cut.limit
        length = float(np.linalg.norm(cut.values.astype(np.float64)))
        return broken / length if broken > LEAST and length else 0.0

    def _nonparallel(self, cuts: list[Cut]) -> list[Cut]:
        """Greedily the first cuts whose normals are not nearly parallel to those of earlier ones."""
        matrix = _matrix(cuts, self.mip.columns).astype(np.float64)
        lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
        alike = (matrix @ matrix.T).toarray() > ALIKE * np.outer(lengths, lengths)
        chosen: list[int] = []
        for k in range(len(cuts)):
            if len(chosen) < MOST_NEW and not alike[k, chosen].any():
                chosen.append(k)
        return [cuts[k] for k in chosen]

    def _with_parts(self, numbers: set[int]) -> list[int]:
        """Cuts and all cuts that they were made of, in the order in which they were made."""
        rows = self.mip.rows
        needed = {number for number in numbers if number >= rows}
        # latest first: a cut is made of earlier rows only, so one pass finds all
        for number in range(rows + len(self._cuts) - 1, rows - 1, -1):
            if number in needed:
                needed |= {part for part, _ in self._cuts[number - rows].rows if part >= rows}
        return sorted(needed)


def spread(duals: dict[int, int], number: dict[int, int], rows: int) -> list[int]:
    """Multipliers as a list of one a row, rows numbered anew."""
    every = [0] * rows
    for row, dual in duals.items():
        every[number[row]] = dual
    return every


def _matrix(cuts: list[Cut], columns: int) -> csr_array:
    values = np.concatenate([_NONE, *(cut.values for cut in cuts)])
    places = np.concatenate([_NONE, *(cut.columns for cut in cuts)])
    starts = np.concatenate([[0], np.cumsum([len(cut.columns) for cut in cuts], dtype=np.int64)])
    return csr_array((values, places, starts), shape=(len(cuts), columns))
