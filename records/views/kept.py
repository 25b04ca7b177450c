"""The report of a case as it was kept when the case ended."""

from escalation.model.case import CaseRecord
from escalation.model.errors import BadInput, PrunedBytes
from escalation.ports.store import Store


def kept_report(store: Store, record: CaseRecord) -> bytes:
    """The report, HTML.

    Raises:
        BadInput: when there is none yet.
        PrunedBytes: when it was given up.
        CorruptRecord: when the store has lost it.
    """
    case_id, digest = record.info.case_id, report_digest(record)
    try:
        return store.get(digest)
    except PrunedBytes as error:
        raise PrunedBytes(
            f"the report of case {case_id} is not there any more: {error}; `tierwise explain {case_id}` says "
            "what was decided, and why"
        ) from None


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
