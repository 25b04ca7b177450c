"""Samples a circuit over a whole device, part by part: parts that no gate couples are independent.

Needs qiskit.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from practice.circuits import narrowed
from practice.errors import UnusableJob
from practice.noise import MATRIX_QUBITS, JobPlace, seed_of, simulator
from practice.uncoupled import UncoupledQubit
from practice.uncoupled import sample as sample_uncoupled

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

Bools = NDArray[np.bool_]
SHOT_S = 2e-6
ELEMENT_S = 2e-8
"""Seconds a gate and element of a matrix, or of a vector; guesses on the high side, not measured."""
SLICE_S = 0.5
LONGEST_S = 3600.0


def sample(
    circuit: "QuantumCircuit", values: NDArray[np.float64], shots: int, place: JobPlace
) -> dict[str, Bools]:
    """Returns the bits of every classical register.

    Args:
        circuit: over all qubits of the device.
        values: of its parameters, shape (…, parameters).
        shots: a parameter set.
        place: where it runs.

    Returns:
        By register, shape (…, shots, size), bit 0 first.

    Raises:
        practice.errors.UnusableJob: when a part is too wide to be simulated.
    """
    shape = values.shape[:-1]
    rows = values.reshape(int(np.prod(shape, dtype=int)), values.shape[-1])
    columns = {parameter: rows[:, number] for number, parameter in enumerate(circuit.parameters)}
    bits = _Sampling(circuit, columns, (len(rows), shots), place).bits()
    return {
        register.name: bits[..., [circuit.find_bit(bit).index for bit in register]].reshape(
            *shape, shots, register.size
        )
        for register in circuit.cregs
    }


@dataclass(frozen=True)
class _Sampling:
    """One circuit with the values of its parameters, shape (sets,) each; `shape` is (sets, shots)."""

    circuit: "QuantumCircuit"
    columns: dict[Any, NDArray[np.float64]]
    shape: tuple[int, int]
    place: JobPlace

    def bits(self) -> Bools:
        """Bits of all registers, shape (sets, shots, clbits)."""
        bits = np.zeros((*self.shape, self.circuit.num_clbits), dtype=bool)
        for part, operations in self._operations().items():
            if not any(operation.clbits for operation in operations):
                continue
            if len(part) == 1 and UncoupledQubit.simple([operation.operation for operation in operations]):
                clbit = self.circuit.find_bit(operations[-1].clbits[0]).index
                uncoupled = UncoupledQubit(
                    part[0], tuple(operation.operation for operation in operations[:-1])
                )
                bits[..., clbit] = sample_uncoupled(uncoupled, self.columns, self.shape, self.place)
            else:
                bits |= self._coupled(part)
        return bits

    def _operations(self) -> dict[tuple[int, ...], list[Any]]:
        """What acts on each part, in order."""
        by_part: dict[tuple[int, ...], list[Any]] = {part: [] for part in parts(self.circuit)}
        owners = {self.circuit.qubits[qubit]: part for part in by_part for qubit in part}
        for instruction in self.circuit.data:
            if instruction.name != "barrier":
                by_part[owners[instruction.qubits[0]]].append(instruction)
        return by_part

    def _coupled(self, part: tuple[int, ...]) -> Bools:
        """Samples one part on Aer, in slices: Aer lets nothing else in this process run meanwhile."""
        place = self.place
        if len(part) > place.max_qubits:
            raise UnusableJob(
                f"practice simulates at most {place.max_qubits} coupled qubits, got {len(part)}"
            )
        small = narrowed(self.circuit, part)
        sets, shots = sliced(self.shape, cost_s(len(part), small.size(), place.noise))
        return np.concatenate(
            [
                np.concatenate([self._slice(small, part, some, more) for more in shots], axis=1)
                for some in sets
            ]
        )

    def _slice(self, small: "QuantumCircuit", part: tuple[int, ...], sets: slice, shots: slice) -> Bools:
        from qiskit.primitives.containers.sampler_pub import SamplerPub
        from qiskit_aer.primitives import SamplerV2

        place, count = self.place, shots.stop - shots.start
        bound = {(parameter,): self.columns[parameter][sets, None] for parameter in small.parameters}
        aer = simulator(place.device, part, place.factor, place.noise)
        seed = seed_of(place.seed, part[0], sets.start, shots.start)
        pub = SamplerPub.coerce((small, bound or None, count))
        data = SamplerV2.from_backend(aer, seed=seed).run([pub]).result()[0].data
        bits = [data[register.name].to_bool_array(order="little") for register in self.circuit.cregs]
        return np.concatenate(
            [register_bits.reshape(-1, count, register_bits.shape[-1]) for register_bits in bits], axis=-1
        )


@dataclass(frozen=True)
class SimulationCost:
    """Seconds that a simulation takes, roughly: for each parameter set, and for each of its shots."""

    set_s: float
    shot_s: float


def cost_s(qubits: int, gates: int, noise: bool) -> SimulationCost:
    """Guesses the cost: noise takes a density matrix, or beyond some width a run of its own for each shot."""
    if not noise:
        return SimulationCost(ELEMENT_S * 2.0**qubits * gates, SHOT_S)
    if qubits <= MATRIX_QUBITS:
        return SimulationCost(ELEMENT_S * 4.0**qubits * gates, SHOT_S)
    return SimulationCost(0.0, ELEMENT_S * 2.0**qubits * gates)


def sliced(shape: tuple[int, int], cost: SimulationCost) -> tuple[list[slice], list[slice]]:
    """Slices (sets, shots) so that each takes about `SLICE_S`.

    Raises:
        practice.errors.UnusableJob: when all together would take longer than `LONGEST_S`.
    """
    sets, shots = shape
    each_s = cost.set_s + cost.shot_s * shots
    if each_s * sets > LONGEST_S:
        raise UnusableJob(
            f"practice simulates for {LONGEST_S:.0f} s at most; this needs about {each_s * sets:.0f} s"
        )
    at_once = max(1, int(SLICE_S / each_s)) if each_s else sets
    if each_s < SLICE_S or cost.set_s > SLICE_S / 2:  # more runs of the whole would only take longer
        return _ranges(sets, at_once), _ranges(shots, shots)
    return _ranges(sets, 1), _ranges(shots, max(1, int((SLICE_S - cost.set_s) / cost.shot_s)))


def _ranges(total: int, size: int) -> list[slice]:
    return [slice(start, min(start + size, total)) for start in range(0, total, size)]


def parts(circuit: "QuantumCircuit") -> list[tuple[int, ...]]:
    """The qubits in use, by parts that gates couple; barriers couple nothing."""
    root = list(range(circuit.num_qubits))

    def find(qubit: int) -> int:
        while root[qubit] != qubit:
            qubit = root[qubit]
        return qubit

    used: set[int] = set()
    for instruction in circuit.data:
        if instruction.name != "barrier":
            where = [circuit.find_bit(qubit).index for qubit in instruction.qubits]
            used.update(where)
            for qubit in where[1:]:
                root[find(qubit)] = find(where[0])
    groups: dict[int, list[int]] = {}
    for qubit in sorted(used):
        groups.setdefault(find(qubit), []).append(qubit)
    return [tuple(part) for part in groups.values()]
