"""The circuits that rows may be measured with, by the name that an encoding has for them."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from escalation.model.identity import derive_seed, digest_json
from problems.prediction.kernels import perceptron, quantum_features, reuploading
from toolbox.arrays.types import Floats


class CircuitModel(Protocol):
    """A module that writes a circuit down and reads what was measured."""

    def circuits(self, encoding: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Returns the circuits and the names of their parameters."""
        ...

    def encode(self, frame: Any, encoding: Mapping[str, Any]) -> Floats:
        """Returns the parameters of every row."""
        ...

    def classical(self, frame: Any, encoding: Mapping[str, Any]) -> Floats:
        """Returns the features that the circuit takes."""
        ...

    def features(self, samples: Sequence[npt.NDArray[np.uint8]], encoding: Mapping[str, Any]) -> Floats:
        """Returns what was measured of every row, from the packed samples of each circuit."""
        ...


class TrainedModel(CircuitModel, Protocol):
    """One whose encoding holds what was `learned`."""

    def drawn(self, encoding: Mapping[str, Any], seed: int) -> Floats:
        """Returns what might have been learned, at random."""
        ...

    def trained(
        self, encoding: Mapping[str, Any], frame: Any, targets: Floats, seeds: Sequence[int]
    ) -> tuple[Floats, float]:
        """Returns what is learned from rows, and the share of the targets' variance that is left over."""
        ...


TRAINED: Mapping[str, TrainedModel] = {"reuploading": reuploading, "perceptron": perceptron}


def model_of(encoding: Mapping[str, Any]) -> CircuitModel:
    """Returns the circuit model that an encoding names under `circuit`; none names the projected kernel's.

    Raises:
        ValueError: on an unknown name.
    """
    name = encoding.get("circuit")
    if name is None:
        return quantum_features
    if name not in TRAINED:
        raise ValueError(f"unknown circuit {name!r}: expected one of {', '.join(TRAINED)}")
    return TRAINED[name]


def untrained(encoding: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the same circuit with angles or weights at random: the null control of what was learned.

    Their seed follows from what was learned, so that nobody can choose it.
    """
    model = TRAINED[encoding["circuit"]]
    seed = derive_seed(0, "untrained", digest_json(dict(encoding)))
    return {**encoding, "learned": model.drawn(encoding, seed).tolist()}
