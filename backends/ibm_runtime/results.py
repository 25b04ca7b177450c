"""Results from the raw text of a final job, offline: by the client's decoders, checked against the work."""

import io
import json
from functools import lru_cache
from typing import Any, cast

import numpy as np

from backends.circuits.expectations import pack as pack_estimates
from backends.circuits.pubs import Bits, load_circuit, load_values, pack
from backends.circuits.versions import versions
from backends.ibm_runtime.anonymised import REGISTER
from backends.ibm_runtime.decoding import decode
from backends.ibm_runtime.descriptor import DESCRIPTOR
from backends.ibm_runtime.estimated import estimated, fitted, observed
from escalation.model.blob import Blob
from escalation.model.calibration import DeviceKind
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.kinds.circuits import Circuits
from escalation.model.kinds.expectation_batch import ExpectationBatch
from escalation.model.result import RawResult
from escalation.model.submission import Payload, RemoteJob
from escalation.ports.paid import Unreadable


def decode_result(
    work: Circuits[Any], payload: Payload, job: RemoteJob, raw: bytes, kind: DeviceKind
) -> RawResult:
    """Decodes a raw text; a job that did not succeed becomes a failed result.

    What the client does after `job.result()` is done here from the text alone: measurement flips of twirling
    undone, randomisations joined. Of the shots that twirling makes beyond those asked for, the last are
    left out.

    Raises:
        escalation.ports.paid.Unreadable: when the text is cut off, corrupt, or of another job's shape.
    """
    about = _provenance(payload, kind)
    if job.state is not JobState.DONE:
        error = f"job {job.job_id} on {payload.device} ended {job.state}: {job.reason or 'no reason given'}"
        return RawResult(job.state, error=" ".join(error.split()), provenance=about)
    try:
        decoded: Any = estimated(payload, raw) if isinstance(work, ExpectationBatch) else sampled(raw)
    except Exception as error:  # the client's decoders raise errors of several libraries
        text = " ".join(str(error).split())[:300]
        raise Unreadable(
            f"the result of job {job.job_id} cannot be decoded: {type(error).__name__}: {text}"
        ) from None
    if isinstance(work, ExpectationBatch):
        made = pack_estimates(work, fitted(work, decoded, job.job_id))
    else:
        made = pack(cast(CircuitBatch, work), *_fitted(work, decoded, job.job_id))
    return RawResult(JobState.DONE, **made, provenance=about, evidence=dict(_evidence(payload)))


def sampled(raw: bytes) -> list[Bits]:
    """Returns the samples of every pub as sent, uint8 of shape (sets, shots, bytes)."""
    pubs = decode(raw.decode())
    arrays = [np.asarray(pub.data[REGISTER].array, dtype=np.uint8) for pub in pubs]
    return [array if array.ndim == 3 else array[np.newaxis] for array in arrays]


def _fitted(work: Circuits[Any], arrays: list[Bits], job: str) -> tuple[list[Bits], list[int]]:
    """Puts the pubs as sent together to the pubs of the work, and checks every shape."""
    left, samples, bits = list(arrays), [], []
    for pub in work.pubs:
        sets, width = len(load_values(pub)), load_circuit(pub).num_clbits
        parts = 1 if pub.parameter_names else sets
        mine, left = left[:parts], left[parts:]
        wanted = (sets // parts, pub.shots, (width + 7) // 8)
        for array in mine:
            got = array.shape
            if (got[0], got[2]) != (wanted[0], wanted[2]) or got[1] < pub.shots:
                raise Unreadable(
                    f"the result of job {job} is not of this work: expected {wanted} sets, shots, bytes, "
                    f"got {got}"
                )
        if len(mine) != parts:
            raise Unreadable(f"the result of job {job} lacks circuits: got {len(arrays)}")
        samples.append(np.concatenate([array[:, : pub.shots] for array in mine]))
        bits.append(width)
    if left:
        raise Unreadable(f"the result of job {job} has {len(left)} circuits more than this work")
    return samples, bits


def _provenance(payload: Payload, kind: DeviceKind) -> dict[str, Any]:
    body = json.loads(payload.body.data)
    # what the post-processing needs travels along, the primitive's options with it
    passed = body["params"]["quantum_program"].get("passthrough_data") or {}
    made_by = "estimator" if "qiskit_mitigation" in passed else "sampler"
    return {
        "device": payload.device,
        "kind": str(kind),
        "payload": payload.digest,
        "calibration": payload.calibration,
        "circuits": _circuits(payload),
        "shots_as_sent": payload.shots,
        "program": body["program_id"],
        "schema": body["params"].get("schema_version"),
        "cap_qpu_s": body["cost"],
        "options": {"executor": body["params"].get("options"), made_by: passed.get("post_processor")},
        "versions": versions(*DESCRIPTOR.packages),
    }


def _circuits(payload: Payload) -> list[dict[str, Any]]:
    circuits: list[dict[str, Any]] = [{"isa": digest} for digest in payload.isa]
    for circuit, observables in zip(circuits, observed(payload), strict=False):  # samples have none
        circuit.update(observables)
    return circuits


def sent_circuits(payload: Payload) -> list[Any]:
    """Returns the circuits of a frozen request as Qiskit's; with twirling these are its templates."""
    from qiskit_ibm_runtime.quantum_program.params_converters import QUANTUM_PROGRAM_PARAMS_CONVERTERS

    params = json.loads(payload.body.data)["params"]
    converter = QUANTUM_PROGRAM_PARAMS_CONVERTERS[params["schema_version"]]
    program, _ = converter.decoder(converter.model(**params))
    return [item.circuit for item in program.items]


@lru_cache(maxsize=4)
def _evidence(payload: Payload) -> dict[str, Blob]:
    """The circuits as sent; their OpenQASM 3 where it can be written."""
    from qiskit import qasm3, qpy

    blobs = {}
    for number, circuit in enumerate(sent_circuits(payload)):
        buffer = io.BytesIO()
        qpy.dump(circuit, buffer)
        blobs[f"sent-{number}.qpy"] = Blob(buffer.getvalue())
        try:
            blobs[f"sent-{number}.qasm"] = Blob(str(qasm3.dumps(circuit)).encode())
        except qasm3.QASM3ExporterError:
            continue
    return blobs
