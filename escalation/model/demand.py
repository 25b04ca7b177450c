"""Demands of a piece of work on a machine."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Demand:
    """Circuit executions before shots, shots in total, and numbers that the circuits are given."""

    circuits: int = 0
    shots: int = 0
    values: int = 0

    def __add__(self, other: "Demand") -> "Demand":
        return Demand(self.circuits + other.circuits, self.shots + other.shots, self.values + other.values)
