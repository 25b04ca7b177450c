"""The temperatures of parallel tempering: replicas change places, and the steps are made equally hard."""

import numpy as np

from toolbox.arrays.types import Floats

FIRST_WINDOW = 20


class Ladder:
    """Which replica has which temperature, coldest first.

    Neighbours change places by Metropolis' rule (Geyer 1991, Computing Science and Statistics 23, 156; Earl &
    Deem 2005, Phys. Chem. Chem. Phys. 7, 3910), even and odd pairs in turn. After windows that double in
    length, temperatures are moved so that every step is refused equally often: the summed refusals are a
    function of log T, cut into equal parts (Syed et al. 2022, J. R. Stat. Soc. B 84, 321).

    Attributes:
        temperature: of each step, rising, shape (replicas,).
        column: the replica at each step, shape (replicas,).
    """

    def __init__(self, coldest: float, hottest: float, replicas: int) -> None:
        self.temperature: Floats = np.geomspace(coldest, hottest, replicas)
        self.column = np.arange(replicas)
        self._refused, self._tried = np.zeros(replicas - 1), np.zeros(replicas - 1)
        self._turn, self._window = 0, FIRST_WINDOW

    @property
    def of_column(self) -> Floats:
        """The temperature of each replica, shape (replicas,)."""
        found = np.empty(len(self.column))
        found[self.column] = self.temperature
        return found

    def swap(self, energy: Floats, rng: np.random.Generator, still: int = -1) -> None:
        """Lets neighbouring steps change replicas, by the replicas' energies; `still` keeps its place."""
        low = np.arange(self._turn % 2, len(self.column) - 1, 2)
        self._turn += 1
        below, above = self.column[low], self.column[low + 1]
        moved = (below != still) & (above != still)
        low, below, above = low[moved], below[moved], above[moved]
        inverse = 1 / self.temperature
        chance = np.exp(np.minimum(0.0, (inverse[low] - inverse[low + 1]) * (energy[below] - energy[above])))
        self._refused[low] += 1 - chance
        self._tried[low] += 1
        taken = rng.random(len(low)) < chance
        self.column[low[taken]], self.column[low[taken] + 1] = above[taken], below[taken]
        if self._turn >= self._window:
            self._even_out()

    def refusals(self) -> Floats:
        """How often each step was refused since temperatures last moved, shape (replicas - 1,)."""
        return self._refused / np.maximum(self._tried, 1)

    def _even_out(self) -> None:
        hard = np.r_[0.0, np.cumsum(self.refusals() + 0.01)]
        even = np.linspace(0.0, hard[-1], len(hard))
        self.temperature = np.exp(np.interp(even, hard, np.log(self.temperature)))
        self._refused[:], self._tried[:] = 0, 0
        self._turn, self._window = 0, 2 * self._window
