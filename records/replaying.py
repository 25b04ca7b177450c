"""Replays a case of this site's records, or of an export."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from escalation.replay.replay import replay
from escalation.replay.report import Replay
from records.named import is_path, records_of, verified
from records.scratch import scratch_runtime
from records.signing.keys import VerifyingKey


def replayed(
    named: str,
    *,
    recompute: bool = False,
    told: Callable[[str], None] = lambda line: None,
    key: VerifyingKey | None = None,
) -> Replay:
    """Drives the ladder of a case again, as `escalation.replay.replay.replay` does.

    Args:
        named: id of a case; or the path of its export, with a slash in it or of a ZIP file, which is
            verified first, as `tierwise verify` does.
        recompute: whether free work is run again.
        told: is told what is run again.
        key: whose signature an export must have; None: this site's, and where it has no key, that of the key
            in the export, as `tierwise verify` has it; the report says whose.

    Raises:
        BadInput: when there is no such case or export, the case is not over, or cannot be opened again.
        CorruptRecord: when bytes that the record names are missing or are not what it says.
        ExportChanged: when the export is not what was signed.
    """
    export = verified(Path(named), key) if is_path(named) else None
    with ExitStack() as stack:
        ledger, store, case_id = stack.enter_context(records_of(named, export))
        scratch = stack.enter_context(scratch_runtime()) if recompute else None
        report = replay(ledger, store, case_id, scratch, told, alone=export is not None)
    source = f"case {case_id} of the ledger" if export is None else export.source
    return report.model_copy(update={"source": source})
