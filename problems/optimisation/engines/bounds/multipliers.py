"""Multipliers as the integers of a proof (`proofs.model`, `semidefinite`)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from problems.optimisation.engines.bounds.triangles import Triangles
from problems.optimisation.forms.spins import SpinForm
from problems.optimisation.proofs.model import Proof
from problems.optimisation.proofs.reading import Faulty, Undecided
from problems.optimisation.proofs.semidefinite import check_spins, strongest_spins
from toolbox.arrays.types import Floats

LOST = 0.005
"""What rounding of the diagonal may cost a bound, in units of cost."""
MOST_BITS = 58
"""Of multipliers and of their sum."""


@dataclass(frozen=True, eq=False)
class Whole:
    """Multipliers in multiples of 2**-shift: the diagonal, and [i, j, k, a, b, c, t] a triangle."""

    shift: int
    diagonal: list[int]
    triangles: list[list[int]]

    def node(self) -> dict[str, Any]:
        """The leaf of a tree."""
        return {"diagonal": self.diagonal, "triangles": self.triangles}

    def proves(self, form: SpinForm, bound: int) -> bool:
        """Whether the verifier's own check takes them for this bound."""
        try:
            check_spins(form, self.diagonal, self.triangles, self.shift, bound)
        except (Faulty, Undecided):
            return False
        return True

    def proof(self, form: SpinForm) -> Proof | None:
        """The best bound that the verifier's own check takes; None where it takes none."""
        bound = strongest_spins(form, self.diagonal, self.triangles, self.shift)
        return None if bound is None else Proof("semidefinite", bound, {"shift": self.shift, **self.node()})


def places(form: SpinForm, lost: float = LOST) -> int:
    """Binary places that make rounding cost little, as far as the sums then fit into 64 bits."""
    # each of m entries of u loses less than 2**-shift, and ½ Σ u is in units of 4·cost: m/8 of that in all
    weight = int(np.abs(form.couplings).sum()) + int(np.abs(form.field).sum())
    wanted = int(np.ceil(np.log2((form.size + 1) / (8 * lost))))
    return max(0, min(wanted, MOST_BITS - 2 - weight.bit_length()))


def rounded(t: Floats, shift: int) -> Floats:
    """Multipliers of triangles as multiples of 2**-shift; the diagonal is to be found after that."""
    return np.asarray(np.rint(t * 2.0**shift) / 2.0**shift)


def whole(u: Floats, triangles: Triangles, t: Floats, shift: int) -> Whole:
    """Rounds the diagonal down, which keeps the matrix positive, and drops triangles without a multiplier."""
    times = np.rint(t * 2.0**shift).astype(np.int64)
    used = np.flatnonzero(times)
    rows = np.column_stack([triangles.corners[used], triangles.signs[used], times[used]])
    diagonal = np.floor(u * 2.0**shift).astype(np.int64)
    return Whole(shift, diagonal.tolist(), rows.tolist())
