"""What an export holds of a case: the payload of the bag, by path.

The ledger's part is exact: events as they were hashed, rows as they were sealed. What stands beside it is the
same for people to read. Where the data of a case may not leave the site, the rows that repeat them and the
files of the store are withheld: their digests are there, and what is not data of them.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from escalation.inputs.settings import ROOT
from escalation.model.case import CaseInfo
from escalation.model.errors import PolicyError
from escalation.model.identity import canonical_json, digest_bytes
from escalation.model.pruned import Pruning
from escalation.policy.policy import parse_policy
from escalation.ports.store import Store
from records.export.in_words import in_words, outcome_in_words
from records.export.payload import (
    CHAIN,
    EVENTS,
    INDEX,
    LINEAGE,
    PROOF,
    PRUNED_FILES,
    STORE,
    WITHHELD_FILES,
    WITHHELD_ROWS,
    ExportPayload,
    Files,
    pretty,
    rows_path,
)  # fmt: skip
from records.export.pruned import pruned_lines, prunings
from records.export.withholding import check_events, held, shortened
from records.ledger.excerpt import TABLES, CaseExcerpt, key_in

POLICY = "policy.json"
Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""By table, as they are sealed."""
_TEXTS = (
    *("info", "outcome", "decision", "attempt", "candidate", "work", "handle", "lost", "result"),
    *("reserved", "spent", "handoff", "approval"),
)
"""Columns that hold JSON."""


def contents(taken: CaseExcerpt, store: Store, *, with_data: bool) -> ExportPayload:
    """Collects the payload, but for what follows from it.

    Args:
        taken: from the ledger.
        store: has the bytes, but for those that were given up.
        with_data: whether the data of the case may be handed out.

    Raises:
        BadInput: when data are to be withheld, and the events, which cannot be, say more than may leave.
        CorruptRecord: when the store has not what the ledger names.
    """
    if not with_data:
        check_events(taken)
    info = CaseInfo.model_validate_json(taken.rows["cases"][0]["info"])
    names = dict(named_files(taken.rows))
    told = prunings(json.loads(event.text) for event in taken.events)
    given_up = {file.sha256 for pruning in told for file in pruning.files}
    gone = {digest for digest in names.keys() & given_up if not store.has(digest)}
    kept = {digest for digest, what in names.items() if with_data or _of_devices(what)} - gone
    files = {f"{STORE}/{digest}": store.get(digest) for digest in sorted(kept)}
    files |= _ledger(taken, with_data) | _for_people(taken, info, with_data)
    files[INDEX] = index({digest: names[digest] for digest in kept})
    if not with_data:
        rest = [{"sha256": digest, "is": names[digest]} for digest in sorted(names.keys() - kept - gone)]
        files[WITHHELD_FILES] = _lines(rest)
    if gone:
        files[PRUNED_FILES] = pruned_file(told, gone)
    return ExportPayload(files)


def pruned_file(told: Sequence[Pruning], digests: Iterable[str]) -> bytes:
    """The file that says which of these digests were given up, when and why, by the word of the events."""
    return _lines(pruned_lines(told, digests))


def index(names: Mapping[str, Sequence[str]]) -> bytes:
    """The file that says what each of the store's files is, in words."""
    return pretty({digest: list(words) for digest, words in names.items()})


def named_files(rows: Rows) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The digests of all bytes that the case's rows name, each with what it is, in words."""
    found: dict[str, list[str]] = {}
    for digest, what in _named(rows):
        found.setdefault(digest, []).append(what)
    for digest, words in found.items():
        yield digest, tuple(dict.fromkeys(words))


def _named(rows: Rows) -> Iterator[tuple[str, str]]:
    (case,) = rows["cases"]
    ended = json.loads(case["outcome"] or "{}")
    for name, digest in (json.loads(case["info"]).get("files") or {}).items():
        yield digest, f"data {name}"
    if ended.get("report"):
        yield ended["report"], "report.html"
    for name, digest in (ended.get("files") or {}).items():
        yield digest, f"answer {name}"
    for row in rows["intents"]:
        which = f"attempt {row['attempt']}, work {row['ordinal']}"
        yield from _in_work(json.loads(row["work"]), which)
        yield from _in_work(json.loads(row["result"] or "{}"), f"{which}, result")
    for row in rows["attempts"]:
        yield from _in_work(json.loads(row["candidate"] or "{}"), f"attempt {row['number']}, candidate")
    for row in rows["handoffs"]:
        which, said = f"attempt {row['attempt']}, work {row['ordinal']}", json.loads(row["handoff"])
        for name in ("payload", "raw"):
            if said[name]:
                yield said[name], f"{which}, {'payload as sent' if name == 'payload' else 'raw result'}"
        for moment, digest in said["calibrations"].items():
            yield digest, f"calibration at {moment}, {which}"


def _in_work(data: Mapping[str, Any], which: str) -> Iterator[tuple[str, str]]:
    for name in ("inputs", "files", "evidence"):
        for file, digest in (data.get(name) or {}).items():
            yield digest, f"{which}, {name} {file}"
    for number, pub in enumerate(data.get("pubs") or ()):
        yield pub["qasm3"], f"{which}, circuit {number} in OpenQASM 3"
        yield pub["parameters"], f"{which}, parameters of circuit {number}"
    for name, control in (data.get("controls") or {}).items():
        yield from _in_work(control, f"{which}, null control {name}")


def _of_devices(what: tuple[str, ...]) -> bool:
    return any(each.startswith("calibration at ") for each in what)


def _ledger(taken: CaseExcerpt, with_data: bool) -> Files:
    """What the ledger has, byte by byte."""
    back = () if with_data else held(taken)
    kept = [table for table in TABLES if table.name not in back]
    files = {rows_path(table.name): _lines(taken.rows[table.name]) for table in kept}
    files |= {
        EVENTS: b"".join(event.text + b"\n" for event in taken.events),
        CHAIN: _lines([event.chain, event.hash] for event in taken.events),
        LINEAGE: _lines(taken.lineage),
    }
    if not with_data:
        files[WITHHELD_ROWS] = _lines(
            {
                "table": table.name,
                "key": list(key_in(table, row)),
                "sha256": digest_bytes(canonical_json(dict(row))),
            }
            for table in TABLES
            if table.name in back
            for row in taken.rows[table.name]
        )
    if taken.proof is not None:
        said = {"leaf": dict(taken.proof.leaf), "path": [list(sides) for sides in taken.proof.path]}
        event = taken.proof.checkpoint
        files[PROOF] = _lines([{**said, "checkpoint": event.text.decode(), "hash": event.hash}])
    return files


def _for_people(taken: CaseExcerpt, info: CaseInfo, with_data: bool) -> Files:
    """The rows once more, their JSON read, and alone what somebody looks for first."""
    tables = {table.name: [_read(row) for row in taken.rows[table.name]] for table in TABLES}
    if not with_data:
        tables |= shortened(taken, tables)
    tables |= in_words(tables)
    (case,) = tables["cases"]
    files = {f"{name}.json": pretty(rows) for name, rows in tables.items()}
    files |= {
        "problem.json": pretty(case["info"]["problem"]),
        "environment.json": pretty(case["info"]["environment"]),
        "outcome.json": pretty(outcome_in_words(case)),
        "policy.yaml": info.policy_text.encode(),
    }
    return files | _policy(info) | _lock(info)


def _read(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: json.loads(value) if name in _TEXTS and value and isinstance(value, str) else value
        for name, value in row.items()
    }


def _policy(info: CaseInfo) -> Files:
    """The acting policy as it was hashed, with its families' gates; none where this version reads it else."""
    text = acting_policy(info.policy_text, info.policy_name)
    return {POLICY: text} if text is not None and digest_bytes(text) == info.policy_digest else {}


def acting_policy(text: str, name: str) -> bytes | None:
    """A policy as it is hashed; None where this version does not take it."""
    try:
        return canonical_json(parse_policy(text, name).policy.to_json())
    except PolicyError:
        return None


def _lock(info: CaseInfo) -> Files:
    """The lock file that the case ran on, where it is still the one here."""
    lock = ROOT / "requirements.lock"
    text = lock.read_bytes() if lock.exists() else b""
    return {lock.name: text} if digest_bytes(text) == info.environment.get("lock") else {}


def _lines(each: Any) -> bytes:
    return b"".join(canonical_json(dict(one) if isinstance(one, Mapping) else one) + b"\n" for one in each)
