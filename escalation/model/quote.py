"""Upper bounds on the needs of an attempt, known before it is decided on."""

from typing import ClassVar

from pydantic import Field

from escalation.model.amounts import Bounds
from escalation.model.flat import Flat, Spread


class Quote(Flat):
    """An upper bound on one attempt; None is 'cannot be known', and closes gates that ask for it.

    What is charged for is 0 for anything that is not hardware.
    """

    SPREAD: ClassVar = {"amounts": Spread()}

    amounts: Bounds = Bounds()
    circuits: int = Field(0, ge=0, description="Circuit executions before shots: parameter sets summed.")
    shots: int = Field(0, ge=0, description="Shots in total.")
    qubits: int = Field(0, ge=0, description="Widest circuit.")
    two_qubit_gates: int = Field(0, ge=0, description="In the deepest ISA circuit.")
    two_qubit_depth: int = Field(0, ge=0, description="Of the deepest ISA circuit.")
    expected_fidelity: float | None = Field(
        None, ge=0, le=1, description="Of the worst ISA circuit, from the calibration."
    )
    simulation_log2: float | None = Field(
        None,
        ge=0,
        description="Base-2 logarithm of the amplitudes a classical simulation has to hold: the smaller of "
        "the state vector's and a matrix product state's.",
    )

    def quoted(self, name: str) -> float | None:
        """A number by the name under which it is written."""
        found: float | None = self.amounts[name] if name in self.amounts else getattr(self, name)
        return found

    def __add__(self, other: "Quote") -> "Quote":
        fidelities = [q.expected_fidelity for q in (self, other) if q.expected_fidelity is not None]
        sizes = [q.simulation_log2 for q in (self, other) if q.simulation_log2 is not None]
        return Quote(
            amounts=self.amounts + other.amounts,
            circuits=self.circuits + other.circuits,
            shots=self.shots + other.shots,
            qubits=max(self.qubits, other.qubits),
            two_qubit_gates=max(self.two_qubit_gates, other.two_qubit_gates),
            two_qubit_depth=max(self.two_qubit_depth, other.two_qubit_depth),
            expected_fidelity=min(fidelities, default=None),
            simulation_log2=max(sizes, default=None),
        )
