"""Triangle inequalities added round by round, those that the relaxation's primal breaks most.

They are facets of the cut polytope (Barahona & Mahjoub 1986, Math. Program. 36, 157), too many
(2/3 m³) to have at once.
"""

from collections.abc import Callable

import numpy as np

from problems.optimisation.engines.bounds import interior
from problems.optimisation.engines.bounds.multipliers import Whole, places, rounded, whole
from problems.optimisation.engines.bounds.regularised import Regularised
from problems.optimisation.engines.bounds.triangles import Triangles, no_triangles, violated
from problems.optimisation.forms.spins import SpinForm
from toolbox.arrays.types import Floats

MOST_NEW = 1000
"""Triangles that a round adds."""
MOST_TRIED = 300
"""Order up to which all triangles are tried, not only those with a coupling as a side."""
ITERATIONS = 200
"""Of the climb in a round."""
BLUR = 0.6
"""What regularisation may cost at first, as a part of what is missing; the rest is polished away."""
FOCUS = 0.8
"""Factor of the blur from round to round: with less of either, climbs stall on bqp100."""
LEAST_BLUR = 1.5
"""As a part of what is missing."""
ACCURACY = 0.02
"""Of the basic relaxation, in units of 4·cost."""
_FADED = 1e-5
"""Triangles with a smaller multiplier are let go: the bound hardly rests on them."""


class Cutting:
    """One form's relaxation, tightened.

    Attributes:
        value: the best bound on cost so far; multipliers that prove it are kept.
        estimate: the regularised bound, lower, but of the latest multipliers.
        x: the latest primal, shape (m, m).
        active: the triangles in use.
        t: their multipliers.
        focused: whether the latest round had no more blur than what was missing asks for.
        work_s: roughly the seconds that an ordinary core spent, by counts.
    """

    def __init__(
        self,
        form: SpinForm,
        active: Triangles | None = None,
        t: Floats | None = None,
        shift: int | None = None,
        halt: Callable[[], bool] = lambda: False,
    ) -> None:
        self._form, self._matrix = form, form.matrix().astype(np.float64)
        order = len(self._matrix)
        self.shift = places(form) if shift is None else shift
        self.active = no_triangles(order) if active is None else active
        self.t: Floats = np.zeros(len(self.active)) if t is None else t
        self.work_s, self.focused, self.value = 0.0, False, -np.inf
        self._best: tuple[Floats, Triangles, Floats] | None = None
        self._sides = form.pairs + (not form.symmetric) if order > MOST_TRIED else None
        self._blur: float | None = None
        self._u: Floats
        self._u, self.x = self._polish(halt)
        self.estimate = self.value

    def multipliers(self) -> Whole:
        """The best multipliers, as integers."""
        assert self._best is not None
        return whole(*self._best, self.shift)

    def round(self, aim: float, halt: Callable[[], bool]) -> None:
        """One round towards a bound of `aim`; ends early, with what there is, when `halt()`."""
        missing = max(aim - self.value, 1.0)
        self.active, self.t = self._updated(violated(self.x, MOST_NEW, self._sides))
        first = BLUR * missing / FOCUS if self._blur is None else self._blur
        self.focused = FOCUS * first <= LEAST_BLUR * missing
        self._blur = max(FOCUS * first, LEAST_BLUR * missing)
        # regularised by α the bound loses at most ½ α m² of ½⟨K, X⟩, a quarter of that in cost: `_blur`
        alpha = 8 * self._blur / len(self._matrix) ** 2
        climbed = Regularised(self._matrix, self.active, alpha).climb(self._u, self.t, ITERATIONS, halt)
        self._u, self.t, self.x = climbed.u, climbed.t, climbed.x
        self.estimate = self._cost(climbed.value)
        order = len(self._matrix)
        self.work_s += climbed.evaluations * (1.5e-9 * order**3 + 3e-4) + 1e-8 * order**3
        if not halt():
            self._polish(halt)

    def _updated(self, new: Triangles) -> tuple[Triangles, Floats]:
        """The triangles that still carry the bound, then the newly broken ones with multiplier 0."""
        strong = self.t > _FADED
        kept = self.active.only(strong)
        joined = kept.joined(new)
        return joined, np.concatenate([self.t[strong], np.zeros(len(joined) - len(kept))])

    def _polish(self, halt: Callable[[], bool]) -> tuple[Floats, Floats]:
        """The best diagonal for the triangles' multipliers, rounded; kept when it proves more than before."""
        # rounded before the diagonal is solved for, which makes up for it: any t ≥ 0 is a valid multiplier
        t = rounded(self.t, self.shift)
        iterate = interior.solve(self._matrix - self.active.spread(t), 2 * ACCURACY, halt)
        order = len(self._matrix)
        self.work_s += 16 * (6e-10 * order**3 + 5e-4)
        value = self._cost(float(iterate.u.sum()) / 2 - float(t.sum()))
        if self._best is None or value > self.value:
            self.value, self._best = value, (iterate.u, self.active, t)
        return iterate.u, iterate.x

    def _cost(self, half: float) -> float:
        """From ½⟨K, X⟩ to units of cost."""
        return (self._form.constant + half) / 4
