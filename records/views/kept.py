"""The report of a case as it was kept when the case ended."""

from escalation.model.case import CaseRecord
from escalation.model.errors import BadInput


def report_digest(record: CaseRecord) -> str:
    """SHA-256 of the report in the store.

    Raises:
        BadInput: when there is none yet.
    """
    kept = record.read_outcome()
    if kept is None or kept.report is None:
        raise BadInput(
            f"case {record.info.case_id} is {record.status} and has no report yet; "
            f"`tierwise explain {record.info.case_id}` says what is known of it"
        )
    return kept.report
