"""Replays a case of this site's records, or of an export."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from escalation.ports.ledger.ledger import Ledger
from escalation.ports.store import Store
from escalation.replay.replay import replay
from escalation.replay.report import Replay
from records.export.bag import ENVELOPE
from records.export.opening import open_export
from records.runtime import open_records
from records.scratch import scratch_runtime


def replayed(
    named: str, *, recompute: bool = False, told: Callable[[str], None] = lambda line: None
) -> Replay:
    """Drives the ladder of a case again, as `escalation.replay.replay.replay` does.

    Args:
        named: id of a case, or the path of its export.
        recompute: whether free work is run again.
        told: is told what is run again.

    Raises:
        BadInput: when there is no such case or export, the case is not over, or cannot be opened again.
        CorruptRecord: when bytes that the record names are missing or are not what it says.
    """
    with ExitStack() as stack:
        ledger, store, case_id = stack.enter_context(_records(named))
        scratch = stack.enter_context(scratch_runtime()) if recompute else None
        return replay(ledger, store, case_id, scratch, told, alone=_is_path(named))


@contextmanager
def _records(named: str) -> Iterator[tuple[Ledger, Store, str]]:
    """The site's records and a case of them; or those of an export, and the case that it is of."""
    if _is_path(named):
        with open_export(Path(named)) as (ledger, store):
            (record,) = ledger.cases()
            yield ledger, store, record.info.case_id
        return
    with open_records() as (ledger, store):
        yield ledger, store, named


def _is_path(named: str) -> bool:
    """Whether an export is meant: ids of cases have no slashes, and a folder may be called like a case."""
    path = Path(named)
    return os.sep in named or path.is_file() or (path / ENVELOPE).is_file()
