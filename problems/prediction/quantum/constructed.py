"""A data set openly constructed to favour the quantum kernel, as Huang et al. 2021 do in their figure 4.

It shows the submission at work; it says nothing about data that nobody constructed.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from escalation.model.errors import BadInput
from problems.prediction.kernels.feature_map import angles
from problems.prediction.kernels.geometric import median_gamma, normalised, rbf
from problems.prediction.kernels.statevector import exact_features
from toolbox.arrays.types import Floats

if TYPE_CHECKING:
    import pandas as pd

BANDWIDTH = 3.0
LAYERS = 2
QUANTUM_GAMMA = 0.1
"""Width of the labelling kernel in ⟨X⟩, ⟨Y⟩, ⟨Z⟩: wide, so that a few hundred rows are enough to learn it."""

RIDGE = 0.01
DRAWN = 2
"""Rows drawn for every row kept: those nearest the boundary between the classes are left out."""

_KNOWN = {"rows": 320, "qubits": 6, "flip": 0.02}


def make(params: Mapping[str, Any], seed: int) -> "tuple[pd.DataFrame, dict[str, Any]]":
    """Draws rows at random and labels them where the quantum kernel is furthest from classical ones.

    Rows x are uniform in [-1, 1]^qubits. With Kq the projected quantum kernel of the circuit in
    `feature_map` and Kc a classical RBF kernel of median width, the labels are the signs (about their
    median) of √Kq·v, where v is the leading eigenvector of √Kq (Kc + λ)⁻¹ √Kq: of all functions of a given
    norm in the quantum kernel's space, the one that costs the classical kernel most (Huang et al. 2021,
    Nat. Commun. 12, 2631, equation 5 and supplement). All rows, also those that are sealed later, are
    labelled by this one function, jointly. The half nearest the boundary is left out, so that shot noise
    decides little; then a share of labels is flipped.

    Args:
        params: `rows` (default 320), `qubits` (2-8, default 6), `flip` (share of flipped labels,
            default 0.02).
        seed: of rows and flips.

    Returns:
        A table of columns `x0`, `x1`, … and `label` (`a` or `b`), and what solvers are openly told:
        `quantum_features`, the number of leading columns that are already scaled for the circuit, and
        `quantum_layers`. The bandwidth they have to find.

    Raises:
        BadInput: on an unknown or senseless parameter.
    """
    import pandas as pd

    rows, qubits, flip = _checked(params)
    rng = np.random.default_rng(seed)
    drawn = rng.uniform(-1.0, 1.0, (DRAWN * rows, qubits))
    values = _labelled(drawn.tobytes(), qubits)
    kept = np.sort(np.argsort(-np.abs(values), kind="stable")[:rows])
    positive = (values[kept] > 0) ^ (rng.random(rows) < flip)
    frame = pd.DataFrame({f"x{i}": drawn[kept, i] for i in range(qubits)})
    frame["label"] = np.where(positive, "b", "a").astype(object)
    return frame, {"quantum_features": qubits, "quantum_layers": LAYERS}


@lru_cache(maxsize=8)
def _labelled(drawn: bytes, qubits: int) -> Floats:
    """Once for the same rows: a case reads its table several times, and eigenvectors are most of that."""
    values = labelling_function(np.frombuffer(drawn).reshape(-1, qubits))
    values.setflags(write=False)
    return values


def labelling_function(rows: Floats) -> Floats:
    """Returns the values, about their median, whose signs are the labels; shape (rows,)."""
    projected = exact_features(angles(rows, BANDWIDTH), rows.shape[1], LAYERS)
    quantum = normalised(rbf(projected, projected, QUANTUM_GAMMA))
    classical = normalised(rbf(rows, rows, median_gamma(rows)))
    values = hardest_labels(classical, quantum, RIDGE)
    centred: Floats = values - np.median(values)
    return centred


def hardest_labels(classical: Floats, quantum: Floats, ridge: float) -> Floats:
    """Returns √Kq·v, shape (n,): the real-valued labels that saturate the geometric difference.

    The sign that an eigenvector leaves open is chosen so that the largest entry is positive.
    """
    values, vectors = np.linalg.eigh(quantum)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    inside = root @ np.linalg.solve(classical + ridge * np.eye(len(classical)), root)
    leading = np.linalg.eigh((inside + inside.T) / 2.0)[1][:, -1]
    labels = root @ leading
    oriented: Floats = labels * np.sign(labels[np.argmax(np.abs(labels))])
    return oriented


def _checked(params: Mapping[str, Any]) -> tuple[int, int, float]:
    unknown = sorted(set(params) - set(_KNOWN))
    if unknown:
        raise BadInput(
            f"quantum_labels: unknown parameter {unknown[0]!r}, expected one of {', '.join(_KNOWN)}"
        )
    rows, qubits, flip = (params.get(name, default) for name, default in _KNOWN.items())
    _whole("rows", rows, 40, 1000)
    _whole("qubits", qubits, 2, 8)
    if isinstance(flip, bool) or not isinstance(flip, int | float) or not 0 <= flip < 0.5:
        raise BadInput(f"quantum_labels: expected flip between 0 and 0.5, got {flip!r}")
    return rows, qubits, float(flip)


def _whole(name: str, value: Any, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadInput(
            f"quantum_labels: expected {name} to be a whole number of {least} to {most}, got {value!r}"
        )
