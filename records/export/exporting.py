"""Exports a case: what is kept of it, in a signed bag, as a folder or a ZIP file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from escalation.inputs.settings import Settings
from escalation.model.case import CaseInfo
from escalation.model.errors import CorruptRecord
from escalation.ports.store import Store
from records.export.bag import signed_bag
from records.export.contents import Contents, contents
from records.export.crate import METADATA, README, metadata, readme
from records.export.writing import check_target, write
from records.ledger.excerpt import CaseExcerpt
from records.ledger.ledger import SqlLedger
from records.signing.keys import SigningKey, site_key

SOFTWARE = "Tierwise"
VERIFIER = Path(__file__).with_name("verify.py")


def export(ledger: SqlLedger, store: Store, settings: Settings, case_id: str, target: Path) -> Contents:
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
) -> tuple[Contents, dict[str, bytes]]:
    """The export's files by path, the same for the same record, key and time."""
    for finding in ledger.case_findings(case_id):
        raise CorruptRecord(
            f"case {case_id} is not exported, because nothing is signed that is not as it was sealed: "
            f"{finding}; see `tierwise ledger check`"
        )
    taken = ledger.excerpt(case_id)
    found = contents(taken, store.get, with_data=_allowed(settings, taken))
    found.files[README] = readme(found, key.public.key_id)
    found.files[METADATA] = metadata(found, now, key.public.key_id)
    said = _said(taken, found, now)
    about = {
        "Bag-Software-Agent": SOFTWARE,
        "Bagging-Date": now.date().isoformat(),
        "External-Description": f"The record of case {case_id}: {' '.join(found.info.policy_name.split())}",
        "External-Identifier": case_id,
    }
    return found, signed_bag(found.files, about, {VERIFIER.name: VERIFIER.read_bytes()}, said, key)


def _allowed(settings: Settings, taken: CaseExcerpt) -> bool:
    """Whether data of this class may leave the site."""
    info = CaseInfo.model_validate_json(taken.rows["cases"][0]["info"])
    return info.problem.data_class in settings.data_may_leave


def _said(taken: CaseExcerpt, found: Contents, now: datetime) -> dict[str, Any]:
    """What the site says of the bag, besides its digests."""
    return {
        "case": taken.case_id,
        "ledger": taken.lineage[0]["ledger"],
        "status": found.row["status"],
        "head": {"number": taken.head.number, "hash": taken.head.hash},
        "events": len(taken.events),
        "exported_at": now.isoformat(timespec="seconds"),
        "data": "withheld" if found.withheld else "included",
    }
