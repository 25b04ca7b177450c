"""Domain objects to the store and back: JSON holds digests, the store holds the bytes."""

from collections.abc import Iterator, Mapping
from typing import Any

from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from escalation.model.errors import CorruptRecord
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.kinds.local_call import LocalCall
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.resources import Resources
from escalation.model.result import Lost, RawResult
from escalation.model.usage import Usage
from escalation.model.work import Work
from escalation.ports.store import Store

Json = Mapping[str, Any]


def work_blobs(work: Work) -> Iterator[bytes]:
    """All bytes that the work's JSON names by digest: inputs, circuits, parameter sets."""
    if isinstance(work, CircuitBatch):
        for pub in work.pubs:
            yield pub.qasm3.encode()
            yield pub.parameters.data
    else:
        yield from (blob.data for blob in work.inputs.values())


def result_blobs(result: RawResult) -> Iterator[bytes]:
    """All bytes that the result's JSON names by digest: files and evidence."""
    yield from (blob.data for blob in result.files.values())
    yield from (blob.data for blob in result.evidence.values())


def candidate_blobs(candidate: Candidate) -> Iterator[bytes]:
    """All bytes that the candidate's JSON names by digest, its null controls' included."""
    yield from (blob.data for blob in candidate.files.values())
    for control in candidate.controls.values():
        yield from candidate_blobs(control)


def work_from_json(data: Json, store: Store) -> Work:
    """Rebuilds work from its `to_json`.

    Raises:
        CorruptRecord: when its bytes are not in the store, or it is of no known kind.
    """
    kind = data["kind"]
    resources = Resources(**data["resources"])
    if kind == LocalCall.kind:
        inputs = _blobs(data["inputs"], store)
        return LocalCall(data["function"], data["params"], inputs, resources)
    if kind == MpiProgram.kind:
        inputs = _blobs(data["inputs"], store)
        return MpiProgram(data["program"], data["params"], inputs, resources)
    if kind == CircuitBatch.kind:
        pubs = tuple(_pub(pub, store) for pub in data["pubs"])
        return CircuitBatch(pubs, data["options"], data["seed"], resources)
    raise CorruptRecord(f"expected work of a known kind, got {kind!r}")


def result_from_json(data: Json, store: Store) -> RawResult:
    """Rebuilds a raw result from its `to_json`.

    Raises:
        CorruptRecord: when its bytes are not in the store.
    """
    return RawResult(
        state=JobState(data["state"]),
        values=data["values"],
        files=_blobs(data["files"], store),
        error=data["error"],
        usage=Usage(**data["usage"]),
        provenance=data["provenance"],
        evidence=_blobs(data["evidence"], store),
        lost=tuple(map(Lost.from_json, data.get("lost", ()))),  # results of an older layout have none
    )


def candidate_from_json(data: Json, store: Store) -> Candidate:
    """Rebuilds a candidate, its null controls included, from its `to_json`.

    Raises:
        CorruptRecord: when its bytes are not in the store.
    """
    return Candidate(
        values=data["values"],
        files=_blobs(data["files"], store),
        controls={name: candidate_from_json(control, store) for name, control in data["controls"].items()},
        notes=data["notes"],
    )


def _blobs(digests: Mapping[str, str], store: Store) -> dict[str, Blob]:
    return {name: _blob(digest, store) for name, digest in digests.items()}


def _blob(digest: str, store: Store) -> Blob:
    return Blob(store.get(digest), digest)


def _pub(data: Json, store: Store) -> Pub:
    return Pub(
        qasm3=store.get(data["qasm3"]).decode(),
        parameters=_blob(data["parameters"], store),
        parameter_names=tuple(data["parameter_names"]),
        shots=data["shots"],
    )
