"""The bound of the linear relaxation, with multipliers that prove it.

HiGHS's dual simplex solves the relaxation of the MIP (Huangfu & Hall 2018, Math. Program.
Comput. 10, 119). Its multipliers are only a suggestion: what is claimed is what they prove in exact
arithmetic after rounding (`exact_bound`; Neumaier & Shcherbina 2004, Math. Program. 99, 283): its
tolerances and errors cannot make a bound wrong.
"""

import time
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import vstack

from problems.optimisation.engines.base import Incumbent, Unsuitable
from problems.optimisation.engines.dual_ascent import ascended
from problems.optimisation.engines.exact_bound import Multipliers, best_multipliers
from problems.optimisation.forms.compile import compile_mip
from problems.optimisation.forms.mip import FREE, Mip
from problems.optimisation.model.models import Appointments, IndependentSet, Model, Triage
from toolbox.arrays.types import Floats

_solve: Callable[..., Any] = linprog
"""Its type stubs know no sparse matrices."""
_LEAST_S = 0.05
"""With less time left than this, no linear program is begun."""


class Relaxation:
    """Proves the bound of the linear program, then has nothing more to give."""

    name: ClassVar[str] = "relaxation"
    deterministic: ClassVar[bool] = True

    def __init__(self, model: Model, seed: int) -> None:
        if not isinstance(model, Appointments | Triage | IndependentSet):
            raise Unsuitable(f"{self.name} treats appointments, triage and independent_set, not {model.kind}")
        self._model = model
        self._notes: dict[str, Any] = {}

    def run(self, incumbent: Incumbent, effort_s: float) -> bool:
        """Proves what one pass over the rows gives, then what the linear program gives, in one slice.

        The linear program cannot be cut in pieces: it ends when solved, or when the search's time is over.
        """
        mip = compile_mip(self._model)
        self._claim(incumbent, "ascent_bound", best_multipliers(mip, ascended(mip)))
        if incumbent.stop() or incumbent.left_s() < _LEAST_S:
            return False
        began = time.perf_counter()
        duals = linear_duals(mip, incumbent.left_s())
        self._notes["linear_s"] = round(time.perf_counter() - began, 3)
        if duals is None:
            self._notes["linear_bound"] = "no answer in time"
        else:
            self._claim(incumbent, "linear_bound", best_multipliers(mip, duals))
        return False

    def notes(self) -> dict[str, Any]:
        """Bounds found, and the seconds that the linear program took."""
        return dict(self._notes)

    def _claim(self, incumbent: Incumbent, what: str, multipliers: Multipliers | None) -> None:
        if multipliers is None:
            self._notes[what] = "too large for exact arithmetic in 64 bits"
            return
        self._notes[what] = multipliers.bound
        incumbent.prove(multipliers.proof(), self.name)


def linear_duals(mip: Mip, limit_s: float) -> Floats | None:
    """Multipliers of the rows that are optimal for the relaxation, or None without an answer in time."""
    same = mip.lower == mip.upper
    below = ~same & (mip.upper != FREE)
    above = ~same & (mip.lower != -FREE)
    matrix = mip.matrix.astype(np.float64)
    result = _solve(
        mip.cost.astype(np.float64),
        A_ub=vstack([matrix[below], -matrix[above]], format="csr"),
        b_ub=np.concatenate([mip.upper[below], -mip.lower[above]]).astype(np.float64),
        A_eq=matrix[same],
        b_eq=mip.lower[same].astype(np.float64),
        bounds=np.column_stack([np.zeros(mip.columns), mip.top]),
        method="highs-ds",
        options={"time_limit": limit_s},
    )
    if result.status != 0:
        return None
    # a marginal is the change of cost with a limit; lower limits went in negated, so theirs change sign
    duals = np.zeros(mip.rows)
    duals[same] = result.eqlin.marginals
    most, least = np.split(result.ineqlin.marginals, [int(below.sum())])
    duals[below] += most
    duals[above] -= least
    return duals
