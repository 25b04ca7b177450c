"""What a case came to, read from the ledger alone: no problem file, no family, no Prefect."""

from typing import TYPE_CHECKING

from escalation.engine.concluding import best_of, summed_up
from escalation.engine.reporting import with_report
from escalation.model.case import CaseRecord, Outcome
from escalation.ports.configuration import settings
from records.runtime import open_records

if TYPE_CHECKING:
    from records.ledger.ledger import SqlLedger


def outcome(case_id: str) -> Outcome:
    """Returns the outcome of a case, or of one that has not ended what is known of it by now.

    A flow run is named after its case, so that of a deployment's run it is `outcome(run.name)`.

    Args:
        case_id: as `tierwise cases` lists it.

    Raises:
        BadInput: when the ledger has no such case, or cannot be opened.
    """
    with open_records() as (ledger, store):
        return with_report(outcome_in(ledger, case_id), store, settings().home)


def outcome_in(ledger: "SqlLedger", case_id: str) -> Outcome:
    """Returns the same of a case in an open ledger; its report is where it was written.

    Raises:
        BadInput: when the ledger has no such case.
    """
    record = ledger.case(case_id)
    kept = record.read_outcome()
    if kept is None or kept.status is not record.status:
        return _so_far(ledger, record)
    return kept.model_copy(update={"mlflow_run_id": kept.mlflow_run_id or record.mlflow_run_id})


def _so_far(ledger: "SqlLedger", record: CaseRecord) -> Outcome:
    """Of a case that runs, or whose process is gone."""
    attempts = list(ledger.attempt_records(record.info.case_id))
    best = best_of(attempts, record.info.problem.target)
    decisions = ledger.decisions(record.info.case_id)
    outcome = summed_up(record.info, record.status, best, attempts, decisions)
    engine = str(record.info.environment.get("engine", "plain"))
    return outcome.model_copy(update={"mlflow_run_id": record.mlflow_run_id, "engine": engine})
