"""Readout mitigation on the strings that were seen: it weighs samples, it makes no better ones.

The assignment errors of each qubit come from the two calibration circuits; the linear system is restricted to
the distinct strings among the samples, with its columns normalised, as in M3 (Nation, Kang, Sundaresan &
Gambetta 2021, PRX Quantum 2, 040326). What comes out are quasi-probabilities, then the nearest probabilities
(Smolin, Gambetta & Smith 2012, Phys. Rev. Lett. 108, 070502).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolbox.arrays.types import Bits, Floats

LEAST_ERROR = 1e-6
"""Errors that no calibration shot showed are still possible; beyond one half a qubit says nothing."""


@dataclass(frozen=True)
class Readout:
    """How often each variable is read wrong.

    Attributes:
        wrong_zero: probability of reading 1 for 0, shape (n,).
        wrong_one: probability of reading 0 for 1, shape (n,).
    """

    wrong_zero: Floats
    wrong_one: Floats

    @classmethod
    def of(cls, zeros: Bits, ones: Bits) -> "Readout":
        """From samples of all variables 0 and of all variables 1, each of shape (shots, n)."""
        return cls(
            np.clip(zeros.mean(axis=0), LEAST_ERROR, 0.5), np.clip(1.0 - ones.mean(axis=0), LEAST_ERROR, 0.5)
        )

    def mitigated(self, strings: Bits, counts: NDArray[np.int64]) -> Floats:
        """Returns a probability for each of the distinct strings that were read `counts` times each."""
        system = self._restricted(strings)
        seen = counts / counts.sum()
        try:
            quasi = np.linalg.solve(system, seen)
        except np.linalg.LinAlgError:  # a qubit that says nothing: the solution of least norm
            quasi = np.linalg.lstsq(system, seen, rcond=None)[0]
        return nearest_probabilities(quasi)

    def _restricted(self, strings: Bits) -> Floats:
        """Probability of reading string k when l was there, columns normalised; shape (strings, strings)."""
        read = strings.astype(np.float64)
        rights = np.log1p(-self.wrong_zero), np.log1p(-self.wrong_one)
        wrongs = np.log(self.wrong_zero), np.log(self.wrong_one)
        logs = (
            ((1 - read) * rights[0]) @ (1 - read).T
            + (read * wrongs[0]) @ (1 - read).T
            + (read * rights[1]) @ read.T
            + ((1 - read) * wrongs[1]) @ read.T
        )
        system: Floats = np.exp(logs - logs.max(axis=0))
        system /= system.sum(axis=0)
        return system


def nearest_probabilities(quasi: Floats) -> Floats:
    """Returns the probabilities nearest to quasi-probabilities that sum to about 1, by squares."""
    quasi = quasi / quasi.sum()
    order = np.argsort(quasi)[::-1]
    running = (np.cumsum(quasi[order]) - 1.0) / np.arange(1, len(quasi) + 1)
    last = int(np.flatnonzero(quasi[order] > running)[-1])
    weights: Floats = np.clip(quasi - running[last], 0.0, None)
    return weights
