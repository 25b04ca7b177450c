"""Expectation values from samples in the bases of a pub, and as the files of a result. Needs numpy alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.circuits.pubs import Bits, Floats, npy_bytes
from escalation.model.blob import Blob
from escalation.model.kinds.expectation_batch import EstimatorPub, ExpectationBatch

Estimates = tuple[Floats, Floats]
"""Expectation values and their standard errors, shape (sets, observables) both."""


SHOT_NOISE = "normal, with the precision as its standard deviation; the exact values are in the evidence"


def deviating(exact: Floats, precision: float, seed: int) -> Estimates:
    """Estimates as a simulator makes them of exact values: a normal deviate is added, and the standard error
    is the precision: what Qiskit's `StatevectorEstimator` and Aer's `EstimatorV2` mean by it."""
    deviates = np.random.default_rng(seed).normal(0.0, precision, exact.shape)
    return exact + deviates, np.full(exact.shape, precision)


def from_samples(pub: EstimatorPub, samples: Sequence[Bits]) -> Estimates:
    """Estimates every observable for every parameter set.

    The value of a shot in a basis is the sum of the coefficients of the basis's strings, each with the parity
    of the bits that it acts on; so what strings measured together have in common is in the standard error,
    √(Σ variance / shots) over the bases.

    Args:
        pub: what is estimated.
        samples: by basis, uint8 of shape (sets, shots, bytes), packed as `CircuitBatch` says, classical bit
            k being qubit k.
    """
    sets = len(samples[0])
    evs, variances = (np.zeros((sets, len(pub.observables))) for _ in range(2))
    for (_, labels), packed in zip(pub.bases, samples, strict=True):
        signs = np.stack([_signs(label, packed) for label in labels])
        for number, terms in enumerate(pub.observables):
            weights = np.array([terms.get(label, 0.0) for label in labels])
            shots = np.tensordot(weights, signs, axes=1)
            evs[:, number] += shots.mean(axis=1)
            variances[:, number] += shots.var(axis=1) / shots.shape[1]
    return evs, np.sqrt(variances)


def _signs(label: str, packed: Bits) -> NDArray[np.int8]:
    """1 or -1 by the parity of the bits where the string is not I, shape (sets, shots)."""
    mask = np.array([letter != "I" for letter in label], dtype=np.uint8)
    bits = np.packbits(np.pad(mask, (-len(mask) % 8, 0)))  # the last letter is bit 0, as in the samples
    ones = np.bitwise_count(packed & bits).sum(axis=2)
    signs: NDArray[np.int8] = (1 - 2 * (ones % 2)).astype(np.int8)
    return signs


def pack(batch: ExpectationBatch, estimates: Sequence[Estimates]) -> dict[str, Any]:
    """Returns the `values` and `files` of a result, laid out as `ExpectationBatch` says."""
    files = {}
    for number, (evs, stds) in enumerate(estimates):
        files[f"evs-{number}.npy"] = Blob(npy_bytes(evs))
        files[f"stds-{number}.npy"] = Blob(npy_bytes(stds))
    return {"values": {"pubs": [about(pub) for pub in batch.pubs]}, "files": files}


def about(pub: EstimatorPub) -> dict[str, Any]:
    """What the values of a result say of a pub."""
    return {
        "sets": pub.sets,
        "observables": len(pub.observables),
        "bases": len(pub.bases),
        "shots": pub.shots,
        "precision": pub.precision,
    }
