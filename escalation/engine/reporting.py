"""The report of a case as a file to open: the store has it, and every home that is asked a copy."""

from pathlib import Path

from escalation.inputs.whole_files import write_whole
from escalation.model.case import Outcome
from escalation.model.errors import CorruptRecord
from escalation.model.identity import digest_bytes
from escalation.ports.store import Store


def with_report(outcome: Outcome, store: Store, home: Path) -> Outcome:
    """Returns the outcome with the path of its report in this home, where it is written if it is not there.

    An outcome without a report, or one whose report the store has lost, names no path: the answer stands.

    Raises:
        OSError: when the disk does not take it.
    """
    if outcome.report is None:
        return outcome
    path = home / "reports" / f"{outcome.case_id}.html"
    if not _holds(path, outcome.report):
        try:
            report = store.get(outcome.report)
        except CorruptRecord:
            return outcome.model_copy(update={"record": None})
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, report)
    return outcome.model_copy(update={"record": str(path)})


def _holds(path: Path, digest: str) -> bool:
    try:
        return digest_bytes(path.read_bytes()) == digest
    except FileNotFoundError:
        return False
