"""How hard a circuit is to simulate classically, and how deep it is, from its two-qubit gates alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

# gates with an operator Schmidt decomposition of two terms: controlled gates and exponentials of one Pauli
CONTROLLED = {"cx", "cy", "cz", "ch", "cp", "cu", "cu1", "cu3", "crx", "cry", "crz", "cs", "csdg", "csx"}
RANK_TWO = CONTROLLED | {"rxx", "ryy", "rzz", "rzx", "ecr"}


@dataclass(frozen=True)
class Entangler:
    """A two-qubit gate: its qubits, and the base-2 logarithm of its operator Schmidt rank (at most)."""

    a: int
    b: int
    rank_log2: int = 1


def entanglers(circuit: "QuantumCircuit") -> list[Entangler]:
    """Returns the two-qubit gates of a circuit in order; wider gates are decomposed first."""
    from qiskit.transpiler import PassManager
    from qiskit.transpiler.passes import Unroll3qOrMore

    gates = []
    for instruction in PassManager([Unroll3qOrMore()]).run(circuit).data:
        if instruction.name != "barrier" and len(instruction.qubits) == 2:
            a, b = (circuit.find_bit(qubit).index for qubit in instruction.qubits)
            gates.append(Entangler(a, b, 1 if instruction.name in RANK_TWO else 2))
    return gates


def two_qubit_depth(gates: Sequence[Entangler]) -> int:
    """Returns the number of layers of two-qubit gates when each starts as early as it can."""
    depth: dict[int, int] = {}
    for gate in gates:
        depth[gate.a] = depth[gate.b] = max(depth.get(gate.a, 0), depth.get(gate.b, 0)) + 1
    return max(depth.values(), default=0)


def simulation_log2(num_qubits: int, gates: Sequence[Entangler]) -> float:
    """Bounds the amplitudes that an exact classical simulation has to hold, as a base-2 logarithm.

    The smaller of the state vector's 2^n and of 2·n·χ², the size of a matrix product state over the qubits
    in circuit order. A gate multiplies the bond of every cut it crosses by at most its operator Schmidt
    rank, and the bond of cut k never exceeds 2^min(k, n-k) (Vidal 2003, doi:10.1103/PhysRevLett.91.147902).
    """
    bond = 0
    for cut in range(1, num_qubits):
        crossing = sum(gate.rank_log2 for gate in gates if min(gate.a, gate.b) < cut <= max(gate.a, gate.b))
        bond = max(bond, min(crossing, cut, num_qubits - cut))
    return min(float(num_qubits), 1.0 + log2(num_qubits) + 2.0 * bond)
