"""Exports a case: what is kept of it, in a signed bag, as a folder or a ZIP file."""

from datetime import UTC, datetime
from pathlib import Path

from escalation.inputs.settings import Settings
from escalation.model.case import CaseInfo
from escalation.model.errors import CorruptRecord
from escalation.ports.store import Store
from records.export.bag import signed_bag
from records.export.contents import contents
from records.export.derived import about, derived, said
from records.export.payload import ExportPayload
from records.export.writing import check_target, write
from records.ledger.excerpt import CaseExcerpt
from records.ledger.ledger import SqlLedger
from records.signing.keys import SigningKey, site_key

VERIFIER = Path(__file__).with_name("verify.py")


def export(ledger: SqlLedger, store: Store, settings: Settings, case_id: str, target: Path) -> ExportPayload:
    """Writes the export of a case, whatever became of it; returns what is in it.

    Raises:
        BadInput: when there is no such case or no key to sign with, or the target is there already.
        CorruptRecord: when the ledger or the store has not what the case rests on.
    """
    check_target(target)
    key = site_key(settings)
    ledger.make_checkpoint()  # so that the end of the case is in one
    made, files = bag(ledger, store, settings, case_id, key=key, now=datetime.now(UTC))
    write(files, target)
    return made


def bag(
    ledger: SqlLedger, store: Store, settings: Settings, case_id: str, *, key: SigningKey, now: datetime
) -> tuple[ExportPayload, dict[str, bytes]]:
    """The export's files by path, the same for the same record, key and time."""
    for finding in ledger.case_findings(case_id):
        raise CorruptRecord(
            f"case {case_id} is not exported, because nothing is signed that is not as it was sealed: "
            f"{finding}; see `tierwise ledger check`"
        )
    taken = ledger.excerpt(case_id)
    found = contents(taken, store, with_data=_allowed(settings, taken))
    found = ExportPayload(found.files | derived(found, now, key.public.key_id))
    tags = {VERIFIER.name: VERIFIER.read_bytes()}
    return found, signed_bag(found.files, about(found, now), tags, said(found, now), key)


def _allowed(settings: Settings, taken: CaseExcerpt) -> bool:
    """Whether data of this class may leave the site."""
    info = CaseInfo.model_validate_json(taken.rows["cases"][0]["info"])
    return info.problem.data_class in settings.data_may_leave
