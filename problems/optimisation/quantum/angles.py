"""Angles of QAOA from the literature, rescaled to an instance: nothing is optimised on a device.

Convention: minimise H = Σ J_ij Z_i Z_j + Σ h_i Z_i with U = Π_k exp(-i β_k Σ X) exp(+i γ_k/2 · H/s), from the
uniform superposition, where s is the root mean square of the terms of H. For an unweighted maximum cut this
is exp(-i γ C) with C the cut, as in Farhi, Goldstone & Gutmann 2014, arXiv:1411.4028.
"""

from dataclasses import dataclass
from math import atan, inf, pi, sqrt

import numpy as np

from problems.optimisation.forms.spins import SpinForm

MOST_LAYERS = 3

Table = dict[int, tuple[tuple[float, ...], tuple[float, ...]]]

LARGE_DEGREE: Table = {
    1: ((0.5,), (pi / 8,)),
    2: ((0.3817, 0.6655), (0.4960, 0.2690)),
    3: ((0.3297, 0.5688, 0.6406), (0.5500, 0.3675, 0.2109)),
}
"""Layers -> γ, β in the limit of large degree and girth (Basso, Farhi, Marwaha, Villalonga & Zhou 2022,
arXiv:2110.14206, table 4), which is that of the Sherrington-Kirkpatrick model too."""

CUBIC: Table = {
    1: ((0.61548,), (pi / 8,)),
    2: ((0.48789, 0.89776), (0.55476, 0.29226)),
    3: ((0.41788, 0.79215, 0.93233), (0.60033, 0.45242, 0.23511)),
}
"""Layers -> γ, β of unweighted 3-regular graphs (Wurtz & Lykov 2021, Phys. Rev. A 104, 052419), by the
symmetries of QAOA brought next to zero."""


@dataclass(frozen=True)
class AngleSchedule:
    """Angles for one instance.

    Attributes:
        gammas: radians a unit of `H/s`, one a layer.
        betas: radians, one a layer.
        strength: s, the root mean square of the terms.
        source: which table.
    """

    gammas: tuple[float, ...]
    betas: tuple[float, ...]
    strength: float
    source: str

    @property
    def layers(self) -> int:
        """Number of layers."""
        return len(self.gammas)


def schedule(form: SpinForm, layers: int) -> AngleSchedule:
    """Returns the angles for a form.

    The γ of the large-degree table become 2γ·arctan(1/√(D-1)) for average degree D, which is exact for one
    layer on triangle-free regular graphs (Wang, Hadfield, Jiang & Rieffel 2018, Phys. Rev. A 97, 022304);
    with weights they are divided by the root mean square (Sureshbabu et al. 2024, Quantum 8, 1231; Shaydulin
    et al. 2023, ACM Trans. Quantum Comput. 4, 19). A field counts as a coupling to one more spin that is
    held.
    """
    if not 1 <= layers <= MOST_LAYERS:
        raise ValueError(f"expected 1 to {MOST_LAYERS} layers, got {layers}")
    terms = np.concatenate([form.couplings, form.field[form.field != 0]]).astype(np.float64)
    if not terms.size:
        return AngleSchedule((0.0,) * layers, CUBIC[layers][1], 1.0, "nothing to minimise")
    strength = float(np.sqrt(np.mean(terms**2)))
    if _cubic(form):
        return AngleSchedule(*CUBIC[layers], strength, "3-regular (Wurtz & Lykov 2021)")
    degree = (2 * len(form.couplings) + np.count_nonzero(form.field)) / form.size
    turn = 2 * atan(1 / sqrt(degree - 1)) if degree > 1 else 2 * atan(inf)
    gammas, betas = LARGE_DEGREE[layers]
    source = "large degree (Basso et al. 2022), scaled by degree and root mean square"
    return AngleSchedule(tuple(gamma * turn for gamma in gammas), betas, strength, source)


def _cubic(form: SpinForm) -> bool:
    degrees = np.bincount(form.pairs.ravel(), minlength=form.size)
    alike = len(np.unique(np.abs(form.couplings))) == 1
    return form.symmetric and alike and bool((degrees == 3).all())
