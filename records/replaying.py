"""Replays a case of this site's records, or of an export."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from escalation.inputs.user_files import shown
from escalation.model.errors import BadInput, CorruptRecord
from escalation.ports.configuration import settings
from escalation.ports.ledger.ledger import Ledger
from escalation.ports.store import Store
from escalation.replay.replay import replay
from escalation.replay.report import Replay
from records.export.bag import ENVELOPE
from records.export.opening import open_export
from records.export.verifying import verify_export
from records.export.writing import ZIP
from records.runtime import open_records
from records.scratch import scratch_runtime
from records.signing.keys import VerifyingKey, find_key


class ExportChanged(CorruptRecord):
    """An export is not what was signed: what it says is not worth comparing.

    Attributes:
        path: of it.
        findings: a line on each thing that does not fit.
    """

    exit_code = 5

    def __init__(self, path: str, findings: tuple[str, ...]) -> None:
        super().__init__(f"{path} is not what was exported, and is not replayed: {'; '.join(findings)}")
        self.path, self.findings = path, findings


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
    path = Path(named) if _is_path(named) else None
    source = "" if path is None else _verified(path, key)
    with ExitStack() as stack:
        ledger, store, case_id = stack.enter_context(_records(named, path))
        scratch = stack.enter_context(scratch_runtime()) if recompute else None
        report = replay(ledger, store, case_id, scratch, told, alone=path is not None)
    return report.model_copy(update={"source": source or f"case {case_id} of the ledger"})


def _verified(path: Path, key: VerifyingKey | None) -> str:
    """Verifies an export; says which it is, and whose key signed it."""
    own = None if key else find_key(settings())
    found = verify_export(path, key if own is None else own.public)
    if found.findings:
        raise ExportChanged(shown(path), found.findings)
    whose = "that was given" if key else "of this site"
    if found.own:
        whose = "found in the export itself, which proves nothing about who that is"
    return f"export {shown(path)}, as signed with key {found.key_id[:12]}, {whose}"


@contextmanager
def _records(named: str, path: Path | None) -> Iterator[tuple[Ledger, Store, str]]:
    """The site's records and a case of them; or those of an export, and the case that it is of."""
    if path is not None:
        with open_export(path) as (ledger, store):
            (record,) = ledger.cases()
            yield ledger, store, record.info.case_id
        return
    with open_records() as (ledger, store):
        if (Path(named) / ENVELOPE).is_file():
            _check_meant(ledger, named)
        yield ledger, store, named


def _is_path(named: str) -> bool:
    """Whether an export is meant: ids of cases have no slashes, and a file may be called like a case."""
    path = Path(named)
    return os.sep in named or (path.suffix.lower() == ZIP and path.is_file())


def _check_meant(ledger: Ledger, named: str) -> None:
    """Says of an export in this folder how it is named, where no case is called so."""
    try:
        ledger.case(named)
    except BadInput as error:
        raise BadInput(f"{error}; the export in this folder is .{os.sep}{named}") from None
