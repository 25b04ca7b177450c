"""Circuits to sample."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from escalation.model.demand import Demand
from escalation.model.kinds.circuits import AnyPub, Circuits
from escalation.model.whole_numbers import expect_whole
from escalation.model.work import Json

MOST_SHOTS = 100_000_000
"""Of a parameter set; ten times what services take."""


@dataclass(frozen=True)
class Pub(AnyPub):
    """A circuit to sample, with the parameter sets and shots it is run for.

    Attributes:
        qasm3: ends in measurements of one classical register.
        shots: executions of every parameter set.
    """

    shots: int

    def __post_init__(self) -> None:
        """Raises `BadInput` on what cannot be a circuit, its parameters or its shots."""
        super().__post_init__()
        expect_whole("shots", self.shots, 1, MOST_SHOTS)

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "shots": self.shots}

    @classmethod
    def asked(cls, data: Json) -> dict[str, Any]:
        return {"shots": data["shots"]}

    def demand(self) -> Demand:
        return Demand(self.sets, self.sets * self.shots, math.prod(self.shape))


@dataclass(frozen=True)
class CircuitBatch(Circuits[Pub]):
    """Circuits to sample, sent as one job.

    The result's values hold `pubs: [{"sets", "shots", "bits"}]`; its file `bits-K.npy` holds the
    samples of pub K as a uint8 array of shape (sets, shots, ceil(bits/8)), packed as in
    `qiskit.primitives.BitArray.array` (big-endian bits, classical bit 0 last).
    """

    kind: ClassVar[str] = "circuit_batch"
    sample: ClassVar[str] = "escalation.testing.works:circuit_batch"
    pub: ClassVar[type[AnyPub]] = Pub
