"""The records that a case is looked for in: this site's by its id, or an export's by its path."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from escalation.inputs.user_files import shown
from escalation.model.errors import BadInput, CorruptRecord
from escalation.ports.configuration import settings
from escalation.ports.store import Store
from records.export.bag import ENVELOPE, PAYLOAD
from records.export.opening import open_export
from records.export.payload import ExportPayload
from records.export.verifying import OTHER_WORDS, verify_export
from records.export.writing import ZIP
from records.ledger.ledger import SqlLedger
from records.runtime import open_records
from records.signing.keys import VerifyingKey, find_key


class ExportChanged(CorruptRecord):
    """An export is not what was signed: what it says is worth nothing.

    Attributes:
        path: of it.
        findings: a line on each thing that does not fit.
    """

    exit_code = 5

    def __init__(self, path: str, findings: tuple[str, ...]) -> None:
        super().__init__(f"{path} is not what was exported: {'; '.join(findings)}")
        self.path, self.findings = path, findings


@dataclass(frozen=True)
class VerifiedExport:
    """An export in which all fits.

    Attributes:
        path: of it.
        source: which it is, and whose key signed it.
        payload: what it holds.
    """

    path: Path
    source: str
    payload: ExportPayload


def is_path(named: str) -> bool:
    """Whether an export is meant: ids of cases have no slashes, and a file may be called like a case."""
    path = Path(named)
    return os.sep in named or (path.suffix.lower() == ZIP and path.is_file())


def verified(path: Path, key: VerifyingKey | None = None) -> VerifiedExport:
    """Verifies an export, as `tierwise verify` does.

    Args:
        path: a folder, or a ZIP file.
        key: whose signature it must have; None: this site's, where it has no key that of the one in it.

    Raises:
        BadInput: when there is no export.
        ExportChanged: when it is not what was signed.
    """
    own = None if key else find_key(settings())
    found = verify_export(path, key if own is None else own.public, other_version=True)
    if found.findings:
        raise ExportChanged(shown(path), found.findings)
    whose = "that was given" if key else "of this site"
    if found.own:
        whose = "found in the export itself, which proves nothing about who that is"
    source = f"export {shown(path)}, as signed with key {found.key_id[:12]}, {whose}"
    if OTHER_WORDS in found.unchecked:
        source += "; it says that another version of Tierwise wrote it"
    inside = {name.removeprefix(f"{PAYLOAD}/"): data for name, data in found.files.items()}
    return VerifiedExport(path, source, ExportPayload(inside))


def export_named(named: str) -> VerifiedExport | None:
    """The export of that path, verified with this site's key, else its own; None where a case's id is meant.

    Raises:
        BadInput, ExportChanged: as `verified` does.
    """
    return verified(Path(named)) if is_path(named) else None


@contextmanager
def records_of(named: str, export: VerifiedExport | None) -> Iterator[tuple[SqlLedger, Store, str]]:
    """Opens the records and names the case: the one that the export is of, or the one of that id.

    Raises:
        BadInput: when they cannot be opened, or the export withholds the case's data.
    """
    if export is not None:
        with open_export(export.path) as (ledger, store):
            (record,) = ledger.cases()
            yield ledger, store, record.info.case_id
        return
    with open_records() as (ledger, store):
        if (Path(named) / ENVELOPE).is_file():
            _check_meant(ledger, named)
        yield ledger, store, named


def _check_meant(ledger: SqlLedger, named: str) -> None:
    """Says of an export in this folder how it is named, where no case is called so."""
    try:
        ledger.case(named)
    except BadInput as error:
        raise BadInput(f"{error}; the export in this folder is .{os.sep}{named}") from None
