"""Semidefinite bounds on spins, made rigorous: a floating Cholesky factorisation with all rounding accounted.

Let A be the exact symmetric matrix (of order m), Ã what is factorised, u = 2⁻⁵³ and γ_k = k u / (1 - k u).
If the floating factorisation of Ã runs to its end, RᵀR = Ã + Δ with |Δ_ij| ≤ γ_k/(1 - γ_k) √(ã_ii ã_jj), so
that ‖Δ‖₂ ≤ γ_k/(1 - γ_k) tr Ã, in whatever order the sums are made (Rump 2006, BIT 46, 433, theorem 2.3;
Higham 2002, theorem 10.3, with k = m + 1). With Ã = A - cI + E, E the rounding of the input and of the
diagonal, A is positive semidefinite whenever c ≥ γ_k/(1 - γ_k) tr Ã + ‖E‖₂. We take k = 2 (m + 3), because
libraries multiply by rounded reciprocals where the theorem divides; a hundredth more, for the rounding of c
itself; and a constant above all underflow.

The diagonal shift δ of the format is the verifier's: the claimed bound says how large δ may be at most, and
that one is tried. So a claim holds wherever the matrix lacks no more than that of being semidefinite.
"""

import math
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.linalg.lapack import dpotrf

from problems.optimisation.forms.spins import Ints, SpinForm
from problems.optimisation.proofs.reading import Faulty, Undecided, fields, integers, shift_of
from toolbox.arrays.types import Floats

MOST_ORDER = 6000
"""Of a matrix that is factorised: 0.6 GB, some seconds. Larger ones must be diagonally dominant."""
EXACT = 1 << 53
"""Integers up to this are floating numbers."""
SAFE = 1 << 62
UNIT = 2.0**-53
UNDERFLOW = 1e-280
"""Far above all that underflow can do to a sum of `MOST_ORDER` squared terms, far below everything else."""


def check_semidefinite(form: SpinForm, data: Any, bound: int) -> None:
    """Checks a `semidefinite` proof; raises `Faulty` where it does not prove `bound`."""
    shift, diagonal, triangles = fields(data, ("shift", "diagonal", "triangles"))
    check_spins(form, diagonal, triangles, shift_of(shift), bound)


def check_spins(form: SpinForm, diagonal: Any, triangles: Any, shift: int, bound: int) -> None:
    """Checks that the multipliers prove `bound` on a form of the spins (`proofs.model` has the formula).

    Raises:
        Faulty: when they do not.
        Undecided: beyond the verifier's limits.
    """
    order = form.size + (not form.symmetric)
    u = integers(diagonal, "diagonal multipliers", order)
    cuts = _triangles(triangles, order)
    # doubled and scaled: constant + ½ Σ u - Σ t - ½ m δ > 4 (bound - 1) leaves this much for m δ
    slack = ((form.constant - 4 * (bound - 1)) << (shift + 1)) + sum(u) - 2 * sum(cut[6] for cut in cuts)
    if slack <= 0:
        raise Faulty(f"the multipliers prove no bound as high as {bound}, even without rounding")
    if order > MOST_ORDER:
        shown = not cuts and _dominant(form, u, shift, slack)
    else:
        shown = order == 0 or positive(_shifted(form, u, cuts, shift), slack)
    if not shown:
        raise Faulty(f"the matrix is not shown to be positive semidefinite, as a bound of {bound} needs it")


def _triangles(triangles: Any, order: int) -> list[list[int]]:
    if not isinstance(triangles, list):
        raise Faulty("expected a list of triangles")
    for triangle in triangles:
        i, j, k, a, b, c, t = integers(triangle, "numbers of a triangle", 7)
        if not 0 <= i < j < k < order or {abs(a), abs(b), abs(c)} != {1} or a * b * c != 1 or t < 0:
            raise Faulty(
                f"expected triangles i < j < k with signs whose product is 1 and t ≥ 0, got {triangle}"
            )
    return triangles


def _shifted(form: SpinForm, u: list[int], cuts: list[list[int]], shift: int) -> Ints:
    """The matrix of the format without δ, in units of 2**-shift, exactly."""
    matrix = form.matrix()
    largest = max(int(matrix.max()), -int(matrix.min())) << shift
    if largest + max(map(abs, u)) + sum(cut[6] for cut in cuts) >= SAFE:
        raise Undecided("the multipliers and coefficients are too large for exact arithmetic")
    matrix <<= shift
    matrix[np.diag_indices(len(u))] -= np.array(u, dtype=np.int64)
    if cuts:
        i, j, k, a, b, c, t = np.array(cuts, dtype=np.int64).T
        for row, column, sign in ((i, j, a), (i, k, b), (j, k, c)):
            np.subtract.at(matrix, (row, column), sign * t)
            np.subtract.at(matrix, (column, row), sign * t)
    return matrix


def positive(matrix: Ints, slack: int) -> bool:
    """Shows that `matrix` + δI is positive semidefinite for a δ with order * δ < slack; False: not shown."""
    order = len(matrix)
    delta = _below(Fraction(slack, order))
    floats = np.asfortranarray(matrix, dtype=np.float64)
    diagonal = floats.diagonal() + delta
    if not diagonal.min() > 0:
        return False
    shift = _shift(diagonal, _rounding(matrix, floats) + 4 * UNIT * float(np.abs(floats.diagonal()).max()))
    np.fill_diagonal(floats, diagonal - shift)
    if not np.isfinite(shift) or not floats.diagonal().min() > 0:
        return False
    return bool(dpotrf(floats, lower=1, clean=0, overwrite_a=1)[1] == 0)


def _shift(diagonal: Floats, rounding: float) -> float:
    """The c of the module's text, for a diagonal that is all positive."""
    k = 2 * (len(diagonal) + 3)
    gamma = k * UNIT / (1 - k * UNIT)
    cholesky = gamma / (1 - gamma) * float(diagonal.sum())
    return 1.01 * (cholesky + rounding + 4 * UNIT * float(diagonal.max())) + UNDERFLOW


def _rounding(matrix: Ints, floats: Floats) -> float:
    """At least the norm of what is lost when the integers become floating numbers."""
    if max(int(matrix.max()), -int(matrix.min())) <= EXACT:
        return 0.0
    return UNIT * 1.01 * float(np.abs(floats).sum(axis=1).max())


def _below(limit: Fraction) -> float:
    """A floating number below a positive limit, hardly."""
    value = float(limit)
    while Fraction(value) >= limit:
        value = math.nextafter(value, 0.0)
    return value


def _dominant(form: SpinForm, u: list[int], shift: int, slack: int) -> bool:
    """The same by diagonal dominance alone, in whole numbers, for matrices too large to factorise."""
    sums = np.zeros(form.size, dtype=np.int64)
    for ends in form.pairs.T:
        np.add.at(sums, ends, np.abs(form.couplings))
    rows = sums.tolist()
    if not form.symmetric:
        field = np.abs(form.field).tolist()
        rows = [sum(field), *(row + extra for row, extra in zip(rows, field, strict=True))]
    # Gershgorin's circles: every eigenvalue is at least the diagonal, -u, less the row's sum
    lacking = max((row << shift) + dual for row, dual in zip(rows, u, strict=True))
    return lacking <= 0 or lacking * len(u) < slack


def strongest_spins(
    form: SpinForm, diagonal: list[int], triangles: list[list[int]], shift: int
) -> int | None:
    """The best integer bound that multipliers prove, None for data that prove none; for provers.

    Exponential search, as a check costs a factorisation: starts from the bound at δ = 0 and goes down, by
    one, then by twice as much each time; then up again by halves.
    """
    most = (form.constant << (shift + 1)) + sum(diagonal) - 2 * sum(cut[6] for cut in triangles)
    bound, step = -(-most >> (shift + 3)), 1

    def proven(claim: int) -> bool:
        try:
            check_spins(form, diagonal, triangles, shift, claim)
        except (Faulty, Undecided):
            return False
        return True

    while not proven(bound):
        bound, step = bound - step, step * 2
        if step > SAFE:
            return None
    while step > 1:
        step //= 2
        if proven(bound + step):
            bound += step
    return bound
