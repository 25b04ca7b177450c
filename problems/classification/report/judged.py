"""The attempt whose model a report is about, if there is one."""

from collections.abc import Sequence
from typing import NamedTuple

from escalation.model.attempt import Attempt, Candidate
from escalation.model.certificate import Certificate, CertificateStatus


class JudgedModel(NamedTuple):
    """A model that passed its check."""

    attempt: Attempt
    candidate: Candidate
    certificate: Certificate

    @property
    def on_rows(self) -> bool:
        """Whether there were sealed rows to judge it on."""
        return self.certificate.value is not None


def judged_model(attempts: Sequence[tuple[Attempt, Candidate | None]]) -> JudgedModel | None:
    """Returns the model of the best finding, the last of several; None where no model passed its check."""
    judged = [
        JudgedModel(attempt, candidate, attempt.certificate)
        for attempt, candidate in attempts
        if candidate is not None
        and attempt.certificate is not None
        and attempt.certificate.status is not CertificateStatus.INVALID
    ]
    return max(judged, key=lambda each: (-each.certificate.status.rank, each.attempt.number), default=None)
