"""What a piece of work asks for, read off the work itself."""

import io
import math
from dataclasses import dataclass

import numpy as np

from escalation.work import CircuitBatch, Pub, Work


@dataclass(frozen=True)
class Demand:
    """Circuit executions before shots, and shots in total."""

    circuits: int = 0
    shots: int = 0


def demand(work: Work) -> Demand:
    """Counts the circuits and shots of a batch; other work asks for none."""
    if not isinstance(work, CircuitBatch):
        return Demand()
    sets = [parameter_sets(pub) for pub in work.pubs]
    return Demand(sum(sets), sum(n * pub.shots for n, pub in zip(sets, work.pubs, strict=True)))


def parameter_sets(pub: Pub) -> int:
    """The number of parameter sets, read from the header of the array's bytes alone."""
    stream = io.BytesIO(pub.parameters.data)
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, _ = read(stream)
    return math.prod(shape[:1])
