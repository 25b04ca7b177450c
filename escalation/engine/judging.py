"""Carries out `Judge`, and closes a case: the verifier's finding, the report, the books."""

import html
import logging
import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from escalation.engine.ladder import Case, Judge
from escalation.engine.runtime import Runtime
from escalation.engine.telling import told
from escalation.model.attempt import Attempt, AttemptStatus, Candidate, Done
from escalation.model.case import CaseStatus, Outcome
from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.errors import CaseConflict, Faulted, first_line, of_machine
from escalation.ports.families import Section
from escalation.submission.paid_work import paid_work


def carry_out_judge(runtime: Runtime, case: Case, step: Judge) -> Attempt:
    """Has the family's verifier judge the candidate, or returns the attempt that is recorded."""
    draft = step.draft
    found = runtime.ledger.find_attempt(case.case_id, draft.number)
    if found is not None:
        return found[0]
    judged_at = datetime.fromtimestamp(runtime.clock(), UTC).isoformat(timespec="seconds")
    attempt = draft.model_copy(update={"judged_at": judged_at})
    if step.candidate is not None:
        certificate = _certify(case, step)
        certified = certificate.status is CertificateStatus.CERTIFIED
        attempt = attempt.model_copy(
            update={
                "certificate": certificate,
                "status": AttemptStatus.CERTIFIED if certified else AttemptStatus.NOT_CERTIFIED,
                "candidate": step.candidate.to_json(),
            }
        )
    runtime.ledger.add_attempt(case.case_id, attempt, step.candidate)
    runtime.tracker.attempt_finished(case.case_id, attempt, step.candidate, step.done)
    return attempt


def _certify(case: Case, step: Judge) -> Certificate:
    """A verifier that fails has not certified anything."""
    assert step.candidate is not None
    try:
        found = case.family.certify(case.instance, case.problem.target, step.candidate, step.done, step.alpha)
        return found.model_copy(update={"reasons": (*found.reasons, *drifts(step.done))})
    except Exception as error:
        if of_machine(error):
            raise Faulted.of("the verifier was ended", error, case.case_id) from error
        reason = f"the verifier failed: {first_line(error)}"
        return Certificate(
            status=CertificateStatus.INVALID, kind="none", verifier=case.family.name, reasons=(reason,)
        )


def drifts(done: Sequence[Done]) -> tuple[str, ...]:
    """Says of every piece of work that ran on a device which had drifted beyond the policy's limit."""
    found = [(number, each.result.provenance.get("drift", {})) for number, each in enumerate(done)]
    return tuple(
        f"work {number} ran after the device had drifted: expected fidelity fell by "
        f"{drift['fidelity_lost']:.3g} between submission and run, the policy's limit is {drift['limit']:g}"
        for number, drift in found
        if drift.get("beyond")
    )


_TRACKING_S = 60.0
_log = logging.getLogger(__name__)


def finish(runtime: Runtime, case: Case, outcome: Outcome, engine: str) -> Outcome:
    """Writes the report and closes the case in ledger and tracking; returns the outcome as recorded."""
    attempts: list[tuple[Attempt, Candidate | None]] = list(runtime.ledger.attempts(case.case_id))
    opened_at = runtime.ledger.case(case.case_id).opened_at
    sections = _sections(case, attempts)
    path = runtime.settings.home / "reports" / f"{case.case_id}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    run_id = runtime.tracker.run_id(case.case_id, _TRACKING_S)
    runtime.tracker.drain(_TRACKING_S)
    outcome = outcome.model_copy(update={"engine": engine, "record": str(path), "mlflow_run_id": run_id})
    outcome = _timed(runtime, told(runtime.store, case, outcome, attempts))
    report = runtime.render(case, outcome, sections, opened_at, paid_work(runtime.ledger, case.case_id))
    path.write_bytes(report)
    runtime.ledger.close_case(case.case_id, outcome.status, outcome)
    runtime.tracker.case_closed(case.case_id, outcome.status, outcome, report)
    if outcome.status.final:  # the store has every byte that counts
        shutil.rmtree(runtime.settings.scratch / case.case_id, ignore_errors=True)
    return outcome


def _timed(runtime: Runtime, outcome: Outcome) -> Outcome:
    """The outcome with the elapsed time of the whole case; only writing the report and closing follow."""
    elapsed = runtime.elapsed(outcome.case_id)
    if elapsed is None:
        return outcome
    runtime.ledger.heartbeat(outcome.case_id, elapsed)
    cost = outcome.cost.model_copy(update={"wall_s": elapsed.wall_s})
    return outcome.model_copy(update={"elapsed": elapsed, "cost": cost})


def _sections(case: Case, attempts: list[tuple[Attempt, Candidate | None]]) -> tuple[Section, ...]:
    """The family's part of the report; where it fails, a section that says so: the answer stands."""
    try:
        return tuple(case.family.report(case.instance, case.problem.target, attempts))
    except Exception as error:
        reason = html.escape(f"{type(error).__name__}: {error}")
        return (Section("The family's part is missing", f"<p>It could not be made: {reason}</p>"),)


def give_up(runtime: Runtime, case: Case, status: CaseStatus) -> None:
    """Closes the books of a case that did not end by itself; it can be taken up again.

    Fails in no way: what ended the case is raised, and the lease is given back or forgotten.
    """
    outcome = None
    try:
        runtime.ledger.heartbeat(case.case_id, runtime.elapsed(case.case_id))
        runtime.ledger.close_case(case.case_id, status, None)
    except CaseConflict:  # not ours to close: another process has taken it over, or it had just ended
        record = runtime.ledger.case(case.case_id)
        if not record.status.final or record.outcome is None:
            return
        status, outcome = record.status, Outcome.model_validate(record.outcome)
    except Exception as error:  # a full disk, a database that is away: it then reads as interrupted
        reason = first_line(error)
        _log.warning("case %s could not be closed: %s", case.case_id, reason)
        with suppress(Exception):
            runtime.ledger.let_go(case.case_id)
    runtime.tracker.case_closed(case.case_id, status, outcome, None)
