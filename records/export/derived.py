"""What follows from the rest of an export: made when it is written, made again when it is verified.

It is for who does not read the ledger's rows: which rungs there were, what MLflow shows, the metadata of the
crate, the page on top, what the signature says of the bag.
"""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from escalation.inputs.settings import ROOT
from escalation.model.identity import digest_bytes
from records.export.crate import METADATA, README, metadata
from records.export.mlflow_view import MLFLOW, mlflow_view
from records.export.page import readme
from records.export.payload import CHAIN, LINEAGE, ExportPayload, Files, pretty
from records.export.rungs import RUNGS, Rung, rungs

SOFTWARE = "Tierwise"
FILES = (RUNGS, MLFLOW, README, METADATA)
_WRITERS = ("escalation/model", "records/export", "records/tracking")


@cache
def writer() -> str:
    """Which code puts an export into words: a digest of it. Other code may say the same in other words."""
    files = [file for folder in _WRITERS for file in sorted((ROOT / folder).rglob("*.py"))]
    return digest_bytes(b"".join(map(Path.read_bytes, files)))


def derived(rest: ExportPayload, now: datetime, key_id: str, own: list[Rung] | None = None) -> Files:
    """The files that follow from the rest of the payload.

    Args:
        rest: the payload without them.
        now: when the export is made.
        key_id: names the site, by the key it signs with.
        own: the rungs as the export has them: its word counts on machines that are not installed here.
    """
    made: Files = {RUNGS: pretty(rungs(rest, own or [])), MLFLOW: pretty(mlflow_view(rest))}
    made[README] = readme(ExportPayload(rest.files | made), key_id)
    made[METADATA] = metadata(ExportPayload(rest.files | made), now, key_id)
    return made


def about(found: ExportPayload, now: datetime) -> dict[str, str]:
    """What `bag-info.txt` says, besides what is counted."""
    return {
        "Bag-Software-Agent": SOFTWARE,
        "Bagging-Date": now.date().isoformat(),
        "External-Description": f"The record of case {found.case_id}: "
        f"{' '.join(found.info['policy_name'].split())}",
        "External-Identifier": found.case_id,
    }


def said(found: ExportPayload, now: datetime) -> dict[str, Any]:
    """What the site says of the bag, besides its digests."""
    chain = zip(found.events, found.lines(CHAIN), strict=True)
    number, digest = [(event["number"], digest) for event, (name, digest) in chain if name == found.case_id][
        -1
    ]
    return {
        "case": found.case_id,
        "ledger": found.lines(LINEAGE)[0]["ledger"],
        "status": found.row["status"],
        "head": {"number": number, "hash": digest},
        "events": len(found.events),
        "exported_at": now.isoformat(timespec="seconds"),
        "data": "withheld" if found.withheld else "included",
        "writer": writer(),
    }
