"""Expectation values from the raw text of a final job and the request that was frozen, offline."""

import json
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from backends.circuits.expectations import Estimates
from backends.circuits.pubs import Floats
from backends.ibm_runtime.decoding import decode
from escalation.model.identity import digest_json
from escalation.model.kinds.expectation_batch import EstimatorPub, ExpectationBatch
from escalation.model.submission import Payload
from escalation.ports.paid import Unreadable

OURS = ("passthrough_data", "semantic_role")
"""What the service only passes through: it is taken from the request, whatever came back."""


BITS = "_meas"
"""The register into which the client's estimator reads every qubit of the device."""


def estimated(payload: Payload, raw: bytes) -> list[Estimates]:
    """Returns values and errors of every pub as sent, by the client's own post-processing.

    Which bits belong to which observable is read from the frozen request alone. The errors leave out what
    strings measured together have in common, as the client's do.

    Raises:
        ValueError: when other executions came back than were sent; the decoders raise errors of several
            libraries besides.
    """
    answer, program = json.loads(raw), _program(payload)
    pubs = decode(json.dumps({**answer, **{name: program[name] for name in OURS}}))
    _check_executions(answer, payload)
    return [(np.asarray(pub.data.evs, float), np.asarray(pub.data.stds, float)) for pub in pubs]


def _program(payload: Payload) -> Mapping[str, Any]:
    program: Mapping[str, Any] = json.loads(payload.body.data)["params"]["quantum_program"]
    return program


def _check_executions(answer: Mapping[str, Any], payload: Payload) -> None:
    """Every array of bits has the shape (randomisations, executions, shots, qubits)."""
    got = sum(prod(item["results"][BITS]["shape"][:-1]) for item in answer["data"])
    if got != payload.shots:
        raise ValueError(f"expected {payload.shots} executions, got {got}")


def fitted(work: ExpectationBatch, estimates: list[Estimates], job: str) -> list[Estimates]:
    """Puts the pubs as sent together to the pubs of the work, and checks every shape.

    Raises:
        escalation.ports.paid.Unreadable: when it is the result of other work.
    """
    left, made = list(estimates), []
    for pub in work.pubs:
        parts = 1 if pub.parameter_names else pub.sets
        mine, left = left[:parts], left[parts:]
        if len(mine) != parts:
            raise Unreadable(f"the result of job {job} lacks circuits: got {len(estimates)}")
        rows = [tuple(_rows(pub, values, job) for values in pub_estimates) for pub_estimates in mine]
        evs, stds = (np.concatenate([row[which] for row in rows]) for which in (0, 1))
        made.append((evs, stds))
    if left:
        raise Unreadable(f"the result of job {job} has {len(left)} circuits more than this work")
    return made


def _rows(pub: EstimatorPub, values: Floats, job: str) -> Floats:
    """The values of one pub as sent, shape (sets, observables); without parameters it has no sets."""
    wanted = (pub.sets, len(pub.observables)) if pub.parameter_names else (1, len(pub.observables))
    if values.size != prod(wanted) or not np.isfinite(values).all():
        raise Unreadable(
            f"the result of job {job} is not of this work: expected finite values of shape {wanted}, got "
            f"{values.shape}"
        )
    return values.reshape(wanted)


def observed(payload: Payload) -> list[dict[str, Any]]:
    """By pub as sent the digest of the observables on the device's qubits, and the bases they are read in."""
    tasks = (_program(payload).get("passthrough_data") or {}).get("qiskit_mitigation", [])
    return [
        {
            "observables": digest_json(task["observables"]),
            "bases": list(dict.fromkeys(basis for _, basis in task["param_basis_pairs"])),
        }
        for task in tasks
    ]
