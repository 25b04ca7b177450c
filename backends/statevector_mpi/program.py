"""The MPI program: evolves the circuits of a batch one after the other, and reads each.

Sources: De Raedt et al. 2007, doi:10.1016/j.cpc.2006.08.007, and 2019, doi:10.1016/j.cpc.2018.11.005 (two-
level addressing of ranks and amplitudes); Häner & Steiger 2017, doi:10.1145/3126908.3126947 (45 qubits,
0.5 PB); Smelyanskiy et al. 2016, arXiv:1601.07195 (qHiPSTER); Doi & Horii 2020, arXiv:2102.02957 (Aer).
"""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from backends.circuits.expectations import deviating
from backends.circuits.pubs import npy_bytes
from backends.statevector_mpi import kernels
from backends.statevector_mpi.exchange import Partners
from backends.statevector_mpi.plan import PassPlan
from backends.statevector_mpi.reading import EvolvedState, Pauli, Probabilities, expectations
from backends.statevector_mpi.vector import Vector
from escalation.model.identity import derive_seed
from escalation.model.output import Output
from escalation.model.report import Report

EVIDENCE = "statevector.json"


def local_bits(qubits: int, ranks: int) -> int:
    """Positions within each of so many ranks, a power of two."""
    return max(qubits - (ranks.bit_length() - 1), kernels.LEAST_LOCAL)


def run(comm: Any, params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report) -> Output | None:
    """Samples, or estimates, every pub of a batch.

    Args:
        comm: of a power of two of ranks.
        params: `pubs`, each with its `plan` (see `PassPlan.encoded`), `sets`, `seed`, and what is asked.
        inputs: by pub `numbers-K`, the plan's numbers.
        report: told of the progress.
    """
    return carried_out(States(comm, params["pubs"], report), params["pubs"], inputs)


def carried_out(states: "States", pubs: Sequence[Any], inputs: Mapping[str, bytes]) -> Output | None:
    """What `run` returns."""
    about = []
    files: dict[str, bytes] = {}
    exact: dict[str, bytes] = {}
    norms: list[float] = []
    for number, pub in enumerate(pubs):
        read = _samples if "shots" in pub else _estimates
        made, norm = read(states.of(pub, inputs[f"numbers-{number}"]), pub)
        for name, array in made.items():
            (exact if name == "exact" else files)[f"{name}-{number}.npy"] = npy_bytes(array)
        about.append(pub["about"])
        norms += norm
    evidence = states.used() | {"worst_norm": max(norms, key=lambda norm: abs(norm - 1.0))}
    if states.partners.rank != 0:
        return None
    return Output({"pubs": about}, files, exact | {EVIDENCE: json.dumps(evidence).encode()})


def amplitudes(
    comm: Any, params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report
) -> Output | None:
    """Returns the states of all circuits for their first parameter sets, for tests and measurements: files
    `amplitudes-K.npy`, complex128 of shape (2^qubits,), bit k of the index being the plan's qubit k."""
    return gathered(States(comm, params["pubs"], report), params["pubs"], inputs)


def gathered(states: "States", pubs: Sequence[Any], inputs: Mapping[str, bytes]) -> Output:
    """What `amplitudes` returns."""
    files = {}
    for number, pub in enumerate(pubs):
        vector = next(states.of(pub, inputs[f"numbers-{number}"]))
        part = np.empty((2**vector.local, 2))
        vector.read(part)
        parts = states.partners.all(part)
        if states.partners.rank == 0:
            whole = np.concatenate([parts[rank] for rank in vector.ranks]).view(np.complex128)[
                : 2 ** pub["plan"]["qubits"], 0
            ]
            files[f"amplitudes-{number}.npy"] = npy_bytes(whole)
    return Output(files=files, evidence={EVIDENCE: json.dumps(states.used()).encode()})


class HeldState(EvolvedState, Protocol):
    """A state that a plan makes."""

    def evolve(self, plan: PassPlan) -> None:
        """Sets |0…0⟩ and applies the passes of a plan with one parameter set."""

    def read(self, part: NDArray[np.float64]) -> None:
        """Copies the amplitudes, shape (2^local, 2), in the order of their qubits."""


class States:
    """Evolves circuits in one piece of memory, as large as the widest needs."""

    evidence: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, comm: Any, pubs: list[Any], report: Report) -> None:
        self._report, ranks = report, comm.Get_size()
        if ranks & (ranks - 1):
            raise ValueError(f"expected a power of two of ranks, got {ranks}")
        sizes = [2 ** local_bits(pub["plan"]["qubits"], ranks) for pub in pubs]
        self._sets, self._done = sum(pub["sets"] for pub in pubs), 0
        self._memory = self.memory(max(sizes))
        self.partners = Partners(comm, max(sizes), kernels.LEAF)

    def memory(self, amplitudes: int) -> Any:
        """Takes memory for so many."""
        return np.empty((amplitudes, 2))

    def vector(self, qubits: int, memory: Any) -> HeldState:
        """A state of so many qubits in memory, or in a part of it."""
        return Vector(self.partners, qubits, memory)

    def of(self, pub: Mapping[str, Any], numbers: bytes) -> Iterator[HeldState]:
        """Yields the state for every parameter set, each in the memory of the one before."""
        plan = PassPlan.decoded(pub["plan"], np.load(io.BytesIO(numbers), allow_pickle=False))
        size = 2 ** local_bits(plan.qubits, self.partners.ranks)
        vector = self.vector(plan.qubits, self._memory[:size])
        for number in range(pub["sets"]):
            vector.evolve(plan.of(number))
            yield vector
            self._done += 1
            self._report(self._done / self._sets, f"circuit {self._done} of {self._sets}")

    def used(self) -> dict[str, Any]:
        """What the record says of how it was run."""
        sent = self.partners.all(self.partners.bytes_sent)
        waited_s = self.partners.all(self.partners.waited_s)
        return {
            **self.evidence,
            "ranks": self.partners.ranks,
            "amplitudes_a_rank": len(self._memory),
            "amplitudes_a_chunk": self.partners.chunk,
            "exchanges": self.partners.exchanges,
            "bytes_sent_by_rank": sent,
            "waited_s_by_rank": waited_s,
        }


Made = tuple[dict[str, NDArray[Any]], list[float]]


def _samples(states: Iterator[HeldState], pub: Mapping[str, Any]) -> Made:
    """Samples of every set, packed as `CircuitBatch` says; empty but on rank 0. And the norms."""
    width, shots = pub["about"]["bits"], pub["shots"]
    packed = np.zeros((pub["sets"], shots, -(-width // 8)), dtype=np.uint8)
    norms = []
    for number, vector in enumerate(states):
        odds = Probabilities(vector)
        norms.append(odds.norm)
        drawn = vector.partners.all(odds.sample(shots, derive_seed(pub["seed"], "set", number)))
        for places, outcomes in drawn if vector.partners.rank == 0 else ():
            bits = np.zeros((len(places), width + -width % 8), dtype=np.uint8)
            for clbit, wire in pub["measured"]:
                bits[:, -1 - clbit] = outcomes >> wire & 1  # big-endian, classical bit 0 last
            packed[number, places] = np.packbits(bits, axis=1)
    return {"bits": packed}, norms


def _estimates(states: Iterator[HeldState], pub: Mapping[str, Any]) -> Made:
    """Expectation values and standard errors of every set, and the norms."""
    labels = sorted({label for terms in pub["observables"] for label in terms})
    strings = [Pauli.of(label, pub["wires"]) for label in labels]
    weights = np.array([[terms.get(label, 0.0) for label in labels] for terms in pub["observables"]])
    exact, norms = [], []
    for vector in states:
        norms.append(Probabilities(vector).norm)
        exact.append((weights * expectations(vector, strings)).sum(axis=1))
    found = np.array(exact)
    evs, stds = deviating(found, pub["precision"], pub["seed"])
    return {"evs": evs, "stds": stds, "exact": found}, norms
