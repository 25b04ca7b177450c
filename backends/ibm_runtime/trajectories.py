"""Noisy samples of circuits that are too wide for a density matrix. Needs qiskit.

Where every channel is a Pauli channel, a noisy circuit is a mixture of noiseless ones with Pauli gates in
between. So Paulis are drawn here, and a noiseless simulator, which may fuse gates, runs each such circuit for
`SHOTS_EACH` shots; readout errors are drawn after that. Every shot has the distribution of the noisy circuit;
those of one circuit share its errors, so that together they vary a little more than independent ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from backends.circuits.pubs import Bits, Floats, Sampler
from backends.ibm_runtime.noise import noise_model, pauli_twirl
from escalation.model.identity import derive_seed

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit_aer.noise import NoiseModel

SHOTS_EACH = 16
CIRCUITS_AT_ONCE = 32
"""Circuits handed to the simulator together; bounds memory."""

Gate = tuple[str, tuple[int, ...]]
Channel = tuple[tuple[str, ...], NDArray[np.float64]]
"""Pauli labels as qiskit writes them, and their probabilities."""


class PauliNoise:
    """The noise of the qubits in use, every channel twirled when it is first asked for."""

    def __init__(self, model: "NoiseModel") -> None:
        """Reads a noise model of local channels.

        Args:
            model: readout errors and channels after gates; anything else in it is left out.
        """
        self._errors = {
            (name, tuple(where)): error
            for name, errors in model._local_quantum_errors.items()
            for where, error in errors.items()
        }
        self._channels: dict[Gate, Channel | None] = {}
        self._readout = {
            where[0]: (float(error.probabilities[0][1]), float(error.probabilities[1][0]))
            for where, error in model._local_readout_errors.items()
        }

    def after(self, name: str, where: tuple[int, ...]) -> Channel | None:
        """The channel after a gate on those qubits; None where there is no noise."""
        key = (name, where)
        if key not in self._channels:
            error = self._errors.get(key)
            self._channels[key] = None if error is None else _channel(error, len(where))
        return self._channels[key]

    def misread(self, qubit: int) -> tuple[float, float]:
        """Probabilities of reading 1 for 0, and 0 for 1."""
        return self._readout.get(qubit, (0.0, 0.0))


def _channel(error: Any, width: int) -> Channel:
    terms = pauli_twirl(error).to_dict()
    labels = tuple(_label(operations, width) for operations in terms["instructions"])
    return labels, np.asarray(terms["probabilities"], dtype=np.float64)


@dataclass(frozen=True)
class Noiseless:
    """How Aer runs the realisations: its method and threads."""

    method: str
    threads: int = 1


@cache
def pauli_noise(device: str, qubits: tuple[int, ...]) -> PauliNoise:
    """Returns the noise of a snapshot's qubits: one-qubit channels too become their Pauli twirls."""
    return PauliNoise(noise_model(device, qubits, twirling=False))


def _label(operations: Any, width: int) -> str:
    """The Pauli of one term of a Pauli channel, qubit 0 last."""
    letters = ["I"] * width
    for operation in operations:
        name = operation["name"]
        if name == "pauli":
            return str(operation["params"][0])
        if name != "id":
            letters[width - 1 - operation["qubits"][0]] = name.upper()
    return "".join(letters)


def sampler(device: str, qubits: tuple[int, ...], how: Noiseless) -> Sampler:
    """Returns what samples circuits over a snapshot's qubits."""
    noise = pauli_noise(device, qubits)

    def run(circuit: "QuantumCircuit", names: tuple[str, ...], rows: Floats, shots: int, seed: int) -> Bits:
        bound = [circuit.assign_parameters(dict(zip(names, row, strict=True))) for row in rows]
        parts = [
            sample(circuit, noise, shots, derive_seed(seed, "row", number), how)
            for number, circuit in enumerate(bound)
        ]
        return np.concatenate(parts)

    return run


def sample(circuit: "QuantumCircuit", noise: PauliNoise, shots: int, seed: int, how: Noiseless) -> Bits:
    """Samples a circuit without parameters that measures once, at its end.

    Args:
        circuit: over the qubits in use only.
        noise: theirs.
        shots: in all.
        seed: of errors, shots and readout.
        how: the noiseless circuits are run.

    Returns:
        uint8, shape (1, shots, bytes), packed as in `escalation.model.kinds.circuit_batch.CircuitBatch`.
    """
    rng = np.random.default_rng(derive_seed(seed, "errors"))
    parts: list[Bits] = []
    done = 0
    while done < shots:
        counts = _split(min(shots - done, CIRCUITS_AT_ONCE * SHOTS_EACH))
        circuits = [_realised(circuit, noise, rng) for _ in counts]
        parts += _run(circuits, counts, derive_seed(seed, "shots", done), how)
        done += sum(counts)
    bits = np.concatenate(parts)
    _misread(bits, circuit, noise, np.random.default_rng(derive_seed(seed, "readout")))
    spare = -bits.shape[1] % 8  # big-endian bits, classical bit 0 last, the padding in front
    packed: Bits = np.packbits(np.pad(bits[:, ::-1], ((0, 0), (spare, 0))), axis=1)
    return packed[np.newaxis]


def _split(shots: int) -> list[int]:
    whole, rest = divmod(shots, SHOTS_EACH)
    return [SHOTS_EACH] * whole + ([rest] if rest else [])


def _realised(circuit: "QuantumCircuit", noise: PauliNoise, rng: np.random.Generator) -> "QuantumCircuit":
    """The circuit with one draw of errors after its gates."""
    from qiskit.circuit.library import PauliGate

    made = circuit.copy_empty_like()
    for instruction in circuit.data:
        made._append(instruction)
        where = tuple(circuit.find_bit(qubit).index for qubit in instruction.qubits)
        channel = noise.after(instruction.name, where)
        if channel is not None:
            label = channel[0][rng.choice(len(channel[0]), p=channel[1])]
            if set(label) != {"I"}:
                made.append(PauliGate(label), instruction.qubits)
    return made


def _run(circuits: list["QuantumCircuit"], counts: list[int], seed: int, how: Noiseless) -> Iterator[Bits]:
    """Bits of every circuit's shots, uint8 (shots, clbits), classical bit 0 first."""
    from qiskit_aer import AerSimulator

    simulator = AerSimulator(method=how.method, max_parallel_threads=how.threads)
    groups: dict[int, list[int]] = {}
    for number, count in enumerate(counts):
        groups.setdefault(count, []).append(number)
    samples: dict[int, Bits] = {}
    for count, numbers in groups.items():
        ran = simulator.run(
            [circuits[number] for number in numbers],
            shots=count,
            memory=True,
            seed_simulator=derive_seed(seed, count) % 2**31,
        ).result()
        if not ran.success:
            raise RuntimeError(f"Aer: {ran.status}")
        for place, number in enumerate(numbers):
            samples[number] = _bits(ran.get_memory(place))
    return (samples[number] for number in range(len(counts)))


def _bits(memory: list[str]) -> Bits:
    return np.array([[int(bit) for bit in reversed(shot)] for shot in memory], dtype=np.uint8)


def _misread(bits: Bits, circuit: "QuantumCircuit", noise: PauliNoise, rng: np.random.Generator) -> None:
    """Turns bits in place by the readout errors of the qubits that were measured into them."""
    for instruction in circuit.data:
        if instruction.name == "measure":
            qubit = circuit.find_bit(instruction.qubits[0]).index
            clbit = circuit.find_bit(instruction.clbits[0]).index
            zero, one = noise.misread(qubit)
            wrong = rng.random(len(bits)) < np.where(bits[:, clbit] == 1, one, zero)
            bits[:, clbit] ^= wrong.astype(np.uint8)
