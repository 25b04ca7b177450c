"""Cutting planes on the MIP, fixed columns, then branch and bound on what is left.

Rounds solve the relaxation (columns of a large reduced cost are left out until they are needed), drop cuts
without a multiplier, add cuts, and fix columns at 0 whose use costs more than the best answer that
is known. When rounds gain nothing, the few columns that are left are divided, best first (Padberg & Rinaldi
1991, SIAM Rev. 33, 60). Each bound goes with a proof in exact arithmetic: `mip_cuts` in `proofs.model`.
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

from problems.optimisation.engines.base import Incumbent, Unsuitable
from problems.optimisation.engines.bounds.cut_pool import CutPool, spread
from problems.optimisation.engines.bounds.linear import Linear
from problems.optimisation.engines.bounds.modular_cuts import separate, tight
from problems.optimisation.engines.cut_tree import SHIFT, CutTree
from problems.optimisation.forms.compile import compile_mip
from problems.optimisation.forms.mip import FREE, Ints, Mip
from problems.optimisation.model.models import Appointments, IndependentSet, Model, Triage
from problems.optimisation.proofs.mip_dual import ExactDual, rounded_up
from problems.optimisation.proofs.model import Proof
from toolbox.arrays.types import Floats

MOST_COLUMNS = 60_000
"""Beyond, a round takes many seconds."""
MOST_COST = 1 << 40
"""Of all columns together: with `SHIFT` binary places, sums stay within 64 bits."""
NEAR = 0.5
"""Columns whose reduced cost is below this part of the gap are in every relaxation."""
FEWEST = 0.03
"""Of the free columns: with fewer to fix, a step of the proof is not worth it."""
PATIENCE = 12
"""Rounds without a gain (tailing off) before columns are divided."""
GAIN = 0.01
"""Of the gap: less is none."""
LATER = 1.25
"""Factor of work after which an improved bound is proven again."""
REPLANT = 0.7
"""Of the gap: with less of it left, by a better answer, cuts and fixings are taken up again."""
ROUND_S = 0.1
"""Of an ordinary core, besides the linear programs."""


@dataclass(frozen=True, eq=False)
class Relaxed:
    """A relaxation's answer.

    Attributes:
        x: shape (columns,).
        duals: multipliers of rows and active cuts, in units of 2**-SHIFT.
        reduced: costs, in the same units, shape (columns,).
        least: the bound, in the same units.
    """

    x: Floats
    duals: Ints
    reduced: Ints
    least: int


class CuttingPlanes:
    """Cuts, fixes, then divides."""

    name: ClassVar[str] = "cutting_planes"
    deterministic: ClassVar[bool] = True

    def __init__(self, model: Model, seed: int) -> None:
        if not isinstance(model, Appointments | Triage | IndependentSet):
            raise Unsuitable(f"{self.name} treats appointments, triage and independent_set, not {model.kind}")
        self._mip = compile_mip(model)
        if self._mip.columns > MOST_COLUMNS:
            raise Unsuitable(f"expected at most {MOST_COLUMNS} columns, got {self._mip.columns}")
        if sum(map(abs, (self._mip.cost * self._mip.top).tolist())) > MOST_COST:
            raise Unsuitable(f"expected costs that sum up to {MOST_COST} at most")
        self._pool, self._rng = CutPool(self._mip), np.random.default_rng(seed)
        self._near = np.ones(self._mip.columns, dtype=np.bool_)
        self._leaf: tuple[str, dict[int, int]] | None = None
        self._best: int | None = None
        self._cutoff: int | None = None
        self._tree: CutTree | None = None
        self._rounds = self._idle = 0
        self._work_s = self._told_s = 0.0
        self._over = False
        self._board: Incumbent

    def run(self, incumbent: Incumbent, effort_s: float) -> bool:
        """See `base.Engine`; a step is a round of cuts or a node."""
        self._board = incumbent
        until_s = self._work_s + effort_s
        with threadpool_limits(1):
            while not (self._over or incumbent.stop()) and self._work_s < until_s:
                self._step()
                if self._work_s > LATER * self._told_s:
                    self._tell()
            self._tell()
        return not self._over

    def notes(self) -> dict[str, Any]:
        """Rounds, cuts, fixed columns, nodes, and the bound that cuts alone gave."""
        bound = None if self._best is None else rounded_up(self._best, SHIFT)
        tree = self._tree.notes() if self._tree else {}
        counts = {"rounds": self._rounds, "cuts": self._pool.made, "fixed": self._pool.fixed}
        return counts | {"root_bound": bound} | tree

    def _step(self) -> None:
        if self._tree is not None and self._better():
            self._tree, self._idle = None, 0
        if self._tree is not None:
            self._work_s += self._tree.step(self._board)
            self._over = self._tree.over
        elif self._idle < PATIENCE:
            self._round()
        else:
            self._tree = CutTree(self._pool, self._limit())

    def _better(self) -> bool:
        """Whether a new answer makes rounds worth while again."""
        limit, planted = self._limit(), self._tree.limit if self._tree else None
        if limit is None or self._best is None:
            return False
        left = (limit << SHIFT) - self._best
        return planted is None or left < REPLANT * ((planted << SHIFT) - self._best)

    def _limit(self) -> int | None:
        """What an answer that is still looked for may cost."""
        return None if self._board.cost is None else self._board.cost - 1

    def _round(self) -> None:
        self._rounds += 1
        self._work_s += ROUND_S
        relaxation = self._relaxed()
        if relaxation is None:
            self._over = True
            return
        self._rate(relaxation)
        self._fix(relaxation)
        self._pool.keep(relaxation.duals)
        top = self._pool.top
        x = np.where(top > 0, np.clip(relaxation.x, 0, top), 0.0)
        if not self._pool.add(separate(tight(*self._pool.sides(), top, x), self._rng), x):
            self._idle = PATIENCE

    def _rate(self, relaxation: Relaxed) -> None:
        """Keeps the best bound, and counts rounds without a gain."""
        self._idle += 1
        if self._best is None or relaxation.least > self._best:
            limit = self._limit()
            gap = abs(relaxation.least) if limit is None else (limit << SHIFT) - relaxation.least
            self._idle *= self._best is not None and relaxation.least - self._best < GAIN * gap
            self._best, self._leaf = relaxation.least, ("duals", self._pool.named(relaxation.duals))

    def _relaxed(self) -> Relaxed | None:
        """The relaxation's answer; None where there is none, or no time for it."""
        grown = self._pool.grown()
        exact, free = ExactDual(grown), grown.top > 0
        while True:
            used = np.flatnonzero(self._near & free)
            part = narrowed(grown, used)
            solved = Linear(part).solve(np.zeros_like(part.top), part.top, self._board.left_s())
            if solved is None:
                return None
            self._work_s += 3e-3 + 2e-9 * solved.steps * part.matrix.nnz
            duals = allowed(grown, solved.duals)
            reduced = exact.reduced(duals.tolist(), SHIFT).astype(np.int64)
            # sifting (Bixby et al. 1992, Oper. Res. 40, 885): columns of negative reduced cost come in; all
            # columns when the part is infeasible, as that says nothing of the whole
            missing = free & ~self._near & ((reduced < -1) | (solved.x is None))
            if missing.any():
                self._near |= missing
            elif solved.x is None:
                self._empty(exact, duals)
                return None
            else:
                x = np.zeros(grown.columns)
                x[used] = solved.x
                # safe bound: any multipliers do, those of a floating solver rounded too (`proofs.mip_dual`)
                least = exact.weigh(duals.tolist(), SHIFT, np.zeros_like(grown.top), grown.top)
                return Relaxed(x, duals, reduced, least)

    def _empty(self, exact: ExactDual, ray: Ints) -> None:
        """Nothing is left that costs less than the best answer, if the ray shows that."""
        top = exact.mip.top
        if exact.weigh(ray.tolist(), SHIFT, np.zeros_like(top), top, priced=False) > 0:
            self._leaf = "ray", self._pool.named(ray)

    def _fix(self, relaxation: Relaxed) -> None:
        """Lowers limits of columns that an answer better than the known one cannot use as much.

        Reduced-cost fixing: k units of a column cost k times its reduced cost above the bound.
        """
        limit = self._limit()
        if limit is None or (limit << SHIFT) < relaxation.least:
            return
        room, top = (limit << SHIFT) - relaxation.least, self._pool.top
        most = np.where(relaxation.reduced > 0, room // np.maximum(relaxation.reduced, 1), top)
        lower = np.minimum(top, most)
        if ((lower == 0) & (top > 0)).sum() > FEWEST * (top > 0).sum():
            self._pool.fix(relaxation.duals, limit, lower)
            self._near = relaxation.reduced <= NEAR * room
            self._cutoff = limit

    def _tell(self) -> None:
        """Proves the best bound: what the tree shows, or the root, or one above the cutoff."""
        self._told_s = self._work_s
        bound = self._bound()
        known = self._board.certified_bound
        if bound is None or (known is not None and bound <= known):
            return
        if self._tree is not None and self._tree.made:
            steps, number = self._pool.steps(self._tree.rows)
            nodes = self._tree.stated(number)
        else:
            assert self._leaf is not None
            kind, duals = self._leaf
            steps, number = self._pool.steps(duals)
            nodes = [{kind: spread(duals, number, len(number))}]
        data = {"shift": SHIFT, "cutoff": self._cutoff, "steps": steps, "nodes": nodes}
        self._board.prove(Proof("mip_cuts", bound, data), self.name)

    def _bound(self) -> int | None:
        """What can be proven now."""
        shown = [] if self._cutoff is None else [self._cutoff + 1]
        if self._tree is not None and self._tree.made:
            shown += self._tree.bounds(self._board.cost)
        elif self._leaf is None:
            return None
        elif self._leaf[0] == "duals" and self._best is not None:
            shown.append(rounded_up(self._best, SHIFT))
        return min(shown, default=None)


def narrowed(mip: Mip, columns: Ints) -> Mip:
    """The MIP with some of its columns."""
    return replace(
        mip,
        cost=mip.cost[columns],
        matrix=csr_array(mip.matrix[:, columns]),
        top=mip.top[columns],
    )


def allowed(mip: Mip, duals: Floats) -> Ints:
    """Multipliers in units of 2**-SHIFT, without those for sides that rows do not have."""
    whole = np.rint(duals * 2.0**SHIFT).astype(np.int64)
    wrong = (whole > 0) & (mip.lower == -FREE)
    wrong |= (whole < 0) & (mip.upper == FREE)
    return np.where(wrong, 0, whole)
