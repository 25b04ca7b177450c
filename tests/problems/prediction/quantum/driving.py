"""Drives a circuit method by hand: perfect samples for a device, local calls called in the process."""

from collections.abc import Callable
from typing import Any

import numpy as np

from escalation.model.blob import Blob
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.kinds.local_call import LocalCall
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.testing.driving import Driven, called, driven
from problems.prediction.kernels.statevector import exact_features
from problems.prediction.quantum import method as quantum
from problems.prediction.tables.table import TableView
from toolbox.arrays import npy
from toolbox.arrays.types import Floats


def packed_bits(ones: Any) -> Blob:
    """Samples as they come back, from whether each is 1, shape (sets, shots, qubits)."""
    padded = np.concatenate(
        [np.zeros((*ones.shape[:2], -ones.shape[2] % 8), bool), ones[:, :, ::-1]], axis=-1
    )
    return Blob(npy.dump(np.packbits(padded, axis=-1)))


def sample_marginals(work: CircuitBatch) -> RawResult:
    """A device without noise: independent bits with the exact marginals, all that projected features use."""
    rng, files = np.random.default_rng(work.seed), {}
    for number, pub in enumerate(work.pubs):
        parameters: Floats = npy.load(pub.parameters.data)
        qubits = pub.qasm3.count("measure")
        exact = exact_features(parameters, qubits, quantum.LAYERS).reshape(len(parameters), 3, qubits)
        ones = rng.random((len(parameters), pub.shots, qubits)) > (1 + exact[:, None, number]) / 2
        files[f"bits-{number}.npy"] = packed_bits(ones)
    return RawResult(JobState.DONE, files=files)


def run(work: Work, sample: Callable[[CircuitBatch], RawResult] = sample_marginals) -> RawResult:
    if isinstance(work, CircuitBatch):
        return sample(work)
    assert isinstance(work, LocalCall)
    return called(work)


def drive(method: Any, view: TableView, seed: int, run: Callable[[Work], RawResult] = run) -> Driven:
    """Feeds the generator by hand; returns its candidate and everything that ran, by ordinal."""
    return driven(method, view, seed, run)
