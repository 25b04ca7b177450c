"""Rows of the report of `reconcile`: every submission's state, age and cost; unanswered questions."""

from escalation.engine.visit import CaseVisit, ReconcileReport, Seen
from escalation.model.calibration import PRACTICE_MONEY
from escalation.model.submission import Approval
from escalation.ports.registry import practises
from escalation.text.rounding import rounded
from escalation.text.visible import visible

Row = dict[str, str]
COLUMNS = (
    "work", "device", "was", "now", "done", "job", "age", "costs at most", "charged", "note"
)  # fmt: skip
HOUR_S = 3600.0


def submission_rows(report: ReconcileReport, now: float) -> list[Row]:
    """A row a submission, parked ones first; a case that was not looked after; a question that expired."""
    rows = [_submission(seen, now) for seen in sorted(report.seen, key=lambda seen: not seen.parked)]
    rows += [_case(visit) for visit in report.visits if visit.busy or visit.error]
    rows += [_question(question, now) for question in report.expired]
    return [dict.fromkeys(COLUMNS, "") | {name: visible(cell) for name, cell in row.items()} for row in rows]


def _submission(seen: Seen, now: float) -> Row:
    row = seen.row
    notes = [seen.error, *seen.incidents, row.reason]
    practice = f" of {PRACTICE_MONEY}" if practises(row.backend) else ""
    return {
        "work": str(row.key),
        "device": row.backend,
        "was": str(seen.before),
        "now": "PARKED: a person must look" if seen.parked else str(row.state),
        "done": ", ".join(seen.did) or "nothing",
        "job": row.job_id or "none",
        "age": _age(now - row.opened),
        "costs at most": "not priced" if row.price is None else f"{row.price.cap.usd:.2f} USD{practice}",
        "charged": "not final" if row.usage_qpu_s is None else f"{rounded(row.usage_qpu_s)} s",
        "note": "; ".join(line for line in notes if line),
    }


def _case(visit: CaseVisit) -> Row:
    return {"work": visit.case_id, "done": "nothing", "note": visit.error or f"left alone: {visit.busy}"}


def _question(question: Approval, now: float) -> Row:
    return {
        "work": str(question.key),
        "device": str(question.shown.get("device", "")),
        "now": "nobody answered in time: no",
        "done": "nothing",
        "age": _age(now - question.asked_at),
        "costs at most": f"{question.cap.usd:.2f} USD",
        "note": f"question {question.approval_id}; its case goes on without this work",
    }


def _age(seconds: float) -> str:
    return f"{seconds / HOUR_S:.1f} h"
