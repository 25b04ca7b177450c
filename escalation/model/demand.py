"""What a piece of work asks for, read off the work itself."""

import io
import math
from dataclasses import dataclass

import numpy as np

from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.work import Work


@dataclass(frozen=True)
class Demand:
    """Circuit executions before shots, shots in total, and numbers that the circuits are given."""

    circuits: int = 0
    shots: int = 0
    values: int = 0


def demand(work: Work) -> Demand:
    """Counts what a batch asks for; other work asks for nothing."""
    if not isinstance(work, CircuitBatch):
        return Demand()
    sets = [parameter_sets(pub) for pub in work.pubs]
    shots = sum(n * pub.shots for n, pub in zip(sets, work.pubs, strict=True))
    return Demand(sum(sets), shots, sum(math.prod(_shape(pub)) for pub in work.pubs))


def parameter_sets(pub: Pub) -> int:
    """The number of parameter sets, read from the header of the array's bytes alone."""
    return math.prod(_shape(pub)[:1])


def _shape(pub: Pub) -> tuple[int, ...]:
    stream = io.BytesIO(pub.parameters.data)
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape: tuple[int, ...] = read(stream)[0]
    return shape
