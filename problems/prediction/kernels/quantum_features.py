"""From table rows to circuit parameters, and from samples to features: shared by solver and verifier.

numpy only. An encoding is plain JSON data, so that a candidate can state it and anybody can recompute what
its circuits should have been given.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from problems.prediction.kernels.feature_map import angles, circuit, parameter_names
from problems.prediction.tables.table import Column, width
from toolbox.arrays.types import Floats
from toolbox.circuits.qasm3 import BASES
from toolbox.circuits.samples import expectations

PARAMETER_TOLERANCE = 1e-6
"""Radians by which recomputed parameters may differ: rounding, and linear algebra on another machine."""

CLIP = 3.0
"""Scaled features of real tables are cut here, so that one outlier does not wind around the circuit."""


def fit_encoding(frame: Any, columns: Sequence[Column], qubits: int, native: bool = False) -> dict[str, Any]:
    """Learns from training rows how features become `qubits` scaled features.

    Missing numbers become the median, categories are one-hot encoded, every feature is centred on its
    median and divided by its interquartile range; more features than qubits are reduced to their leading
    principal components, each divided by its standard deviation; all is cut at ±3.

    Args:
        frame: training rows (a pandas DataFrame).
        columns: the features.
        qubits: how many scaled features are wanted, at most `width(columns)`.
        native: the first `qubits` columns are taken as they are (constructed data, whose features already
            are what the circuit takes).

    Returns:
        Plain JSON data, to which `bandwidth`, `layers` and `entangled` are added by whoever chooses them.
    """
    if not 1 <= qubits <= width(columns):
        raise ValueError(f"expected 1 to {width(columns)} qubits for {width(columns)} features, got {qubits}")
    described = [column.to_json() for column in columns]
    raw = _matrix(frame, described)
    identity, none = np.eye(raw.shape[1])[:, :qubits], np.zeros(qubits)
    if native:
        nothing = np.zeros(raw.shape[1])
        return _encoding(
            described, centre=nothing, spread=nothing + 1.0, components=identity, offset=none, clip=None
        )
    median = _columnwise(np.nanmedian, raw, 0.0)
    raw = np.where(np.isnan(raw), median, raw)
    spread = _spread(raw)
    if raw.shape[1] == qubits:
        return _encoding(described, centre=median, spread=spread, components=identity, offset=none, clip=CLIP)
    scaled = np.clip((raw - median) / spread, -CLIP, CLIP)
    components = _components(scaled, qubits)
    offset = scaled.mean(axis=0) @ components
    return _encoding(described, centre=median, spread=spread, components=components, offset=offset, clip=CLIP)


def _encoding(
    columns: list[dict[str, Any]],
    *,
    centre: Floats,
    spread: Floats,
    components: Floats,
    offset: Floats,
    clip: float | None,
) -> dict[str, Any]:
    return {
        "columns": columns,
        "qubits": components.shape[1],
        "centre": centre.tolist(),
        "scale": spread.tolist(),
        "components": components.tolist(),
        "offset": offset.tolist(),
        "clip": clip,
    }


def _matrix(frame: Any, columns: Sequence[Mapping[str, Any]]) -> Floats:
    """Numbers as they are, categories one-hot (missing or unseen: all zeros); shape (rows, width)."""
    parts = []
    for column in columns:
        if column["kind"] == "category":
            values = frame[column["name"]].to_numpy(dtype=object)
            parts += [
                np.array([value == level for value in values], dtype=float) for level in column["levels"]
            ]
        else:
            parts.append(frame[column["name"]].to_numpy(dtype=float))
    return np.stack(parts, axis=1)


def _columnwise(function: Any, values: Floats, default: float) -> Floats:
    """Applies `function` to every column that has a value at all."""
    some = ~np.isnan(values).all(axis=0)
    out = np.full(values.shape[1], default)
    out[some] = function(values[:, some], axis=0)
    return out


def _spread(values: Floats) -> Floats:
    """Interquartile range, standard deviation where that is zero (rare flags), 1 where both are."""
    upper, lower = np.percentile(values, [75.0, 25.0], axis=0)
    spread = np.where(upper > lower, upper - lower, values.std(axis=0))
    return np.where(spread > 0, spread, 1.0)


def _components(scaled: Floats, qubits: int) -> Floats:
    """Leading principal directions, each divided by its standard deviation; shape (width, qubits)."""
    _, singular, rows = np.linalg.svd(scaled - scaled.mean(axis=0), full_matrices=False)
    directions = np.zeros((qubits, scaled.shape[1]))
    directions[: min(qubits, len(rows))] = rows[:qubits]
    # an SVD leaves the sign open: the largest entry is made positive
    largest = np.abs(directions).argmax(axis=1)
    directions *= np.where(directions[np.arange(qubits), largest] < 0, -1.0, 1.0)[:, None]
    deviations = np.ones(qubits)
    found = singular[:qubits] / np.sqrt(max(1, len(scaled) - 1))
    deviations[: len(found)] = np.where(found > 1e-12, found, 1.0)
    components: Floats = (directions / deviations[:, None]).T
    return components


def scale(frame: Any, encoding: Mapping[str, Any]) -> Floats:
    """Returns the scaled classical features that the circuit takes, shape (rows, qubits)."""
    raw = _matrix(frame, encoding["columns"])
    raw = np.where(np.isnan(raw), np.array(encoding["centre"]), raw)
    scaled = (raw - np.array(encoding["centre"])) / np.array(encoding["scale"])
    clip = encoding["clip"]
    if clip is not None:
        scaled = np.clip(scaled, -clip, clip)
    reduced: Floats = scaled @ np.array(encoding["components"]) - np.array(encoding["offset"])
    return reduced if clip is None else reduced.clip(-clip, clip)


def encode(frame: Any, encoding: Mapping[str, Any]) -> Floats:
    """Returns the circuit parameters of every row, radians, shape (rows, parameters)."""
    return angles(scale(frame, encoding), encoding["bandwidth"], encoding["entangled"])


def circuits(encoding: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Returns the three circuits (bases x, y, z) that the encoding means, and their parameters' names."""
    qubits, layers, entangled = encoding["qubits"], encoding["layers"], encoding["entangled"]
    texts = tuple(circuit(qubits, layers, basis, entangled) for basis in BASES)
    return texts, parameter_names(qubits, entangled)


def classical(frame: Any, encoding: Mapping[str, Any]) -> Floats:
    """Returns the scaled features that the circuit takes; see `scale`."""
    return scale(frame, encoding)


def features(samples: Sequence[npt.NDArray[np.uint8]], encoding: Mapping[str, Any]) -> Floats:
    """Returns the projected features of packed samples in the bases x, y and z; see `projected_features`."""
    x, y, z = samples
    return projected_features(x, y, z, encoding["qubits"])


def projected_features(
    bits_x: npt.NDArray[np.uint8], bits_y: npt.NDArray[np.uint8], bits_z: npt.NDArray[np.uint8], qubits: int
) -> Floats:
    """Returns the one-qubit reduced density matrices as Bloch vectors: all ⟨X⟩, then ⟨Y⟩, then ⟨Z⟩.

    Shape (sets, 3·qubits); exact in the samples. Projected as in Huang et al. 2021.
    """
    return np.hstack([expectations(bits, qubits) for bits in (bits_x, bits_y, bits_z)])
