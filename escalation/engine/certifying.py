"""Carries out `Certify`: has the family's verifier judge the candidate, or returns what is recorded."""

from collections.abc import Sequence
from datetime import UTC, datetime

from escalation.engine.case import Case
from escalation.engine.running import Running
from escalation.engine.steps import Certify
from escalation.model.attempt import Attempt, AttemptStatus, Done
from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.errors import Faulted, first_line, of_machine


def certify(running: Running, step: Certify) -> Attempt:
    """Judges the candidate, or returns the attempt that is recorded; the listener is told of it."""
    runtime, case_id = running.runtime, running.case.case_id
    number = step.draft.number
    new = running.known.unrecorded("attempt", number)
    recorded = None if new else runtime.ledger.find_attempt(case_id, number)
    attempt, candidate = recorded or (_judged_now(running, step), step.candidate)
    if recorded is None:
        runtime.ledger.add_attempt(case_id, attempt, candidate)
        runtime.tracker.attempt_finished(case_id, attempt, candidate, step.done)
    running.known.tried[number] = attempt, candidate
    running.listener.attempted(attempt)
    return attempt


def _judged_now(running: Running, step: Certify) -> Attempt:
    now = datetime.fromtimestamp(running.runtime.clock(), UTC).isoformat(timespec="seconds")
    return judged(running.case, step, now)


def judged(case: Case, step: Certify, judged_at: str | None) -> Attempt:
    """The attempt with the verifier's finding; one without a candidate failed.

    Raises:
        Faulted: when the machine ended the verifier.
    """
    if step.candidate is None:
        return step.draft.model_copy(update={"judged_at": judged_at})
    certificate = _certificate(case, step)
    certified = certificate.status is CertificateStatus.CERTIFIED
    return step.draft.model_copy(
        update={
            "judged_at": judged_at,
            "certificate": certificate,
            "status": AttemptStatus.CERTIFIED if certified else AttemptStatus.NOT_CERTIFIED,
            "candidate": step.candidate.to_json(),
        }
    )


def _certificate(case: Case, step: Certify) -> Certificate:
    """A verifier that fails has not certified anything."""
    assert step.candidate is not None
    try:
        certificate = case.family.certify(
            case.instance, case.problem.target, step.candidate, step.done, step.alpha
        )
        return certificate.model_copy(update={"reasons": (*certificate.reasons, *drifts(step.done))})
    except Exception as error:
        if of_machine(error):
            raise Faulted.of("the verifier was ended", error, case.case_id) from error
        reason = f"the verifier failed: {first_line(error)}"
        return Certificate(
            status=CertificateStatus.INVALID, kind="none", verifier=case.family.name, reasons=(reason,)
        )


def drifts(done: Sequence[Done]) -> tuple[str, ...]:
    """Says of every piece of work that ran on a device which had drifted beyond the policy's limit."""
    return tuple(
        f"work {number} ran after the device had drifted: expected fidelity fell by "
        f"{drift['fidelity_lost']:.3g} between submission and run, the policy's limit is {drift['limit']:g}"
        for number, drift in enumerate(piece.result.provenance.get("drift", {}) for piece in done)
        if drift.get("beyond")
    )
