"""The attempt whose model a report is about, if there is one."""

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


def judged_model(best: tuple[Attempt, Candidate | None] | None) -> JudgedModel | None:
    """The model of the attempt whose answer is the case's; None where it did not pass its check."""
    if best is None or best[1] is None or best[0].certificate is None:
        return None
    if best[0].certificate.status is CertificateStatus.INVALID:
        return None
    return JudgedModel(best[0], best[1], best[0].certificate)
