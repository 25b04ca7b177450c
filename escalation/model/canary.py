"""A case as the guard of a canary sees it."""

from dataclasses import dataclass

from escalation.model.case import CaseStatus

BAD = (CaseStatus.FAILED, CaseStatus.REFUSED, CaseStatus.HELD)
ENDED = (*BAD, CaseStatus.ACCEPTED, CaseStatus.ABSTAINED)


@dataclass(frozen=True)
class CanaryCase:
    """A case since the canary began.

    Attributes:
        canary: whether it ran under the canary; else under the acting policy.
        status: how it stands.
        usd: what it cost, where it has ended.
        cpu_s: seconds of processors that it took, likewise.
    """

    canary: bool
    status: CaseStatus
    usd: float = 0.0
    cpu_s: float = 0.0

    def dearer(self, other: "CanaryCase", bound: float) -> bool:
        """Whether it cost more than (1 + bound) times the other: in money, or else in processor time."""
        if self.usd or other.usd:
            return self.usd > (1 + bound) * other.usd
        return self.cpu_s > (1 + bound) * other.cpu_s
