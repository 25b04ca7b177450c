"""Closes a case: the answer in words, the report, the books."""

import html
import logging
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from escalation.engine.answering import with_answer
from escalation.engine.case import Case
from escalation.engine.concluding import chosen
from escalation.engine.reporting import with_report
from escalation.engine.running import Running
from escalation.engine.runtime import Recorded, Runtime, WorkDone, scratch_of
from escalation.engine.telling import told
from escalation.model.attempt import Attempt, Candidate
from escalation.model.case import CaseStatus, Outcome
from escalation.model.errors import CaseConflict, first_line
from escalation.policy.backtest.wording import shadow_words
from escalation.ports.families import Section
from escalation.submission.paid_work import paid_work

_log = logging.getLogger(__name__)


def close(running: Running, outcome: Outcome) -> Outcome:
    """Writes the report and closes the case in ledger and tracking; returns the outcome as recorded."""
    runtime, case = running.runtime, running.case
    attempts = _tried(running)
    asked = runtime.settings.shadow_policy is not None or not running.known.new
    shadows = runtime.ledger.shadows(case.case_id) if asked else ()
    sections = (*_sections(case, outcome.status, attempts), *_shadowed(shadows))
    record = runtime.ledger.case(case.case_id)
    # MLflow is not waited for: where its id is not known yet, the ledger has it as soon as it is.
    names = {"engine": case.engine, "mlflow_run_id": record.mlflow_run_id}
    outcome, answer = with_answer(runtime.store, case, outcome.model_copy(update=names), attempts)
    outcome = _with_elapsed(runtime, outcome)
    outcome = outcome.model_copy(update={"told": told(case.info, outcome, answer)})
    paid = () if running.known.new and not running.known.paid else paid_work(runtime.ledger, case.case_id)
    ran = WorkDone(partial(runtime.ledger.works, case.case_id), runtime.store)
    recorded = Recorded(record.opened_at, runtime.ledger.events(case.case_id), runtime.ledger.signing_key())
    picture = answer.picture if answer else ""
    report = runtime.render(case, outcome, sections, recorded, paid, ran=ran, picture=picture)
    outcome = outcome.model_copy(update={"report": runtime.store.put(report)})
    runtime.ledger.close_case(case.case_id, outcome.status, outcome)
    runtime.tracker.case_closed(case.case_id, outcome.status, outcome, report)
    if outcome.status.final:  # the store has every byte that counts
        folder = scratch_of(runtime.settings.scratch, runtime.ledger_name, case.case_id)
        shutil.rmtree(folder, ignore_errors=True)
    return with_report(outcome, runtime.store, runtime.settings.home)


def _tried(running: Running) -> Sequence[tuple[Attempt, Candidate | None]]:
    """The attempts in order: all that the driver has carried out or found, or those on record."""
    known = running.known
    if known.record is None:
        return running.runtime.ledger.attempts(running.case.case_id)
    return [known.tried[number] for number in sorted(known.tried)]


def _with_elapsed(runtime: Runtime, outcome: Outcome) -> Outcome:
    """The outcome with the elapsed time of the whole case; only writing the report and closing follow."""
    elapsed = runtime.elapsed(outcome.case_id)
    if elapsed is None:
        return outcome
    if not outcome.status.final:  # else the outcome has it, and nothing goes on from it
        runtime.ledger.heartbeat(outcome.case_id, elapsed)
    cost = outcome.cost.but(wall_s=elapsed.wall_s)
    return outcome.model_copy(update={"elapsed": elapsed, "cost": cost})


def _sections(
    case: Case, status: CaseStatus, attempts: Sequence[tuple[Attempt, Candidate | None]]
) -> tuple[Section, ...]:
    """The family's part of the report; where it fails, a section that says so: the answer stands."""
    target = case.problem.target
    best = chosen(status, [attempt for attempt, _ in attempts], target)
    try:
        return tuple(case.family.report(case.instance, target, attempts, best))
    except Exception as error:
        reason = html.escape(f"{type(error).__name__}: {error}")
        return (Section("The family's part is missing", f"<p>It could not be made: {reason}</p>"),)


def _shadowed(shadows: Sequence[Mapping[str, Any]]) -> tuple[Section, ...]:
    """What a shadow policy would have decided, where one was asked."""
    if not shadows:
        return ()
    rows = "".join(
        f"<tr><td>{said['decision'] + 1}</td><td>{html.escape(str(said['policy']))}</td>"
        f"<td>{html.escape(shadow_words(said))}</td></tr>"
        for said in shadows
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("decision", "policy", "would have decided"))
    return (
        Section(
            "Shadow policy",
            f"<p>Asked beside; no decision looked at it.</p><table><tr>{head}</tr>{rows}</table>",
        ),
    )


def give_up(running: Running, status: CaseStatus) -> None:
    """Closes the books of a case that did not end by itself; it can be taken up again.

    Fails in no way: what ended the case is raised, and the lease is given back or forgotten.
    """
    runtime, case_id = running.runtime, running.case.case_id
    outcome = None
    try:
        runtime.ledger.heartbeat(case_id, runtime.elapsed(case_id))
        runtime.ledger.close_case(case_id, status, None)
    except CaseConflict:  # not ours to close: another process has taken it over, or it had just ended
        record = runtime.ledger.case(case_id)
        if not record.status.final or record.outcome is None:
            return
        status, outcome = record.status, Outcome.model_validate(record.outcome)
    except Exception as error:  # a full disk, a database that is away: it then reads as interrupted
        reason = first_line(error)
        _log.warning("case %s could not be closed: %s", case_id, reason)
        with suppress(Exception):
            runtime.ledger.let_go(case_id)
    runtime.tracker.case_closed(case_id, status, outcome, None)
