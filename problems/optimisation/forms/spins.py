"""The bits kinds as spins: 4·cost = constant + Σ field_i s_i + Σ_{i<j} J_ij s_i s_j, with s_i = 2 x_i - 1.

All coefficients are integers. A maximum cut has no field. An independent set becomes the QUBO
-Σ x_i + Σ_edges x_u x_v, whose minimum is exactly minus the largest set: where an edge lies inside the chosen
vertices, leaving one of its ends out costs 1 and saves at least 1 (Hammer & Rudeanu 1968).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from problems.optimisation.model.models import IndependentSet, MaxCut, Qubo, SpinModel, sign

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SpinForm:
    """Spins with fields and couplings.

    Attributes:
        constant: the part of 4·cost that no spin changes.
        field: int64, shape (n,).
        pairs: int64, shape (couplings, 2), i < j, each pair once.
        couplings: int64, shape (couplings,).
    """

    constant: int
    field: Ints
    pairs: Ints
    couplings: Ints

    @property
    def size(self) -> int:
        """Number of spins."""
        return len(self.field)

    @property
    def symmetric(self) -> bool:
        """Whether turning every spin changes nothing."""
        return not self.field.any()

    def four_cost(self, bits: NDArray[np.int32]) -> int:
        """4·cost of bits 0 or 1, shape (n,)."""
        s = 2 * np.asarray(bits, dtype=np.int64) - 1
        i, j = self.pairs.T
        return self.constant + int(self.field @ s) + int(self.couplings @ (s[i] * s[j]))

    def matrix(self) -> Ints:
        """The symmetric K with 4·cost = constant + ½ sᵀKs, zero diagonal.

        Its order is n for a symmetric form; otherwise n + 1, with a spin that is always 1 in front, whose row
        holds the field.
        """
        shift = 0 if self.symmetric else 1
        k = np.zeros((self.size + shift, self.size + shift), dtype=np.int64)
        i, j = self.pairs.T + shift
        k[i, j] = k[j, i] = self.couplings
        if shift:
            k[0, 1:] = k[1:, 0] = self.field
        return k

    def fix(self, bits: Mapping[int, int]) -> "SpinForm":
        """The form of the spins that are left when some are fixed (to bits 0 or 1), in their order."""
        spin = np.zeros(self.size, dtype=np.int64)
        for index, bit in bits.items():
            spin[index] = 2 * bit - 1
        fixed = spin != 0
        i, j = self.pairs.T
        constant = self.constant + int(self.field @ spin) + int(self.couplings @ (spin[i] * spin[j]))
        field = self.field.copy()
        np.add.at(field, i, np.where(fixed[j], self.couplings * spin[j], 0))
        np.add.at(field, j, np.where(fixed[i], self.couplings * spin[i], 0))
        place = np.cumsum(~fixed) - 1
        free = ~fixed[i] & ~fixed[j]
        return SpinForm(constant, field[~fixed], place[self.pairs[free]], self.couplings[free])


def spin_form(model: SpinModel) -> SpinForm:
    """Returns the spins of an instance; bit i of a point is spin i."""
    if isinstance(model, MaxCut):
        triples = np.asarray(model.edges, dtype=np.int64).reshape(-1, 3)
        weights = triples[:, 2]
        field = np.zeros(model.vertices, dtype=np.int64)
        return SpinForm(-2 * int(weights.sum()), field, triples[:, :2], 2 * weights)
    if isinstance(model, IndependentSet):
        edges = np.asarray(model.edges, dtype=np.int64).reshape(-1, 2)
        return _of_qubo(
            np.full(model.vertices, -1, dtype=np.int64), edges, np.ones(len(edges), dtype=np.int64), 0
        )
    assert isinstance(model, Qubo)
    triples = np.asarray(model.quadratic, dtype=np.int64).reshape(-1, 3)
    to_cost = sign(model)
    linear = to_cost * np.asarray(model.linear, dtype=np.int64)
    return _of_qubo(linear, triples[:, :2], to_cost * triples[:, 2], to_cost * model.offset)


def _of_qubo(linear: Ints, pairs: Ints, q: Ints, offset: int) -> SpinForm:
    field = 2 * linear
    np.add.at(field, pairs[:, 0], q)
    np.add.at(field, pairs[:, 1], q)
    return SpinForm(4 * offset + 2 * int(linear.sum()) + int(q.sum()), field, pairs, q)
