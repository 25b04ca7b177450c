"""Runs what the client sends: programs `executor`, `sampler` and `estimator`. Needs qiskit.

Parts that no gate couples are simulated apart; the devices have 133 qubits and more.
"""

import json
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from practice.bench import SimulationBench
from practice.errors import UnusableJob
from practice.noise import JobPlace

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Ran:
    """Outcome of a job: its result but for its times, and what it would be charged.

    Attributes:
        result: JSON of the result; `executor` results still lack their metadata.
        spans: executions of each item's shape, for `executor` results.
        seconds: 2 s a circuit + (repetition delay + circuit length) × executions.
        executions: shots times parameter sets.
    """

    result: dict[str, Any]
    spans: tuple[tuple[int, ...], ...]
    seconds: float
    executions: int


def run(body: bytes, program: str, place: JobPlace) -> Ran:
    """Runs the body of a `POST jobs`.

    Raises:
        practice.errors.UnusableJob: when it is no program that can be simulated.
    """
    from practice import primitives, quantum_program

    runners = {
        "executor": quantum_program.run,
        "sampler": primitives.run_sampler,
        "estimator": primitives.run_estimator,
    }
    if program not in runners:
        raise UnusableJob(f"practice runs the programs {sorted(runners)}, got {program!r}")
    bench = SimulationBench(place)
    result, spans = runners[program](body, bench)
    return Ran(result, spans, bench.seconds, bench.executions)


def finish(ran: Ran, started: str, finished: str, label: str) -> bytes:
    """Returns the result as the service delivers it, with its times and the label."""
    result = {**ran.result, "practice": label}
    if ran.spans:
        parts = [_part(number, shape) for number, shape in enumerate(ran.spans)]
        result["metadata"] = {"chunk_timing": [{"start": started, "stop": finished, "parts": parts}]}
    return json.dumps(result).encode()


def _part(number: int, shape: tuple[int, ...]) -> dict[str, Any]:
    size = prod(shape)
    return {
        "idx_item": number,
        "size": size,
        "permutation": list(range(len(shape))),
        "element_range": [0, size, 1],
    }
