"""Greedy one-flip descent of many bit strings at once: the local search that both sample sets get."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from problems.optimisation.forms.spins import SpinForm
from toolbox.arrays.types import Bits

Ints = NDArray[np.int64]


def descend(form: SpinForm, bits: Bits) -> tuple[Bits, Ints]:
    """Flips the bit that gains most, the lowest such, until none gains.

    Args:
        form: the problem.
        bits: uint8, shape (strings, n).

    Returns:
        The local minima, and 4·cost of each, shape (strings,).
    """
    spins = 2 * bits.astype(np.int64) - 1
    couplings = _couplings(form)
    pull = spins @ couplings + form.field
    rows = np.arange(len(spins))
    while rows.size:
        gains = spins[rows] * pull[rows]  # turning spin i lowers 4·cost by twice this
        best = gains.argmax(axis=1)
        going = gains[np.arange(rows.size), best] > 0
        rows, best = rows[going], best[going]
        turned = spins[rows, best]
        pull[rows] -= 2 * turned[:, None] * couplings[best].toarray()
        spins[rows, best] = -turned
    return ((spins + 1) // 2).astype(np.uint8), four_costs(form, spins)


def four_costs(form: SpinForm, spins: Ints) -> Ints:
    """4·cost of spins -1 or 1, shape (strings, n)."""
    i, j = form.pairs.T
    costs: Ints = form.constant + spins @ form.field + (spins[:, i] * spins[:, j]) @ form.couplings
    return costs


def _couplings(form: SpinForm) -> csr_array:
    i, j = form.pairs.T
    twice = np.concatenate([form.couplings, form.couplings])
    where = (np.concatenate([i, j]), np.concatenate([j, i]))
    return csr_array((twice, where), shape=(form.size, form.size))
