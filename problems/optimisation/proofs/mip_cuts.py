"""Cutting planes that carry their own proof, and columns that only dear answers use, in exact arithmetic.

Rows of a MIP added up give a row; divided, with coefficients and limit rounded down, it still
holds for all whole x ≥ 0 (Gomory 1958, Bull. Am. Math. Soc. 64, 275; Chvátal 1973, Discrete Math. 4, 305).
Where a bound and a column's reduced cost come to more than a cutoff, no answer within the cutoff uses the
column (Dantzig, Fulkerson & Johnson 1954, Oper. Res. 2, 393). So a proof may ask about cheap answers only:
what it shows is the bound of its tree, or one above the cutoff, whichever is less.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array, vstack

from problems.optimisation.forms.mip import FREE, Ints, Mip
from problems.optimisation.proofs.mip_dual import SAFE, ExactDual
from problems.optimisation.proofs.mip_tree import MipNodes
from problems.optimisation.proofs.reading import Faulty, Undecided, fields, integer, shift_of
from problems.optimisation.proofs.tree import Walked, walk

MOST_WORK = 10**10
"""Entries, rows and columns of all steps together: about a minute on one core."""
MOST_ENTRIES = 2 * 10**7
"""Of all cuts together."""
MOST_WEIGHT = 1 << 30
"""Of a row in a cut, and most that a cut is divided by."""
MOST_CUTOFF = 1 << 100


class Grown:
    """A MIP whose rows grow in number and whose columns' limits shrink, step by step.

    Args:
        MIP: as it was compiled.
        shift: binary places of multipliers.
        cutoff: the most that the answers cost which are asked about; None for all answers.
    """

    def __init__(self, mip: Mip, shift: int, cutoff: int | None) -> None:
        self._base, self._shift, self._cutoff = mip, shift, cutoff
        self._high = mip.top.copy()
        self._cuts: list[tuple[Ints, Ints]] = []
        self._limits: list[int] = []
        self._work = self._entries = 0

    def take(self, step: Any) -> None:
        """Adds a row, or lowers limits; raises `Faulty` where the step does not say how."""
        if isinstance(step, dict) and "fix" in step:
            self._fix(*fields(step, ("fix", "cutoff")))
        else:
            self._cut(*fields(step, ("divisor", "rows", "up")))

    def mip(self) -> Mip:
        """The MIP with the cuts as further rows, and with the limits that columns have now."""
        counts = [len(columns) for columns, _ in self._cuts]
        empty = [np.zeros(0, dtype=np.int64)]
        columns = np.concatenate([*empty, *(columns for columns, _ in self._cuts)])
        values = np.concatenate([*empty, *(values for _, values in self._cuts)])
        starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        cuts = csr_array((values, columns, starts), shape=(len(counts), self._base.columns))
        return replace(
            self._base,
            matrix=csr_array(vstack([self._base.matrix, cuts], format="csr")),
            lower=np.concatenate([self._base.lower, np.full(len(counts), -FREE)]),
            upper=np.concatenate([self._base.upper, np.array(self._limits, dtype=np.int64)]),
            top=self._high.copy(),
        )

    def _fix(self, duals: Any, cutoff: Any) -> None:
        """Lowers limits of columns that answers within a cutoff, the proof's or a higher one, use less."""
        if self._cutoff is None:
            raise Faulty("without a cutoff no column can be fixed")
        within = integer(cutoff, "the cutoff of a fixing", self._cutoff, MOST_CUTOFF)
        self._spend(int(self._base.matrix.nnz) + self._entries + self._base.rows + self._base.columns)
        dual = ExactDual(self.mip())
        least = dual.weigh(duals, self._shift, np.zeros_like(self._high), self._high)
        # Below 0 there is no answer within the cutoff, and whatever is said of those is true.
        room = max((within << self._shift) - least, 0)
        reduced = dual.reduced(duals, self._shift).tolist()
        pairs = zip(self._high.tolist(), reduced, strict=True)
        high = [min(most, room // paid) if paid > 0 else most for most, paid in pairs]
        self._high = np.array(high, dtype=np.int64)

    def _cut(self, divisor: Any, rows: Any, up: Any) -> None:
        """Adds rows up, then `x ≤ limit` for columns to be rounded up, divides and rounds down."""
        parts = integer(divisor, "a cut's divisor", 2, MOST_WEIGHT)
        total, limit = self._sum(rows)
        if not isinstance(up, list):
            raise Faulty("expected a list of the columns that a cut rounds up")
        for entry in up:
            column = integer(entry, "a column of a cut", 0, self._base.columns - 1)
            # plus `missing` times x_j ≤ top_j, a valid row too, the coefficient is a multiple of the divisor
            missing = -int(total[column]) % parts
            total[column] += missing
            limit += missing * int(self._high[column])
        if abs(limit) >= SAFE:
            raise Faulty("a cut's limit is too large")
        total //= parts  # floors: lower coefficients are weaker as x ≥ 0, the limit may follow as x is whole
        kept = np.flatnonzero((total != 0) & (self._high > 0))
        self._cuts.append((kept, total[kept]))
        self._limits.append(limit // parts)
        self._entries += len(kept)
        if self._entries > MOST_ENTRIES:
            raise Undecided("the cuts have more entries than the verifier takes")

    def _sum(self, rows: Any) -> tuple[Ints, int]:
        """Σ weight · row ≤ Σ weight · limit, the upper one for weights above 0, else the lower."""
        if not isinstance(rows, list):
            raise Faulty("expected a list of the rows of a cut")
        self._spend(self._base.columns)
        total, limit, size = np.zeros(self._base.columns, dtype=np.int64), 0, MOST_WEIGHT
        for pair in rows:
            if not isinstance(pair, list) or len(pair) != 2:
                raise Faulty("expected a cut's rows with a weight each")
            row = integer(pair[0], "a row of a cut", 0, self._base.rows + len(self._cuts) - 1)
            weight = integer(pair[1], "the weight of a row", -MOST_WEIGHT, MOST_WEIGHT)
            columns, values = self._row(row)
            self._spend(len(columns))
            size += abs(weight) * int(np.abs(values).max(initial=0))
            if size >= SAFE:
                raise Faulty("a cut's numbers are too large")
            total[columns] += weight * values
            limit += weight * self._limit(row, weight)
        return total, limit

    def _row(self, row: int) -> tuple[Ints, Ints]:
        if row >= self._base.rows:
            return self._cuts[row - self._base.rows]
        matrix = self._base.matrix
        part = slice(int(matrix.indptr[row]), int(matrix.indptr[row + 1]))
        return matrix.indices[part].astype(np.int64), matrix.data[part].astype(np.int64)

    def _limit(self, row: int, weight: int) -> int:
        if row >= self._base.rows:
            side = self._limits[row - self._base.rows] if weight > 0 else -FREE
        else:
            side = int((self._base.upper if weight > 0 else self._base.lower)[row])
        if abs(side) == FREE:
            raise Faulty("a cut uses a side that its row does not have")
        return side

    def _spend(self, work: int) -> None:
        self._work += work
        if self._work > MOST_WORK:
            raise Undecided("the cuts are more work than the verifier does")


def check_cuts(mip: Mip, data: Any, bound: int) -> Walked:
    """Checks a `mip_cuts`; raises `Faulty` or `Undecided` where it does not prove `bound`."""
    sent, cutoff, steps, nodes = fields(data, ("shift", "cutoff", "steps", "nodes"))
    shift = shift_of(sent)
    if cutoff is not None and bound > integer(cutoff, "the cutoff", -MOST_CUTOFF, MOST_CUTOFF) + 1:
        raise Faulty(f"answers within the cutoff {cutoff} say nothing of a bound of {bound}")
    if not isinstance(steps, list):
        raise Faulty("expected a list of steps")
    grown = Grown(mip, shift, cutoff)
    for step in steps:
        grown.take(step)
    return walk(nodes, MipNodes(grown.mip(), shift, bound))
