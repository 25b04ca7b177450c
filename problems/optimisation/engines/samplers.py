"""Simulated annealing and tabu search of dwave-samplers, on spins; answers without bounds.

Annealing: Kirkpatrick, Gelatt & Vecchi 1983, Science 220, 671. Tabu search: MST2 of Palubeckis 2004, Ann.
Oper. Res. 131, 259. Both count their work in steps, so a slice is the same on any machine. An independent
set is its QUBO (`forms.spins`), and what the samplers leave dependent is repaired.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import dimod
import numpy as np
from dwave.samplers import SimulatedAnnealingSampler, TabuSampler
from numpy.typing import NDArray

from problems.optimisation.engines.base import Incumbent, Unsuitable
from problems.optimisation.forms.spins import spin_form
from problems.optimisation.forms.vertex_sets import neighbours, repaired
from problems.optimisation.model.models import IndependentSet, MaxCut, Model, Qubo
from problems.optimisation.model.points import Point

Spins = NDArray[np.int8]

MOST_SPINS = 5_000
"""Tabu search holds a dense matrix; annealing's steps get too few beyond this."""
_REPAIRED = 5
"""Samples of a slice that are made independent, best first."""
_FIRST_SWEEPS, _LEAST_SWEEPS, _MOST_SWEEPS = 128, 8, 2**15
_MOST_READS = 2_000
_LOOKS_PER_S = 110_000_000
"""Changes of a spin that an ordinary core looks at in a second."""
_LOOKS_A_SPIN = 2_500
"""In one search, as Palubeckis has it for restarts."""
_LEAST_LOOKS = 2_000_000
_SET_UP_LOOKS = 20
"""Building the dense matrix takes as long as so many looks an entry; a search takes no less."""


class _Sampler(ABC):
    """What the two have in common: the spins, and the way back."""

    name: ClassVar[str]
    deterministic: ClassVar[bool] = True

    def __init__(self, model: Model, seed: int) -> None:
        if not isinstance(model, Qubo | MaxCut | IndependentSet):
            raise Unsuitable(f"{self.name} treats qubo, max_cut and independent_set, not {model.kind}")
        if model.size > MOST_SPINS:
            raise Unsuitable(f"{self.name} treats up to {MOST_SPINS} variables, not {model.size}")
        self._form = spin_form(model)
        self._graph = neighbours(model) if isinstance(model, IndependentSet) else None
        i, j = self._form.pairs.T
        self._spins = dimod.BinaryQuadraticModel.from_numpy_vectors(
            self._form.field.astype(float), (i, j, self._form.couplings.astype(float)), 0.0, "SPIN"
        )
        self._rng = np.random.default_rng(seed)
        self._slices = self._answers = self._from_board = 0

    def run(self, incumbent: Incumbent, effort_s: float) -> bool:
        """Samples for a slice; always has more to give."""
        if not incumbent.stop():
            self._slice(incumbent, effort_s)
            self._slices += 1
        return True

    def notes(self) -> dict[str, Any]:
        """What was done."""
        return {"slices": self._slices, "answers": self._answers, "from_board": self._from_board}

    @abstractmethod
    def _slice(self, incumbent: Incumbent, effort_s: float) -> None:
        """Samples and offers."""

    def _offer(self, incumbent: Incumbent, samples: Spins) -> None:
        """Offers the best of the samples, shape (reads, spins), best first."""
        for row in samples[: 1 if self._graph is None else _REPAIRED]:
            bits = ((row + 1) // 2).astype(np.int32)
            point = bits if self._graph is None else repaired(bits, self._graph)
            self._answers += incumbent.offer(point, self.name)

    def _seed(self) -> int:
        return int(self._rng.integers(2**31))

    def _random(self) -> Spins:
        return (2 * self._rng.integers(0, 2, self._form.size) - 1).astype(np.int8)


def _spins_of(point: Point) -> Spins:
    return (2 * np.asarray(point) - 1).astype(np.int8)


class Annealing(_Sampler):
    """Anneals from random spins, in every other slice from the board's point at half the heat.

    Anneals grow longer from slice to slice, and fewer, as no length is right for every instance.
    """

    name: ClassVar[str] = "annealing"

    def __init__(self, model: Model, seed: int) -> None:
        super().__init__(model, seed)
        self._sampler = SimulatedAnnealingSampler()
        self._sweep_s = 15e-9 * self._form.size + 1.2e-9 * len(self._form.pairs)
        self._sweeps = _FIRST_SWEEPS
        weightless = not self._form.field.any() and not self._form.couplings.any()
        self._heat: tuple[float, float] | None = (0.1, 1.0) if weightless else None

    def _slice(self, incumbent: Incumbent, effort_s: float) -> None:
        affordable = max(_LEAST_SWEEPS, int(effort_s / self._sweep_s))
        sweeps = min(self._sweeps, affordable)
        reads = min(max(1, affordable // sweeps), _MOST_READS)
        samples = self._sampler.sample(
            self._spins,
            num_reads=reads,
            num_sweeps=sweeps,
            seed=self._seed(),
            interrupt_function=incumbent.stop,
            **self._begin(incumbent.point, reads),
        )
        if self._heat is None:
            hot, cold = samples.info["beta_range"]
            self._heat = float(hot), float(cold)
        order = np.argsort(samples.record.energy, kind="stable")
        columns = np.argsort(np.asarray(samples.variables))  # the sampler may order spins its own way
        self._offer(incumbent, samples.record.sample[order][:, columns])
        self._sweeps = min(2 * self._sweeps, _MOST_SWEEPS) if self._slices % 2 else self._sweeps

    def _begin(self, point: Point | None, reads: int) -> dict[str, Any]:
        """Random spins and all the heat; or the point, and the heat's geometric middle."""
        if point is None or self._heat is None or self._slices % 2 == 0:
            return {} if self._heat is None else {"beta_range": self._heat}
        self._from_board += 1
        hot, cold = self._heat
        # the middle of a geometric schedule: enough heat to leave the point's valley, not to forget the point
        states = np.tile(_spins_of(point), (reads, 1))
        return {"initial_states": states, "beta_range": (float(np.sqrt(hot * cold)), cold)}


class Tabu(_Sampler):
    """Searches from random spins, then mostly from the board's point with some spins turned.

    The sampler is given counts of steps and no time-out, so it is deterministic; it cannot be interrupted, so
    the board is asked between short searches.
    """

    name: ClassVar[str] = "tabu"

    def __init__(self, model: Model, seed: int) -> None:
        super().__init__(model, seed)
        self._sampler = TabuSampler()
        self._searches = 0

    def _slice(self, incumbent: Incumbent, effort_s: float) -> None:
        left = int(effort_s * _LOOKS_PER_S)
        while True:
            n = self._form.size
            looks = max(_LEAST_LOOKS, _SET_UP_LOOKS * n * n)
            per_search = min(_LOOKS_A_SPIN * n, looks)
            self._search(incumbent, per_search, max(0, min(left, looks) // per_search - 1))
            left -= looks
            if left <= 0 or incumbent.stop():
                return

    def _search(self, incumbent: Incumbent, looks: int, restarts: int) -> None:
        samples = self._sampler.sample(
            self._spins,
            initial_states=self._begin(incumbent.point)[None, :],
            num_reads=1,
            seed=self._seed(),
            timeout=None,
            num_restarts=restarts,
            coefficient_z_first=1,
            coefficient_z_restart=1,
            lower_bound_z=looks,
        )
        self._searches += 1 + restarts
        self._offer(incumbent, samples.record.sample[:, np.argsort(np.asarray(samples.variables))])

    def _begin(self, point: Point | None) -> Spins:
        """Random, or from the board; every fourth time random again."""
        if point is None or self._searches == 0 or self._rng.random() < 0.25:
            return self._random()
        self._from_board += 1
        turned = self._rng.random(self._form.size) < self._rng.uniform(0.02, 0.3)
        return np.where(turned, -1, 1).astype(np.int8) * _spins_of(point)

    def notes(self) -> dict[str, Any]:
        return {**super().notes(), "searches": self._searches}
