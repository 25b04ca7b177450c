"""Many copies of one set of spins, updated at once: all copies, and all spins that do not touch each other.

Spins of one colour of the coupling graph share no coupling, so a Metropolis update of all of them at once is
a sequence of single updates in any order (checkerboard updates; Barkema & MacFarland 1994, Phys. Rev. E 50,
1623). A dense graph has about as many colours as spins; then the copies alone fill the vectors.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from problems.optimisation.forms.spins import SpinForm

EXACT_FLOAT32 = 2**24
"""Whole numbers up to this are exact in float32: 24 bits of significand."""
DENSE = 0.1
"""Share of couplings present above which dense rows are faster than sparse ones."""

Reals = NDArray[Any]
"""float32 where sums of couplings stay exact in it, float64 otherwise."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """A spin form with its spins sorted by colour.

    Attributes:
        order: the form's index of each sorted spin, shape (n,).
        blocks: for each colour its first spin, the one after its last, and its rows of couplings.
        field: shape (n, 1), sorted.
    """

    form: SpinForm
    order: NDArray[np.int64]
    blocks: tuple[tuple[int, int, Any], ...]
    field: Reals

    @cached_property
    def strength(self) -> Reals:
        """Root of the summed squares of what acts on each spin: the scale of its energy, shape (n,)."""
        squares = self.form.field.astype(np.float64) ** 2
        i, j = self.form.pairs.T
        np.add.at(squares, i, self.form.couplings.astype(np.float64) ** 2)
        np.add.at(squares, j, self.form.couplings.astype(np.float64) ** 2)
        return np.sqrt(squares)

    def bits(self, spins: Reals) -> NDArray[np.int32]:
        """Sorted spins of one copy as the instance's bits."""
        bits = np.empty(len(self.order), dtype=np.int32)
        bits[self.order] = spins > 0
        return bits

    def spins(self, bits: NDArray[np.int32]) -> Reals:
        """The instance's bits as sorted spins."""
        return (2 * bits[self.order] - 1).astype(self.field.dtype)


def lattice(form: SpinForm) -> Lattice:
    """Sorts a form by colours."""
    n = form.size
    i, j = form.pairs.T
    weight = form.couplings
    whole = csr_array((np.r_[weight, weight], (np.r_[i, j], np.r_[j, i])), shape=(n, n), dtype=np.float64)
    colour = _colours(whole)
    order = np.argsort(colour, kind="stable")
    reach: Reals = abs(whole).sum(axis=1) + np.abs(form.field)
    kind = np.float32 if n == 0 or reach.max() < EXACT_FLOAT32 else np.float64
    sorted_rows = whole[order][:, order].astype(kind)
    rows: Any = sorted_rows.toarray() if whole.nnz > DENSE * n * n else sorted_rows
    edges = np.flatnonzero(np.diff(colour[order], prepend=-1, append=-1))
    blocks = tuple((int(a), int(b), rows[int(a) : int(b)]) for a, b in pairwise(edges))
    return Lattice(form, order, blocks, form.field[order].astype(kind)[:, None])


def _colours(matrix: csr_array) -> NDArray[np.int64]:
    """Greedy colouring, most neighbours first (Welsh & Powell 1967, Comput. J. 10, 85); shape (n,)."""
    colour = np.full(matrix.shape[0], -1, dtype=np.int64)
    for v in np.argsort(-np.diff(matrix.indptr), kind="stable").tolist():
        taken = set(colour[matrix.indices[matrix.indptr[v] : matrix.indptr[v + 1]]].tolist())
        colour[v] = next(c for c in range(len(taken) + 1) if c not in taken)
    return colour


class Replicas:
    """Copies of the spins, shape (n, copies), and their energies Σ field s + Σ J s s, shape (copies,)."""

    def __init__(self, places: Lattice, spins: Reals) -> None:
        self.places = places
        self.spins = spins
        # ½: each coupling is met from both of its ends
        coupled = np.concatenate([rows @ spins for _, _, rows in places.blocks])
        self.energy: NDArray[np.float64] = (spins * (places.field + 0.5 * coupled)).sum(
            axis=0, dtype=np.float64
        )

    def sweep(self, temperature: Reals, rng: np.random.Generator) -> None:
        """One Metropolis update of every spin at each copy's temperature, shape (copies,).

        A flip that costs d is accepted when d ≤ T e with e exponentially distributed: probability exp(-d/T).
        """
        kind = self.spins.dtype
        half = (0.5 * temperature).astype(kind)
        for a, b, rows in self.places.blocks:
            part = self.spins[a:b]
            gain = part * (rows @ self.spins + self.places.field[a:b])
            luck = rng.standard_exponential(part.shape, dtype=kind.type)
            self._flip(part, gain, -gain <= half * luck)

    def descend(self) -> None:
        """Flips spins that gain by it, until none does; ends, as every flip lowers the energy."""
        flipped = True
        while flipped:
            flipped = False
            for a, b, rows in self.places.blocks:
                part = self.spins[a:b]
                gain = part * (rows @ self.spins + self.places.field[a:b])
                flipped |= self._flip(part, gain, gain > 0)

    def _flip(self, part: Reals, gain: Reals, flip: NDArray[np.bool_]) -> bool:
        np.negative(part, out=part, where=flip)
        self.energy -= 2 * (gain * flip).sum(axis=0, dtype=np.float64)
        return bool(flip.any())
