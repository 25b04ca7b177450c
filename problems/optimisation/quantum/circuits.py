"""QAOA as OpenQASM 3 text, and the batch of circuits of an attempt.

Classical bit v holds variable v, wherever the swaps brought it; ones are spins -1, that is bits 0 of the
instance (`decode` turns them).
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalation.model.blob import Blob
from escalation.model.identity import derive_seed
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.resources import Resources
from escalation.model.result import RawResult
from problems.optimisation.forms.spins import SpinForm
from problems.optimisation.quantum.angles import MOST_LAYERS, Schedule, schedule
from problems.optimisation.quantum.network import Fit, Gate, fit
from toolbox.arrays.types import Bits

SHOTS = 1024
MOST_GATES = 240
"""Two-qubit gates up to which a layer is added: at 0.4 % error each, 1/e of the shots meet none."""

OPTIONS: Mapping[str, Any] = {
    "twirling": True,
    "dynamical_decoupling": "XpXm",
    "optimization_level": 3,
}
"""How the circuits are run: Pauli twirling of gates and readout, echoes while qubits idle."""

REMOTE = Resources(wall_s=3600.0)


@dataclass(frozen=True)
class Circuits:
    """What is run for a form: the circuit's fit, its angles."""

    form: SpinForm
    fit: Fit
    schedule: Schedule

    @property
    def layers(self) -> int:
        """Number of QAOA layers."""
        return self.schedule.layers

    def describe(self) -> dict[str, Any]:
        """Small JSON data for the record."""
        return {
            "fit": self.fit.kind,
            "layers": self.layers,
            "two_qubit_gates": self.fit.two_qubit_gates(self.layers),
            "two_qubit_depth": self.fit.two_qubit_depth(self.layers),
            "gammas": [round(gamma, 6) for gamma in self.schedule.gammas],
            "betas": [round(beta, 6) for beta in self.schedule.betas],
            "strength": round(self.schedule.strength, 6),
            "angles_from": self.schedule.source,
        }


def design(form: SpinForm) -> Circuits:
    """Chooses fit and number of layers: the most with `MOST_GATES` gates or fewer, at least one."""
    found = fit(form.size, [(int(i), int(j)) for i, j in form.pairs])
    counts = range(MOST_LAYERS, 1, -1)
    layers = next((p for p in counts if found.two_qubit_gates(p) <= MOST_GATES), 1)
    return Circuits(form, found, schedule(form, layers))


def batch(circuits: Circuits, seed: int) -> CircuitBatch:
    """The circuit, and the same qubits read out after nothing and after X on all: what readout gets wrong."""
    none = Blob(_npy(np.zeros((1, 0))))
    texts = (text(circuits), flat(circuits, ones=False), flat(circuits, ones=True))
    return CircuitBatch(tuple(Pub(each, none, (), SHOTS) for each in texts), OPTIONS, seed, REMOTE)


def null_seed(sampled: RawResult) -> int:
    """The seed of the null control's random bits: from the samples, so that nobody can choose it before."""
    return derive_seed(0, "uniform", sampled.files["bits-0.npy"].digest)


def text(circuits: Circuits) -> str:
    """The QAOA circuit."""
    form, chosen = circuits.form, circuits.schedule
    lines = [f"h q[{qubit}];" for qubit in range(form.size)]
    coupling = {(int(i), int(j)): int(c) for (i, j), c in zip(form.pairs, form.couplings, strict=True)}
    for number, (gamma, beta) in enumerate(zip(chosen.gammas, chosen.betas, strict=True)):
        turn = -gamma / chosen.strength
        held = circuits.fit.held(number)
        lines += [
            f"rz({_angle(turn * int(form.field[variable]))}) q[{qubit}];"
            for qubit, variable in enumerate(held)
            if form.field[variable]
        ]
        for gate in circuits.fit.layer(number):
            lines += _gate(gate, turn * coupling[gate.pair] if gate.pair else 0.0)
        lines += [f"rx({_angle(2 * beta)}) q[{qubit}];" for qubit in range(form.size)]
    return _program(form.size, lines, circuits.fit.held(circuits.layers))


def flat(circuits: Circuits, *, ones: bool) -> str:
    """All qubits 0, or all 1, measured as the circuit measures them."""
    size = circuits.form.size
    lines = [f"x q[{qubit}];" for qubit in range(size)] if ones else []
    return _program(size, lines, circuits.fit.held(circuits.layers))


def _program(size: int, lines: Sequence[str], held: Sequence[int]) -> str:
    head = ["OPENQASM 3.0;", 'include "stdgates.inc";', f"bit[{size}] c;", f"qubit[{size}] q;"]
    read = [f"c[{variable}] = measure q[{qubit}];" for qubit, variable in enumerate(held)]
    return "\n".join([*head, *lines, *read]) + "\n"


def _gate(gate: Gate, angle: float) -> list[str]:
    """exp(-i angle/2 ZZ), then the swap; two of the five CX of the two cancel."""
    a, b = f"q[{gate.a}]", f"q[{gate.b}]"
    if gate.pair is None:
        return [f"cx {a}, {b};", f"cx {b}, {a};", f"cx {a}, {b};"]
    rotate = [f"cx {a}, {b};", f"rz({_angle(angle)}) {b};"]
    if not gate.swap:
        return [*rotate, f"cx {a}, {b};"]
    return [*rotate, f"cx {b}, {a};", f"cx {a}, {b};"]


def _angle(value: float) -> str:
    """Ten decimals, so that machines whose arithmetic differs in the last bits write one circuit."""
    return f"{value:.10f}"


def decode(result: RawResult, number: int, size: int) -> Bits:
    """Returns pub `number`'s samples as bits of the problem's variables, uint8 (shots, size).

    Raises:
        ValueError: on samples of another shape.
    """
    packed = np.load(io.BytesIO(result.files[f"bits-{number}.npy"].data), allow_pickle=False)
    expected = (1, SHOTS, -(-size // 8))
    if packed.shape != expected or packed.dtype != np.uint8:
        raise ValueError(f"expected samples of shape {expected} from pub {number}, got {packed.shape}")
    read = np.unpackbits(packed[0], axis=1)[:, ::-1][:, :size]
    return (1 - read).astype(np.uint8)


def _npy(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()
