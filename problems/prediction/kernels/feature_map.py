"""The circuit of the projected quantum kernel: which angles a row becomes, and its OpenQASM 3 text.

`layers` repetitions of (H on every qubit, RZ(b·u_i) on qubit i, exp(-i b²·u_i·u_{i+1}/2·ZZ) along the
chain): the evolution under an Ising Hamiltonian whose fields and couplings are the row's features, after
Havlíček et al. 2019 (Nature 567, 209) and Huang et al. 2021 (Nat. Commun. 12, 2631). The bandwidth b scales
the features (Shaydulin & Wild 2022, Phys. Rev. A 106, 042407; Canatar et al. 2022, arXiv:2206.06686).
A chain embeds into heavy-hex couplings without SWAPs; one layer costs two rounds of ZZ.
"""

import numpy as np

from toolbox.arrays.types import Floats
from toolbox.circuits import qasm3


def angles(scaled: Floats, bandwidth: float, entangled: bool = True) -> Floats:
    """Turns scaled features into circuit parameters.

    Args:
        scaled: features of shape (rows, qubits), dimensionless.
        bandwidth: b, radians a unit of feature.
        entangled: whether the couplings are wanted.

    Returns:
        Radians of shape (rows, 2·qubits - 1), or (rows, qubits) without entanglement, rounded to 1e-10 so
        that machines whose linear algebra differs in the last bits write down the same circuit.
    """
    fields: Floats = bandwidth * scaled
    if entangled:
        fields = np.hstack([fields, fields[:, :-1] * fields[:, 1:]])
    rounded: Floats = fields.round(10)
    return rounded


def parameter_names(qubits: int, entangled: bool = True) -> tuple[str, ...]:
    """Names of the columns that `angles` returns; every circuit of the map takes all of them."""
    fields = tuple(f"theta_{i}" for i in range(qubits))
    return fields + (tuple(f"phi_{i}" for i in range(qubits - 1)) if entangled else ())


def circuit(qubits: int, layers: int, basis: str, entangled: bool = True) -> str:
    """Returns the circuit as OpenQASM 3 text, every qubit measured in the basis `x`, `y` or `z`.

    Classical bit i holds qubit i. Without `entangled` the same circuit lacks its two-qubit gates.
    """
    gates: list[str] = []
    for _ in range(layers):
        gates += qasm3.on_all("h", qubits)
        gates += [f"rz(theta_{i}) q[{i}];" for i in range(qubits)]
        if entangled:
            gates += _couplings(qubits)
    gates += qasm3.measured_in(basis, qubits)
    return qasm3.program(qubits, gates, inputs=parameter_names(qubits, entangled))


def _couplings(qubits: int) -> list[str]:
    rounds = (*range(0, qubits - 1, 2), *range(1, qubits - 1, 2))  # two rounds of disjoint pairs
    return [line for i in rounds for line in qasm3.zz(f"phi_{i}", i, i + 1)]
