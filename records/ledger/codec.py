"""Domain objects to the store and back: JSON holds digests, the store holds the bytes."""

from collections.abc import Iterator, Mapping
from typing import Any

from escalation.model.amounts import Amounts
from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from escalation.model.errors import CorruptRecord
from escalation.model.job_state import JobState
from escalation.model.resources import Resources
from escalation.model.result import Lost, RawResult
from escalation.model.work import Work, kinds
from escalation.ports.store import Store

Json = Mapping[str, Any]


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
    kind = kinds().get(data["kind"])
    if kind is None:
        raise CorruptRecord(f"expected work of a known kind, got {data['kind']!r}")
    return kind.from_json(data, Resources(**data["resources"]), store.get)


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
        usage=Amounts(**data["usage"]),
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
