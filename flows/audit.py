"""Audits what is kept, every night: ledger, store and MLflow against the ledger's own word."""

from typing import cast

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed

from flows.artifacts import show_table
from records.audit.audit import Audit, audit_site
from records.recheck.log import note_audit
from records.runtime import open_records


@flow(persist_result=False)
def audit() -> Audit:
    """Looks for everything that was changed behind the ledger's back; the run fails where there is anything.

    What it found is written to the ledger, for the weekly overview.

    Returns:
        What was looked at, with a line for each finding.
    """
    report = audit_site()
    with open_records() as (ledger, _):
        note_audit(ledger, report)
    for line in report.findings:
        get_run_logger().error("%s", line)
    if report.findings:
        rows = [{"finding": line} for line in report.findings]
        show_table(rows, "audit", "What does not fit what the ledger says.")
    state: State[Audit] = (
        Failed(message=f"{len(report.findings)} findings, the first: {report.findings[0]}")
        if report.findings
        else Completed(message=report.said, data=report)
    )
    return cast(Audit, state)
