"""One try: a method on a backend with a seed, what it proposed, what the verifier found, what it cost."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import Field, JsonValue

from escalation.model.amounts import Amounts
from escalation.model.blob import Blob
from escalation.model.certificate import Certificate
from escalation.model.frozen import Frozen
from escalation.model.problem import Tier
from escalation.model.quote import Quote
from escalation.model.result import RawResult
from escalation.model.work import Work


@dataclass(frozen=True)
class Candidate:
    """A method's answer, unchecked.

    Attributes:
        values: small JSON data, as the family's verifier expects them.
        files: named bytes (the model, the predictions), likewise.
        controls: the answers of the null controls, same shape, never accepted themselves.
        notes: what the method has to say to a reader (tuning history, chosen model).
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Blob] = field(default_factory=dict)
    controls: Mapping[str, "Candidate"] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "values": dict(self.values),
            "files": {name: blob.digest for name, blob in self.files.items()},
            "controls": {name: control.to_json() for name, control in self.controls.items()},
            "notes": dict(self.notes),
        }


JOB_NOTES = ("job", "place", "nodes")
"""Of work that was a job of a batch system, under `batch` in its provenance: its id, partition, nodes."""


@dataclass(frozen=True)
class Done:
    """A piece of work and what came back, as the driver saw them; the verifier's evidence."""

    work: Work
    result: RawResult


class AttemptStatus(StrEnum):
    """How an attempt ended."""

    CERTIFIED = "certified"
    NOT_CERTIFIED = "not certified"
    FAILED = "failed"


class Attempt(Frozen):
    """The record of one attempt."""

    number: int = Field(ge=0)
    tier: Tier
    method: str
    backend: str
    device_kind: str
    seed: int
    quote: Quote
    status: AttemptStatus
    certificate: Certificate | None = None
    cost: Amounts = Amounts()
    candidate: dict[str, JsonValue] = Field(default_factory=dict, description="Values, notes and digests.")
    works: tuple[dict[str, JsonValue], ...] = Field(
        (), description="Per piece of work: ordinal, kind, work digest, result digest, state, provenance."
    )
    error: str | None = None
    judged_at: str | None = Field(None, description="When its finding was recorded, UTC, to the second.")

    @property
    def failure(self) -> str | None:
        """Says that the attempt failed, and why; None where it did not."""
        if self.status is not AttemptStatus.FAILED:
            return None
        return f"{self.tier}/{self.method} FAILED: {self.error}"

    @property
    def faults(self) -> tuple[str, ...]:
        """The machine's word on each try that it ended."""
        lost: Any = [each for work in self.works for each in (work.get("lost") or ())]  # type: ignore[union-attr]
        return tuple(each["error"] for each in lost)

    @property
    def jobs(self) -> tuple[str, ...]:
        """The jobs of batch systems that its work was, in words."""
        works: Any = self.works
        told = [(work["ordinal"], (work.get("provenance") or {}).get("batch")) for work in works]
        # a service's own batch is named there too, by its id
        jobs = [
            (ordinal, batch) for ordinal, batch in told if isinstance(batch, Mapping) and batch.get("job")
        ]
        return tuple(f"work {ordinal}: {_job(batch)}" for ordinal, batch in jobs)


def _job(batch: Mapping[str, Any]) -> str:
    place = f" in {batch['place']}" if batch.get("place") else ""
    nodes = f" on {batch['nodes']}" if batch.get("nodes") else ""
    return f"{batch['system']} job {batch['job']}{place}{nodes}"
