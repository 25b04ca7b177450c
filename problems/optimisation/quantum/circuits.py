"""QAOA as OpenQASM 3 text, and the batch of circuits of an attempt.

Classical bit v holds variable v, wherever the swaps brought it; ones are spins -1, that is bits 0 of the
instance (`decode` turns them).
"""

from dataclasses import dataclass
from typing import Any

from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.resources import Resources
from escalation.model.result import RawResult
from problems.optimisation.forms.spins import SpinForm
from problems.optimisation.quantum.angles import MOST_LAYERS, AngleSchedule, schedule
from problems.optimisation.quantum.network import NetworkFit, NetworkGate, fit
from toolbox.arrays.types import Bits
from toolbox.circuits import qasm3
from toolbox.circuits.batches import OPTIONS, plain_pub
from toolbox.circuits.samples import packed, unpacked

SHOTS = 1024
MOST_GATES = 240
"""Two-qubit gates up to which a layer is added: at 0.4 % error each, 1/e of the shots meet none."""

REMOTE = Resources(wall_s=3600.0)


@dataclass(frozen=True)
class AngledCircuits:
    """What is run for a form: the circuit's fit, its angles."""

    form: SpinForm
    fit: NetworkFit
    schedule: AngleSchedule

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


def design(form: SpinForm) -> AngledCircuits:
    """Chooses fit and number of layers: the most with `MOST_GATES` gates or fewer, at least one."""
    found = fit(form.size, [(int(i), int(j)) for i, j in form.pairs])
    counts = range(MOST_LAYERS, 1, -1)
    layers = next((p for p in counts if found.two_qubit_gates(p) <= MOST_GATES), 1)
    return AngledCircuits(form, found, schedule(form, layers))


def batch(circuits: AngledCircuits, seed: int) -> CircuitBatch:
    """The circuit, and the same qubits read out after nothing and after X on all: what readout gets wrong."""
    texts = (text(circuits), flat(circuits, ones=False), flat(circuits, ones=True))
    return CircuitBatch(tuple(plain_pub(each, SHOTS) for each in texts), OPTIONS, seed, REMOTE)


def text(circuits: AngledCircuits) -> str:
    """The QAOA circuit."""
    form, chosen = circuits.form, circuits.schedule
    lines = qasm3.on_all("h", form.size)
    coupling = {(int(i), int(j)): int(c) for (i, j), c in zip(form.pairs, form.couplings, strict=True)}
    for number, (gamma, beta) in enumerate(zip(chosen.gammas, chosen.betas, strict=True)):
        turn = -gamma / chosen.strength
        held = circuits.fit.held(number)
        lines += [
            f"rz({qasm3.angle(turn * int(form.field[variable]))}) q[{qubit}];"
            for qubit, variable in enumerate(held)
            if form.field[variable]
        ]
        for gate in circuits.fit.layer(number):
            lines += _gate(gate, turn * coupling[gate.pair] if gate.pair else 0.0)
        lines += qasm3.on_all(f"rx({qasm3.angle(2 * beta)})", form.size)
    return qasm3.program(form.size, lines, read=circuits.fit.held(circuits.layers))


def flat(circuits: AngledCircuits, *, ones: bool) -> str:
    """All qubits 0, or all 1, measured as the circuit measures them."""
    size = circuits.form.size
    return qasm3.program(
        size, qasm3.on_all("x", size) if ones else [], read=circuits.fit.held(circuits.layers)
    )


def _gate(gate: NetworkGate, angle: float) -> list[str]:
    """exp(-i angle/2 ZZ) where there is a coupling, then the swap where there is one."""
    if gate.pair is None:
        return qasm3.swap(gate.a, gate.b)
    return (qasm3.zz_swap if gate.swap else qasm3.zz)(qasm3.angle(angle), gate.a, gate.b)


def decode(result: RawResult, number: int, size: int) -> Bits:
    """Returns pub `number`'s samples as bits of the problem's variables, uint8 (shots, size).

    Raises:
        ValueError: on samples of another shape.
    """
    read = unpacked(packed(result, number, (1, SHOTS, size)), size)[0]
    bits: Bits = 1 - read
    return bits
