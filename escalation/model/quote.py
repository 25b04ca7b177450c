"""What an attempt would need at most, known before it is decided on."""

from pydantic import Field

from escalation.model.frozen import Frozen


class Quote(Frozen):
    """An upper bound on one attempt; None is 'cannot be known', and closes gates that ask for it.

    `usd` and `qpu_s` are 0 for anything that is not hardware.
    """

    wall_s: float = Field(0.0, ge=0, description="Seconds of elapsed time.")
    cpu_s: float = Field(0.0, ge=0, description="Seconds of processor time.")
    qpu_s: float | None = Field(0.0, ge=0, description="Seconds on quantum hardware.")
    usd: float | None = Field(0.0, ge=0, description="US dollars.")
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

    def __add__(self, other: "Quote") -> "Quote":
        def total(a: float | None, b: float | None) -> float | None:
            return None if a is None or b is None else a + b

        fidelities = [q.expected_fidelity for q in (self, other) if q.expected_fidelity is not None]
        sizes = [q.simulation_log2 for q in (self, other) if q.simulation_log2 is not None]
        return Quote(
            wall_s=self.wall_s + other.wall_s,
            cpu_s=self.cpu_s + other.cpu_s,
            qpu_s=total(self.qpu_s, other.qpu_s),
            usd=total(self.usd, other.usd),
            circuits=self.circuits + other.circuits,
            shots=self.shots + other.shots,
            qubits=max(self.qubits, other.qubits),
            two_qubit_gates=max(self.two_qubit_gates, other.two_qubit_gates),
            two_qubit_depth=max(self.two_qubit_depth, other.two_qubit_depth),
            expected_fidelity=min(fidelities, default=None),
            simulation_log2=max(sizes, default=None),
        )
