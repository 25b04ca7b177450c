"""How far a quantum kernel's geometry is from what classical kernels can express; needs no labels.

The geometric difference of Huang et al. 2021 (Nat. Commun. 12, 2631; arXiv:2011.01938, equation 5, and
F19 with regularisation). Near 1, some classical kernel learns whatever the quantum one can; only where it
is of the order of √rows is an advantage possible at all, and even then not promised.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from toolbox.arrays.types import Floats

TRAINING_ERROR = 0.045
"""The largest training error that the regularisation may cost, as in Huang et al."""

BANDWIDTHS = (0.01, 0.1, 0.3, 1.0, 3.0, 10.0)
"""Of the classical RBF kernels, in units of 1 / median squared distance."""

BOOTSTRAPS = 8
"""Repetitions of the parametric bootstrap over shots."""

_RIDGES = 10.0 ** np.arange(1.0, -10.5, -0.5)


def squared_distances(a: Floats, b: Floats) -> Floats:
    """Squared Euclidean distances, shape (rows of a, rows of b)."""
    distances: Floats = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None, :] - 2.0 * (a @ b.T)
    return np.maximum(distances, 0.0)


def rbf(a: Floats, b: Floats, gamma: float) -> Floats:
    """The kernel exp(-gamma·|a - b|²), shape (rows of a, rows of b)."""
    result: Floats = np.exp(-gamma * squared_distances(a, b))
    return result


def median_gamma(features: Floats) -> float:
    """One over the median squared distance between rows; 1 where rows are alike."""
    upper = np.triu_indices(len(features), 1)
    median = float(np.median(squared_distances(features, features)[upper])) if len(features) > 1 else 0.0
    return 1.0 / median if median > 0 else 1.0


def normalised(kernel: Floats) -> Floats:
    """The kernel scaled to trace n, as the comparison asks for."""
    scaled: Floats = kernel * (len(kernel) / np.trace(kernel))
    return scaled


def concentration(kernel: Floats) -> float:
    """Variance of the off-diagonal entries; towards 0 the kernel tells rows apart no more.

    Thanasilp et al. 2024 (Nat. Commun. 15, 5200).
    """
    off = kernel[~np.eye(len(kernel), dtype=bool)]
    return float(off.var()) if off.size else 0.0


def geometric_difference(classical: Floats, quantum: Floats, training_error: float = TRAINING_ERROR) -> float:
    """Returns g(classical || quantum), dimensionless.

    With the largest λ whose training part λ·√‖√Kq (Kc + λ)⁻² √Kq‖ stays within `training_error`, this is
    √‖√Kq √Kc (Kc + λ)⁻² √Kc √Kq‖ (F19), in the spectral norm; with `training_error` 0 and an invertible
    Kc it is √‖√Kq Kc⁻¹ √Kq‖ (equation 5).

    Args:
        classical: a positive semidefinite kernel matrix of shape (n, n), scaled here to trace n.
        quantum: likewise.
        training_error: 0 for no regularisation.
    """
    return _difference(_classical(classical), normalised(quantum), training_error)


@dataclass(frozen=True)
class _Spectrum:
    """A classical kernel by its eigenvalues, shape (n,), and eigenvectors, shape (n, n)."""

    values: Floats
    vectors: Floats


def _classical(kernel: Floats) -> _Spectrum:
    values, vectors = np.linalg.eigh(normalised(kernel))
    return _Spectrum(np.maximum(values, 0.0), vectors)


def _difference(classical: _Spectrum, quantum: Floats, training_error: float) -> float:
    # in the eigenbasis of Kc both norms are of D·B·D with a diagonal D, since ‖√B A √B‖ = ‖√A B √A‖
    rotated = classical.vectors.T @ quantum @ classical.vectors
    floor = np.finfo(float).eps * len(quantum)
    values = np.maximum(classical.values, floor)
    ridge = _ridge(values, rotated, training_error) if training_error > 0 else 0.0
    return _norm(np.sqrt(values) / (values + ridge), rotated)


def _ridge(values: Floats, rotated: Floats, training_error: float) -> float:
    """The largest ridge of the grid that costs no more; the training part grows with λ as λ / (Kc + λ)."""
    first, last = 0, len(_RIDGES) - 1
    while first < last:
        middle = (first + last) // 2
        ridge = _RIDGES[middle]
        if ridge * _norm(1.0 / (values + ridge), rotated) <= training_error:
            last = middle
        else:
            first = middle + 1
    return float(_RIDGES[first])


def _norm(diagonal: Floats, rotated: Floats) -> float:
    """√ of the largest eigenvalue of diag · rotated · diag."""
    largest = np.linalg.eigvalsh(diagonal[:, None] * rotated * diagonal[None, :])[-1]
    return float(np.sqrt(max(largest, 0.0)))


def classical_kernels(features: Floats) -> dict[str, Floats]:
    """The classical competitors on the same features: linear, and RBF over a grid of bandwidths."""
    kernels = {}
    linear = features @ features.T
    if np.trace(linear) > 0:
        kernels["linear"] = linear
    gamma = median_gamma(features)
    for factor in BANDWIDTHS:
        kernels[f"rbf {factor:g}"] = rbf(features, features, factor * gamma)
    return kernels


UNEXPLAINED = 0.1
"""Share of the targets' variance that is left over where complexities are compared."""


def complexity(kernel: Floats, target: Floats) -> float:
    """Returns the squared norm of the function of a kernel's space that explains a target, over the rows.

    The model complexity s / n of Huang et al. 2021 (equation 4, with regularisation), the kernel scaled to
    trace n: with the largest λ that leaves at most a tenth of the target's square unexplained on these rows,
    yᵀ√K (K + λ)⁻² √K y / n. For numbers it bounds the mean error of new rows by about √(s / n).

    Args:
        kernel: positive semidefinite, shape (n, n).
        target: of mean 0 and variance 1, shape (n,).
    """
    return _complexity(_classical(kernel), target)


def _complexity(kernel: _Spectrum, target: Floats) -> float:
    shares = (kernel.vectors.T @ target) ** 2
    shares = shares / shares.sum()
    for ridge in _RIDGES:
        if float(shares @ (ridge / (kernel.values + ridge)) ** 2) <= UNEXPLAINED:
            break
    return float(shares @ (kernel.values / (kernel.values + ridge) ** 2))


def model_complexity(scaled: Floats, projected: Floats, targets: Floats) -> dict[str, float]:
    """Compares what the targets cost the simplest classical kernel and the quantum one.

    Args:
        scaled: classical features, shape (n, qubits).
        projected: exact or measured ⟨X⟩, ⟨Y⟩, ⟨Z⟩, shape (n, 3·qubits).
        targets: of mean 0 and variance 1, shape (n, number).

    Returns:
        `classical` and `quantum`, s / n of the target whose ratio is largest, and `ratio`, √ of theirs: what
        these targets make of the geometric difference, the most that it could be for any. At 1 or below the
        quantum kernel needs the larger function.
    """
    quantum = _classical(rbf(projected, projected, median_gamma(projected)))
    spectra = [_classical(kernel) for kernel in classical_kernels(scaled).values()]
    found = []
    for target in targets.T:
        own = min(_complexity(each, target) for each in spectra)
        found.append((own, _complexity(quantum, target)))
    classical, other = max(found, key=lambda pair: pair[0] / pair[1])
    return {"classical": classical, "quantum": other, "ratio": float(np.sqrt(classical / other))}


@dataclass(frozen=True)
class Geometry:
    """What is reported of a quantum kernel.

    Attributes:
        difference: geometric difference to the closest classical kernel.
        closest: which one that is.
        error: root mean square change of `difference` under shot noise; None without shots.
        concentration: variance of the off-diagonal kernel entries.
    """

    difference: float
    closest: str
    error: float | None
    concentration: float


def geometry(scaled: Floats, projected: Floats, shots: int | None = None, seed: int = 0) -> Geometry:
    """Compares the projected quantum kernel with the classical ones on the same rows, before any label.

    The kernel is taken at its median width. A machine tuned on labels may prefer a much wider one, whose
    constant part would hide the rest: the machine's intercept absorbs it, the geometric difference does not.

    Args:
        scaled: classical features, shape (n, qubits).
        projected: exact or measured ⟨X⟩, ⟨Y⟩, ⟨Z⟩, shape (n, 3·qubits).
        shots: of every expectation value, for the parametric bootstrap of the error; None for no error.
        seed: of that bootstrap.
    """
    gamma = median_gamma(projected)
    quantum = normalised(rbf(projected, projected, gamma))
    spectra = {name: _classical(kernel) for name, kernel in classical_kernels(scaled).items()}
    found = {name: _difference(each, quantum, TRAINING_ERROR) for name, each in spectra.items()}
    closest = min(found, key=lambda name: found[name])
    error = None
    if shots is not None:
        rng = np.random.default_rng(seed)
        error = _shot_error(
            lambda noisy: _difference(spectra[closest], normalised(rbf(noisy, noisy, gamma)), TRAINING_ERROR),
            found[closest],
            (resample(projected, shots, rng) for _ in range(BOOTSTRAPS)),
        )
    return Geometry(found[closest], closest, error, concentration(quantum))


def _shot_error(difference: Callable[[Floats], float], value: float, noisy: Iterable[Floats]) -> float:
    squares = [(difference(each) - value) ** 2 for each in noisy]
    return float(np.sqrt(np.mean(squares)))


def resample(projected: Floats, shots: int, rng: np.random.Generator) -> Floats:
    """Draws what `shots` shots would give: every expectation value with its own binomial noise.

    Bits of one shot are treated as independent, which their marginals (all that is used) do not notice.
    """
    up = np.clip((1.0 + projected) / 2.0, 0.0, 1.0)
    result: Floats = 2.0 * rng.binomial(shots, up) / shots - 1.0
    return result
