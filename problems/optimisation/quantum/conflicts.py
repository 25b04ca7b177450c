"""A choice among options that exclude each other, as spins: a weighted independent set.

No variable says 'none of them', so no one-hot constraint is needed: a patient is one option or none because
any two options of one patient exclude each other. Two options that exclude each other cost the lesser of
their gains plus 1, so that leaving out the lesser one always pays: every local minimum is a valid choice, and
no penalty is a guess (after Hammer & Rudeanu 1968, Boolean Methods in Operations Research, and Choi 2008,
Quantum Inf. Process. 7, 193, for weights).
"""

from collections.abc import Sequence

import numpy as np

from problems.optimisation.forms.spins import SpinForm, spin_form
from problems.optimisation.model.models import Qubo, Sense


def choice(base_cost: int, gains: Sequence[int], conflicts: Sequence[tuple[int, int]]) -> SpinForm:
    """Returns the spins of: base_cost - Σ gains of the chosen + penalties.

    Args:
        base_cost: cost when nothing is chosen.
        gains: what each option saves, positive.
        conflicts: pairs of options that exclude each other, first below second.
    """
    penalties = tuple((a, b, min(gains[a], gains[b]) + 1) for a, b in sorted(set(conflicts)))
    linear = tuple(-int(gain) for gain in gains)
    return spin_form(Qubo(sense=Sense.MINIMISE, linear=linear, quadratic=penalties, offset=int(base_cost)))


def keep_most(gains: Sequence[int], held: Sequence[bool], most: int) -> list[int]:
    """Numbers of at most so many options: those in force, then the ones that gain most; in order."""
    ranks = np.lexsort((np.arange(len(gains)), -np.asarray(gains), ~np.asarray(held, dtype=bool)))
    return sorted(int(k) for k in ranks[:most])
