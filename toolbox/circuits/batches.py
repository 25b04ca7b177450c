"""How circuits are run that a method hands off, and circuits without parameters."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from escalation.model.blob import Blob
from escalation.model.kinds.circuit_batch import Pub
from toolbox.arrays import npy

OPTIONS: Mapping[str, Any] = {
    "twirling": True,
    "dynamical_decoupling": "XpXm",
    "optimization_level": 3,
}
"""Pauli twirling of gates and readout, echoes while qubits idle."""


def plain_pub(qasm3: str, shots: int) -> Pub:
    """A circuit without parameters: one parameter set, of no numbers."""
    return Pub(qasm3, Blob(npy.dump(np.zeros((1, 0)))), (), shots)
