"""A slow twin of the machines: reads the circuits' own text and holds every amplitude; and small problems."""

import io
import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from escalation.model.attempt import Done
from escalation.model.blob import Blob
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.kinds.local_call import LocalCall
from escalation.model.report import Report
from escalation.model.result import RawResult
from escalation.model.work import Work
from problems.optimisation.forms.spins import SpinForm
from problems.optimisation.model.models import IndependentSet, MaxCut, Qubo, SpinModel
from problems.optimisation.quantum import calls

Amplitudes = NDArray[np.complex128]

_GATE = re.compile(r"(\w+)(?:\((.+)\))? q\[(\d+)\](?:, q\[(\d+)\])?;")
_READ = re.compile(r"c\[(\d+)\] = measure q\[(\d+)\];")


def amplitudes(text: str) -> tuple[Amplitudes, dict[int, int]]:
    """The state before the measurement, one axis a qubit, and the classical bit of each qubit."""
    size = int(re.findall(r"qubit\[(\d+)\]", text)[0])
    state = np.zeros((2,) * size, dtype=np.complex128)
    state[(0,) * size] = 1.0
    read = {}
    for line in text.splitlines()[4:]:
        if found := _READ.fullmatch(line):
            read[int(found[2])] = int(found[1])
            continue
        gate = _GATE.fullmatch(line)
        assert gate, line
        state = _applied(state, gate[1], float(gate[2] or 0), int(gate[3]), gate[4])
    return state, read


def _applied(state: Amplitudes, name: str, angle: float, a: int, b: str | None) -> Amplitudes:
    if name == "cx":
        moved = np.moveaxis(state, (a, int(b or 0)), (0, 1)).copy()
        moved[1] = moved[1, ::-1].copy()
        return np.moveaxis(moved, (0, 1), (a, int(b or 0)))
    half = angle / 2
    matrix = {
        "h": np.array([[1, 1], [1, -1]]) / np.sqrt(2),
        "x": np.array([[0, 1], [1, 0]]),
        "rx": np.array([[np.cos(half), -1j * np.sin(half)], [-1j * np.sin(half), np.cos(half)]]),
        "rz": np.diag([np.exp(-1j * half), np.exp(1j * half)]),
    }[name]
    return np.moveaxis(np.tensordot(matrix, state, axes=(1, a)), 0, a)


def distribution(text: str) -> NDArray[np.float64]:
    """Probabilities by classical bits, one axis a bit."""
    state, read = amplitudes(text)
    by_bit = sorted(read, key=lambda qubit: read[qubit])
    return np.asarray(np.abs(state.transpose(by_bit)) ** 2, dtype=np.float64)


def expected_four_cost(form: SpinForm, text: str) -> float:
    """Mean of 4·cost over the circuit's outcomes; a bit read 0 is 1."""
    chances = distribution(text)
    total = 0.0
    for outcome in product((0, 1), repeat=form.size):
        total += chances[outcome] * form.four_cost(1 - np.array(outcome, dtype=np.int32))
    return total


def every(form: SpinForm) -> Iterator[tuple[NDArray[np.int32], int]]:
    """All bit strings with their 4·cost."""
    for bits in product((0, 1), repeat=form.size):
        point = np.array(bits, dtype=np.int32)
        yield point, form.four_cost(point)


def random_model(kind: str, size: int, seed: int, density: float = 0.5) -> SpinModel:
    """A seeded instance of a bits kind."""
    rng = np.random.default_rng(seed)
    pairs = [(i, j) for i in range(size) for j in range(i + 1, size) if rng.random() < density]
    if kind == "independent_set":
        return IndependentSet(vertices=size, edges=tuple(pairs))
    weighed = tuple((i, j, int(rng.integers(1, 8)) * int(rng.choice([-1, 1]))) for i, j in pairs)
    if kind == "max_cut":
        return MaxCut(vertices=size, edges=weighed)
    return Qubo(linear=tuple(int(h) for h in rng.integers(-6, 7, size)), quadratic=weighed)


def cut_of(graph: "nx.Graph[int]") -> MaxCut:
    """The unweighted maximum cut of a graph on 0, 1, …."""
    edges = sorted((min(u, v), max(u, v), 1) for u, v in graph.edges())
    return MaxCut(vertices=graph.number_of_nodes(), edges=tuple(edges))


def perform(work: Work) -> RawResult:
    """Carries out the method's work here; circuits by `distribution`, without noise."""
    if isinstance(work, CircuitBatch):
        return sampled(work)
    assert isinstance(work, LocalCall)
    function = getattr(calls, work.function.partition(":")[2])
    made = function(dict(work.params), {name: blob.data for name, blob in work.inputs.items()}, Report())
    return RawResult(
        JobState.DONE, values=made.values, files={name: Blob(data) for name, data in made.files.items()}
    )


def sampled(work: CircuitBatch) -> RawResult:
    """Draws from the exact distributions."""
    rng = np.random.default_rng(work.seed)
    files = {}
    for number, pub in enumerate(work.pubs):
        chances = distribution(pub.qasm3)
        drawn = rng.choice(chances.size, size=pub.shots, p=chances.ravel() / chances.sum())
        bits = np.stack(np.unravel_index(drawn, chances.shape), axis=1).astype(np.uint8)
        files[f"bits-{number}.npy"] = packed(bits)
    return RawResult(JobState.DONE, values={"pubs": len(work.pubs)}, files=files)


def packed(bits: NDArray[np.uint8]) -> Blob:
    """Bits of classical bits 0, 1, …, shape (shots, bits), as backends return them."""
    front = np.pad(bits[:, ::-1], ((0, 0), (-bits.shape[1] % 8, 0)))
    buffer = io.BytesIO()
    np.save(buffer, np.packbits(front, axis=1)[np.newaxis])
    return Blob(buffer.getvalue())


def replaced(done: tuple[Done, ...], ordinal: int, **files: Any) -> tuple[Done, ...]:
    """The evidence with other files in one result."""
    old = done[ordinal]
    result = RawResult(JobState.DONE, values=old.result.values, files={**old.result.files, **files})
    return tuple(Done(old.work, result) if k == ordinal else each for k, each in enumerate(done))
