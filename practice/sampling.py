"""Samples a circuit over a whole device, part by part: parts that no gate couples are independent.

Needs qiskit.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from backends.ibm_runtime.subdevice import relabel
from escalation.errors import BadInput
from escalation.identity import derive_seed
from practice.lone import Lone
from practice.lone import sample as sample_lone
from practice.simulators import Place, simulator

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

Bools = NDArray[np.bool_]


def sample(
    circuit: "QuantumCircuit", values: NDArray[np.float64], shots: int, place: Place
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
        escalation.errors.BadInput: when a part is too wide to be simulated.
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
    place: Place

    def bits(self) -> Bools:
        """Bits of all registers, shape (sets, shots, clbits)."""
        bits = np.zeros((*self.shape, self.circuit.num_clbits), dtype=bool)
        for part, operations in self._operations().items():
            if not any(each.clbits for each in operations):
                continue
            if len(part) == 1 and Lone.simple([each.operation for each in operations]):
                clbit = self.circuit.find_bit(operations[-1].clbits[0]).index
                lone = Lone(part[0], tuple(each.operation for each in operations[:-1]))
                bits[..., clbit] = sample_lone(lone, self.columns, self.shape, self.place)
            else:
                bits |= self._coupled(part)
        return bits

    def _operations(self) -> dict[tuple[int, ...], list[Any]]:
        """What acts on each part, in order."""
        found: dict[tuple[int, ...], list[Any]] = {part: [] for part in parts(self.circuit)}
        owners = {self.circuit.qubits[qubit]: part for part in found for qubit in part}
        for each in self.circuit.data:
            if each.name != "barrier":
                found[owners[each.qubits[0]]].append(each)
        return found

    def _coupled(self, part: tuple[int, ...]) -> Bools:
        """Samples one part on Aer."""
        from qiskit.primitives.containers.sampler_pub import SamplerPub
        from qiskit_aer.primitives import SamplerV2

        place, shots = self.place, self.shape[1]
        if len(part) > place.max_qubits:
            raise BadInput(f"practice simulates at most {place.max_qubits} coupled qubits, got {len(part)}")
        small = relabel(self.circuit, part)
        bound = {(each,): self.columns[each][:, None] for each in small.parameters}
        aer = simulator(place.device, part, place.factor, place.noise)
        sampler = SamplerV2.from_backend(aer, seed=derive_seed(place.seed, "part", part[0]))
        data = sampler.run([SamplerPub.coerce((small, bound or None, shots))]).result()[0].data
        bits = [data[register.name].to_bool_array(order="little") for register in self.circuit.cregs]
        return np.concatenate([each.reshape(-1, shots, each.shape[-1]) for each in bits], axis=-1)


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
    found: dict[int, list[int]] = {}
    for qubit in sorted(used):
        found.setdefault(find(qubit), []).append(qubit)
    return [tuple(part) for part in found.values()]
