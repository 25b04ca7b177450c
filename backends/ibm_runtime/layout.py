"""Which qubits: the best chain of a device by its gate and readout errors (not by layer fidelity)."""

from collections.abc import Iterable, Sequence
from math import inf, log

from backends.circuits.calibrations import enabled_pairs
from escalation.model.calibration import Calibration

BEAM = 4096
UNREPORTED = 0.5


def best_chain(calibration: Calibration, length: int) -> tuple[int, ...] | None:
    """Returns the chain of that many coupled, enabled qubits with the lowest total error.

    The total is the sum of -log(1 - error) over its two-qubit gates and readouts. Chains grow by a qubit
    at a time and the best `BEAM` of each length are kept: exact where there are no more than those, which
    holds for heavy-hex devices up to about 10 qubits, and near-optimal beyond. The same for the same
    calibration; the lower end comes first.

    Returns:
        Physical qubits in the order of the chain; None where the search finds no such chain.
    """
    steps = _steps(calibration)
    readout = {qubit.qubit: _cost(_readout(qubit.readout_error)) for qubit in calibration.qubits}
    beam: list[tuple[float, tuple[int, ...]]] = sorted(
        (readout[qubit], (qubit,)) for qubit in steps if readout[qubit] < inf
    )
    for _ in range(length - 1):
        longer = (
            (cost + gate + readout[next_], (*chain, next_))
            for cost, chain in beam
            for next_, gate in steps[chain[-1]].items()
            if next_ not in chain and readout[next_] < inf
        )
        beam = sorted(longer)[:BEAM]
    chains = [(round(cost, 12), min(chain, chain[::-1])) for cost, chain in beam]
    return min(chains)[1] if chains else None


def _steps(calibration: Calibration) -> dict[int, dict[int, float]]:
    """Maps each qubit to its neighbours and the cost of the gate between them."""
    steps: dict[int, dict[int, float]] = {q.qubit: {} for q in calibration.qubits if q.operational}
    for (a, b), error in sorted(enabled_pairs(calibration).items()):
        for one, other in ((a, b), (b, a)):
            steps[one][other] = min(_cost(error), steps[one].get(other, inf))
    return steps


def _readout(error: float | None) -> float:
    return UNREPORTED if error is None else error


def _cost(error: float) -> float:
    return -log(1.0 - error) if error < 1.0 else inf


def as_line(num_qubits: int, pairs: Iterable[tuple[int, int]]) -> tuple[int, ...] | None:
    """Orders a circuit's qubits along a line on which all its interactions are between neighbours.

    Pieces of the interaction graph follow each other in the order of their lowest qubit, and each starts
    at its lower end, so that a circuit without entanglement is laid out as its entangled twin is.

    Returns:
        The qubits in that order; None where the graph is no set of lines.
    """
    near: dict[int, set[int]] = {qubit: set() for qubit in range(num_qubits)}
    for a, b in pairs:
        near[a].add(b)
        near[b].add(a)
    if any(len(neighbours) > 2 for neighbours in near.values()):
        return None
    order: list[int] = []
    ends = [qubit for qubit in range(num_qubits) if len(near[qubit]) < 2]
    for end in sorted(ends, key=lambda end: min(_walk(end, near))):
        if end not in order:
            order += _walk(end, near)
    return tuple(order) if len(order) == num_qubits else None


def _walk(start: int, near: dict[int, set[int]]) -> Sequence[int]:
    line = [start]
    while fresh := near[line[-1]] - set(line):
        line.append(min(fresh))
    return line
