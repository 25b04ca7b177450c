"""Semidefinite bounds on the bits kinds, with points by hyperplane rounding.

The relaxation and the rounding are those of Goemans & Williamson 1995, J. ACM 42, 1115.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from threadpoolctl import threadpool_limits

from problems.optimisation.engines.base import Incumbent, Unsuitable
from problems.optimisation.engines.bounds.cutting import ACCURACY, Cutting
from problems.optimisation.engines.bounds.interior import MOST_STEPS, Interior
from problems.optimisation.engines.bounds.low_rank import LowRank, sparse_matrix
from problems.optimisation.engines.bounds.multipliers import places, whole
from problems.optimisation.engines.bounds.rounding import Reader, factor, hyperplanes
from problems.optimisation.engines.bounds.triangles import no_triangles
from problems.optimisation.forms.spins import spin_form
from problems.optimisation.model.models import IndependentSet, MaxCut, Model, Qubo
from problems.optimisation.proofs.semidefinite import MOST_ORDER
from toolbox.arrays.types import Floats

MOST_DENSE = 300
"""Order up to which interior points are faster than low rank."""
MOST_TIGHTENED = 1000
"""Order up to which triangles are worth their m³ a step."""
SWEEPS = (25, 100, 200, 400, 800, 1600)
"""After how many sweeps the low rank's bound is taken."""
SAMPLES = 20
"""Hyperplanes a bound."""
STALLED = 0.01
"""A round of triangles that gains less, as a part of what is missing, is the last but for blurred ones."""


class Semidefinite:
    """The basic relaxation first, then triangles; see `bounds`."""

    name: ClassVar[str] = "semidefinite"
    deterministic: ClassVar[bool] = True

    def __init__(self, model: Model, seed: int) -> None:
        if not isinstance(model, Qubo | MaxCut | IndependentSet):
            raise Unsuitable(f"expected an instance of bits, got {model.kind}")
        self._form = spin_form(model)
        if not len(self._form.pairs):
            raise Unsuitable("expected an instance whose bits depend on each other")
        self._front = not self._form.symmetric
        self._order = self._form.size + self._front
        self._shift = places(self._form)
        self._matrix = sparse_matrix(self._form)
        self._reader = Reader(model)
        self._rng = np.random.default_rng(seed)
        self._notes: dict[str, Any] = {"order": self._order}
        self._board: Incumbent
        self._steps = self._phases()

    def run(self, incumbent: Incumbent, effort_s: float) -> bool:
        """See `base.Engine`; a round of triangles is one step, however long it takes."""
        self._board = incumbent
        with threadpool_limits(1):
            return self._run(effort_s)

    def _run(self, effort_s: float) -> bool:
        spent_s = 0.0
        while spent_s < effort_s:
            if self._board.stop():
                return True
            step_s = next(self._steps, None)
            if step_s is None:
                return False
            spent_s += step_s
        return True

    def notes(self) -> dict[str, Any]:
        """The order of the matrix, the steps of each phase and the bounds that they ended with."""
        return dict(self._notes)

    def _phases(self) -> Iterator[float]:
        """Does the work; yields roughly the seconds of each step."""
        # K + Diag(row sums of |K|) is diagonally dominant, so semidefinite: a bound at once, at any order
        self._prove(-np.asarray(abs(self._matrix).sum(axis=1), dtype=np.float64), "dominance")
        if self._order > MOST_ORDER:
            return
        yield from self._interior() if self._order <= MOST_DENSE else self._low_rank()
        if self._order <= MOST_TIGHTENED:
            yield from self._tighten()

    def _interior(self) -> Iterator[float]:
        solver = Interior(self._matrix.toarray())
        step_s = 6e-10 * self._order**3 + 1e-3
        for count in range(MOST_STEPS):
            if solver.closed(2 * ACCURACY):
                break
            if count % 5 == 4:  # every iterate is dual feasible, so it gives a bound on the way
                self._prove(solver.u, "interior")
            solver.step()
            yield step_s
        self._prove(solver.u, "interior")
        self._round(factor(solver.x))

    def _low_rank(self) -> Iterator[float]:
        solver = LowRank(self._matrix, self._rng)
        sweep_s = 4e-9 * self._matrix.nnz * solver.v.shape[1] + 2e-5 * solver.colours
        done = 0
        for goal in SWEEPS:
            while done < goal:
                solver.sweep()
                done += 1
                yield sweep_s
            self._prove(solver.dual(), "low_rank")
            self._round(solver.v)
            yield 1e-9 * self._order**3

    def _tighten(self) -> Iterator[float]:
        cutting = Cutting(self._form, halt=self._board.stop)
        yield cutting.work_s
        while True:
            before, worked = cutting.value, cutting.work_s
            aim = self._aim(cutting.value)
            cutting.round(aim, self._board.stop)
            proof = cutting.multipliers().proof(self._form)
            if proof is not None:
                self._board.prove(proof, self.name)
                self._notes["triangles"] = {"bound": proof.bound, "used": int((cutting.t > 0).sum())}
            self._round(factor(cutting.x))
            yield cutting.work_s - worked
            if cutting.value - before < STALLED * (aim - before) and cutting.focused:
                return

    def _aim(self, value: float) -> float:
        known = self._board.cost
        return value + 0.01 * abs(value) + 1 if known is None else float(known)

    def _prove(self, u: Floats, phase: str) -> None:
        proof = whole(u, no_triangles(self._order), np.zeros(0), self._shift).proof(self._form)
        if proof is not None:
            self._board.prove(proof, self.name)
            self._notes[phase] = {"bound": proof.bound}

    def _round(self, v: Floats) -> None:
        for spins in hyperplanes(self._matrix, v, SAMPLES, self._rng):
            self._board.offer(self._reader.point(spins, self._front), self.name)
