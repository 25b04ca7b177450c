"""The bench that the circuits of one job are simulated on, and what they would cost."""

from math import prod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from practice.noise import JobPlace
from practice.sampling import sample
from practice.timing import length_s

if TYPE_CHECKING:
    from qiskit import QuantumCircuit


CIRCUIT_S = 2.0
"""Seconds that a circuit is charged beyond its executions, as IBM's page on job limits has it."""


class SimulationBench:
    """Simulates the circuits of one job, and counts what they would cost.

    Attributes:
        delay_s: the repetition delay in force; a job's options may set another.
    """

    def __init__(self, place: JobPlace) -> None:
        self.place = place
        self.delay_s = place.delay_s
        self.seconds = 0.0
        self.executions = 0

    def count(self, circuit: "QuantumCircuit", executions: int) -> None:
        """Adds a sub-job: a circuit over the whole device, and its shots times parameter sets."""
        self.seconds += CIRCUIT_S + (self.delay_s + length_s(circuit, self.place.device)) * executions
        self.executions += executions

    def sample(
        self, circuit: "QuantumCircuit", values: NDArray[np.float64], shots: int
    ) -> dict[str, NDArray[np.bool_]]:
        """Samples a sub-job, see `practice.sampling.sample`."""
        self.count(circuit, shots * prod(values.shape[:-1]))
        return sample(circuit, values, shots, self.place)
