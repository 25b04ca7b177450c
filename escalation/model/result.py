"""Result of running work."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from escalation.model.amounts import Amounts
from escalation.model.blob import Blob
from escalation.model.identity import digest_json
from escalation.model.job_state import JobState


@dataclass(frozen=True)
class Lost:
    """A try of a piece of work that came to nothing: why, in one line, and what it used."""

    error: str
    usage: Amounts = field(default_factory=Amounts)

    def to_json(self) -> dict[str, Any]:
        return {"error": self.error, "usage": self.usage.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Lost":
        return cls(data["error"], Amounts.of(data["usage"]))


@dataclass(frozen=True)
class RawResult:
    """Result of running work, successful or not.

    Attributes:
        state: a final state.
        values: small JSON values.
        files: named bytes.
        error: one line, when the work did not succeed.
        usage: what it used.
        provenance: where and how it ran (machine, versions, ranks, device, calibration digest);
            not part of the result's identity.
        evidence: bytes to keep beside the result (ISA circuits, calibration, logs); likewise.
        lost: tries of the same work before this one; likewise.
    """

    state: JobState
    values: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Blob] = field(default_factory=dict)
    error: str | None = None
    usage: Amounts = field(default_factory=Amounts)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    evidence: Mapping[str, Blob] = field(default_factory=dict)
    lost: tuple[Lost, ...] = ()

    @property
    def spent(self) -> Amounts:
        """What the work used, its lost tries included."""
        return sum((each.usage for each in self.lost), self.usage)

    @property
    def ok(self) -> bool:
        """Whether the work succeeded."""
        return self.state is JobState.DONE

    def to_json(self) -> dict[str, Any]:
        return {
            "state": str(self.state),
            "values": dict(self.values),
            "files": {name: blob.digest for name, blob in self.files.items()},
            "error": self.error,
            "usage": self.usage.to_json(),
            "provenance": dict(self.provenance),
            "evidence": {name: blob.digest for name, blob in self.evidence.items()},
            "lost": [each.to_json() for each in self.lost],
        }

    @property
    def digest(self) -> str:
        """Identity of what was computed: state, values and files; not where or how fast."""
        return digest_json(
            {
                "state": str(self.state),
                "values": dict(self.values),
                "files": {name: blob.digest for name, blob in self.files.items()},
            }
        )
