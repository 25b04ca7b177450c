"""`README.md` of an export: what the case came to, what each file is, and how all of it is checked."""

from collections.abc import Iterator
from typing import Any

from escalation.model.calibration import PRACTICE_MONEY, DeviceKind
from escalation.model.metered import METERED
from escalation.text.visible import markdown
from records.export.crate import FILES, README, described
from records.export.payload import (
    CHAIN,
    LEDGER,
    LINEAGE,
    PROOF,
    PRUNED_FILES,
    STORE,
    WITHHELD_FILES,
    WITHHELD_ROWS,
    ExportPayload,
)
from records.export.pruned import in_words

_EXACT = {
    f"{LEDGER}/rows/": "the rows that the events sealed, byte by byte",
    CHAIN: "for each event, its chain and its hash",
    LINEAGE: "the name of the ledger, and when it was put back from a copy",
    PROOF: "that a checkpoint of the whole ledger has the end of the case's chain",
    WITHHELD_ROWS: "digests of the rows that are withheld",
    WITHHELD_FILES: "digests of the files that are withheld, and what each is",
    PRUNED_FILES: "digests of the files that the site had given up before, when and by which rule",
}
"""What is not for people."""


def readme(found: ExportPayload, key_id: str) -> bytes:
    """The page; every word that somebody else chose is shown as it is, and is no markup.

    Args:
        found: the payload without it and the crate's metadata.
        key_id: of the key that the export is signed with.
    """
    files = [f"- `{path}`: {FILES[path]}." for path in FILES if path in found.files and path != README]
    exact = [
        f"- `{path}`: {what}."
        for path, what in _EXACT.items()
        if any(name.startswith(path) for name in found.files)
    ]
    text = [
        f"# Case {found.case_id}",
        "",
        markdown(described(found)),
        "",
        *(f"- {line}" for line in _came_to(found)),
        "",
        "## Files",
        "",
        *files,
        *exact,
        f"- `{STORE}/`: bytes by their SHA-256; `{STORE}/index.json` says what each is.",
        "",
        "## Check it",
        "",
        "With nothing but Python, in the folder above this one: `python3 verify.py . --key site.pem`. "
        "`site.pem` is the public key of the site; it is not in here, because who made another export would "
        f"put his own: ask the site for it. This export is signed with the key of id `{key_id}`.",
        "",
        "Not shown by it: whether what the case was told is true, and what other cases spent.",
    ]
    return "\n".join(text).encode() + b"\n"


def _came_to(found: ExportPayload) -> Iterator[str]:
    ended: dict[str, Any] = found.row["outcome"] or {}
    yield f"Opened {found.row['opened_at']}, closed {found.row['closed_at'] or 'not yet'}."
    if ended.get("method") is not None:
        value = "no value" if ended["value"] is None else f"{ended['value']:.10g}"
        by = markdown(f"{ended['tier']}/{ended['method']} on {ended['backend']} ({ended['device_kind']})")
        yield f"Best answer: {value}, by {by}."
    yield f"Used: {_cost(found, ended)}."
    yield from (f"{markdown(line)}." for line in in_words(found))
    answers = [row["approval"] for row in found.read("approvals.json")]
    for asked in answers:
        said = asked["state"] if asked["by"] is None else f"{asked['state']}, answered by {asked['by']}"
        yield f"Question {asked['approval_id']}: {markdown(said)}."
    if not answers:
        yield "Nobody was asked."


def _cost(found: ExportPayload, ended: dict[str, Any]) -> str:
    cost = ended.get("cost") or {}
    used = [f"{cost[each.name]:.6g} {each.words}" for each in METERED if cost.get(each.name)]
    devices = {row["attempt"]["device_kind"] for row in found.read("attempts.json")}
    return (", ".join(used) or "nothing") + (f" ({PRACTICE_MONEY})" if DeviceKind.PRACTICE in devices else "")
