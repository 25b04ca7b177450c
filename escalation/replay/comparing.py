"""The comparison of an attempt that the record says cannot be had again bit for bit."""

from dataclasses import dataclass

from escalation.model.attempt import Attempt
from escalation.model.certificate import CertificateStatus
from escalation.model.problem import Target

WORSE_BY = 0.1
"""Of the larger of the recorded value and the target: what a value that reaches no target may be worse by."""


@dataclass(frozen=True)
class StatedComparison:
    """Whether an attempt, run again, is as good as it is recorded: its certificate's level is no lower, and
    where that is not CERTIFIED, which says that the target is reached, its value is no worse than by
    `WORSE_BY`."""

    recorded: Attempt
    again: Attempt
    target: Target
    why: str

    @property
    def as_good(self) -> bool:
        before, now = self.recorded.certificate, self.again.certificate
        if before is None or now is None:
            return before is None
        if now.status.rank > before.status.rank:
            return False
        if now.status is CertificateStatus.CERTIFIED or before.value is None:
            return True
        return now.value is not None and self._worse(before.value, now.value) <= self._slack(before.value)

    @property
    def line(self) -> str:
        """The comparison in words."""
        attempt = self.recorded
        finding = "no worse" if self.as_good else "WORSE"
        return (
            f"attempt {attempt.number}, {attempt.tier}/{attempt.method}: {self.why}; recorded "
            f"{_found(attempt)}, now {_found(self.again)}: {finding}"
        )

    def _worse(self, before: float, now: float) -> float:
        return before - now if self.target.at_least is not None else now - before

    def _slack(self, before: float) -> float:
        return WORSE_BY * max(abs(before), abs(self.target.limit))


def _found(attempt: Attempt) -> str:
    certificate = attempt.certificate
    if certificate is None:
        return "failed"
    value = "" if certificate.value is None else f" {certificate.value:.6g}"
    return f"{certificate.status}{value}"
