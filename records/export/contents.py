"""What an export holds of a case: the payload of the bag, by path.

The ledger's part is exact: events as they were hashed, rows as they were sealed. What stands beside it is the
same for people to read. Where the data of a case may not leave the site, the rows that repeat them and the
files of the store are withheld: their digests are there, and what is not data of them.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from escalation.inputs.settings import ROOT
from escalation.model.case import CaseInfo
from escalation.model.errors import BadInput, PolicyError
from escalation.model.identity import canonical_json, digest_bytes
from escalation.policy.policy import parse_policy
from records.export.rungs import rungs
from records.ledger.excerpt import TABLES, CaseExcerpt, key_in

Files = dict[str, bytes]
LEDGER, STORE = "ledger", "store"
EVENTS, CHAIN, LINEAGE, PROOF = (
    f"{LEDGER}/{name}" for name in ("events.jsonl", "chain.jsonl", "lineage.jsonl", "proof.jsonl")
)
WITHHELD_ROWS, WITHHELD_FILES = f"{LEDGER}/withheld.jsonl", f"{STORE}/withheld.jsonl"
WITH_DATA = ("cases", "attempts", "intents")
"""Tables whose rows repeat data of the instance: what was asked, what was computed, what was answered."""
KEPT_BACK = "withheld"
"""In place of what a program said at its end: it may quote the data that it was given."""
_MAY_SAY = {"work.lost": "error", "work.refused": "because"}
"""Where events may have the words of a program or a machine: of tries that were lost in ledgers before these
were named by digest, of work that was not taken in all."""
_TEXTS = (
    *("info", "outcome", "decision", "attempt", "candidate", "work", "handle", "lost", "result"),
    *("reserved", "spent", "handoff", "approval"),
)
"""Columns that hold JSON."""


@dataclass(frozen=True)
class Contents:
    """The payload, and what it says of itself.

    Attributes:
        info: what the case was opened with.
        row: of the case, as the ledger has it.
        files: by path.
        named: of the store's files that are there, what each is, in words, by digest.
        withheld: whether data are kept back.
    """

    info: CaseInfo
    row: Mapping[str, Any]
    files: Files
    named: Mapping[str, tuple[str, ...]]
    withheld: bool

    @property
    def paths(self) -> dict[str, tuple[str, ...]]:
        """The same by the path of the file."""
        return {f"{STORE}/{digest}": words for digest, words in sorted(self.named.items())}

    def read(self, path: str) -> Any:
        """A JSON file of the payload."""
        return json.loads(self.files[path])


def rows_path(table: str) -> str:
    """Where the rows of a table are, in the order of their keys."""
    return f"{LEDGER}/rows/{table}.jsonl"


def contents(taken: CaseExcerpt, get: Callable[[str], bytes], *, with_data: bool) -> Contents:
    """Collects the payload.

    Args:
        taken: from the ledger.
        get: returns bytes of the store by their digest.
        with_data: whether the data of the case may be handed out.

    Raises:
        BadInput: when data are to be withheld, and the events, which cannot be, say more than may leave.
        CorruptRecord: when the store has not what the ledger names.
    """
    if not with_data:
        _check_events(taken)
    row = taken.rows["cases"][0]
    info = CaseInfo.model_validate(json.loads(row["info"]))
    names = dict(named_files(taken))
    kept = {digest for digest, what in names.items() if with_data or _of_devices(what)}
    files = {f"{STORE}/{digest}": get(digest) for digest in sorted(kept)}
    files |= _ledger(taken, with_data) | _for_people(taken, info, with_data)
    files[f"{STORE}/index.json"] = _pretty({digest: names[digest] for digest in sorted(kept)})
    if not with_data:
        rest = [{"sha256": digest, "is": names[digest]} for digest in sorted(names.keys() - kept)]
        files[WITHHELD_FILES] = _lines(rest)
    return Contents(info, row, files, {digest: names[digest] for digest in kept}, not with_data)


def named_files(taken: CaseExcerpt) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The digests of all bytes that the case's rows name, each with what it is, in words."""
    found: dict[str, list[str]] = {}
    for digest, what in _named(taken):
        found.setdefault(digest, []).append(what)
    for digest, words in found.items():
        yield digest, tuple(dict.fromkeys(words))


def _named(taken: CaseExcerpt) -> Iterator[tuple[str, str]]:
    (case,) = taken.rows["cases"]
    ended = json.loads(case["outcome"] or "{}")
    for name, digest in (json.loads(case["info"]).get("files") or {}).items():
        yield digest, f"data {name}"
    if ended.get("report"):
        yield ended["report"], "report.html"
    for name, digest in (ended.get("files") or {}).items():
        yield digest, f"answer {name}"
    for row in taken.rows["intents"]:
        which = f"attempt {row['attempt']}, work {row['ordinal']}"
        yield from _in_work(json.loads(row["work"]), which)
        yield from _in_work(json.loads(row["result"] or "{}"), f"{which}, result")
    for row in taken.rows["attempts"]:
        yield from _in_work(json.loads(row["candidate"] or "{}"), f"attempt {row['number']}, candidate")
    for row in taken.rows["handoffs"]:
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
    held = () if with_data else _held(taken)
    kept = [table for table in TABLES if table.name not in held]
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
            if table.name in held
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
        tables |= {name: [_without_data(row) for row in tables[name]] for name in WITH_DATA}
        tables["decisions"] = [_without_words(row, _failed(taken)) for row in tables["decisions"]]
    (case,) = tables["cases"]
    files = {f"{name}.json": _pretty(rows) for name, rows in tables.items()}
    files |= {
        "problem.json": _pretty(case["info"]["problem"]),
        "environment.json": _pretty(case["info"]["environment"]),
        "outcome.json": _pretty(case["outcome"]),
        "rungs.json": _pretty(
            rungs(
                info,
                [row["decision"] for row in tables["decisions"]],
                [row["attempt"] for row in tables["attempts"]],
            )
        ),
        "policy.yaml": info.policy_text.encode(),
    }
    return files | _policy(info) | _lock(info)


def _read(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: json.loads(value) if name in _TEXTS and value and isinstance(value, str) else value
        for name, value in row.items()
    }


def _check_events(taken: CaseExcerpt) -> None:
    """Refuses a case whose events, which are hashed and so cannot be shortened, say more than may leave."""
    tried = [json.loads(row["attempt"])["error"] for row in taken.rows["attempts"]]
    words = [canonical_json(error)[1:-1] for error in tried if error]
    for event in taken.events:
        said = json.loads(event.text)
        body, changed = said["body"], said["body"].get("changed") or {}
        if isinstance(body.get("handle"), dict):
            what = "where on this site it ran"
        elif (
            body.get(_MAY_SAY.get(said["kind"], ""))
            or any(changed.get(name) for name in ("reason", "incidents"))
            or (changed.get("job") or {}).get("reason")
            or any(each in event.text for each in words)  # a question to a person repeats why it is asked
        ):
            what = "words of a program or a machine"
        else:
            continue
        raise BadInput(
            f"case {taken.case_id}: its data may not leave the site, and its event {said['number']} "
            f"({said['kind']}) has {what}, which may say more than may leave: it cannot be exported"
        )


def _held(taken: CaseExcerpt) -> tuple[str, ...]:
    """The tables that are withheld: decisions too where they repeat why an attempt failed."""
    after = _failed(taken)
    repeat = after is not None and any(row["number"] > after for row in taken.rows["decisions"])
    return (*WITH_DATA, "decisions") if repeat else WITH_DATA


def _failed(taken: CaseExcerpt) -> int | None:
    """The first attempt that failed, if any."""
    tried = (json.loads(row["attempt"]) for row in taken.rows["attempts"])
    return min((each["number"] for each in tried if each.get("error")), default=None)


def _without_words(row: Mapping[str, Any], failed: int | None) -> dict[str, Any]:
    """A decision without the reason that repeats why an attempt before it failed."""
    if failed is None or row["number"] <= failed:
        return dict(row)
    return {**row, "decision": row["decision"] | {"because": KEPT_BACK}}


def _without_data(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a row says beside the data: no instance, work, answer, words of a program, place on the site;
    certificates and costs stay."""
    kept = _without(row, "work", "result", "lost", "handle", "candidate")
    if "info" in row:
        info = _without(row["info"], "instance", "files", "about")
        where = _without(info["environment"], "folder")
        kept["info"] = info | {"problem": _without(info["problem"], "instance"), "environment": where}
        kept["outcome"] = row["outcome"] and _without(
            row["outcome"],
            *("answer", "files", "report", "record", "remarks", "attempts", "decisions"),
            *("failures", "faults", "paused"),
        )
    elif isinstance(row["attempt"], dict):
        works = [_without(each, "lost", "error", "provenance") for each in row["attempt"]["works"]]
        error = row["attempt"]["error"] and KEPT_BACK
        kept["attempt"] = _without(row["attempt"], "candidate") | {"works": works, "error": error}
    return kept


def _policy(info: CaseInfo) -> Files:
    """The acting policy as it was hashed, with its families' gates; none where this version reads it else."""
    try:
        policy = parse_policy(info.policy_text, info.policy_name).policy
    except PolicyError:
        return {}
    text = canonical_json(policy.to_json())
    return {"policy.json": text} if digest_bytes(text) == info.policy_digest else {}


def _lock(info: CaseInfo) -> Files:
    """The lock file that the case ran on, where it is still the one here."""
    lock = ROOT / "requirements.lock"
    text = lock.read_bytes() if lock.exists() else b""
    return {lock.name: text} if digest_bytes(text) == info.environment.get("lock") else {}


def _without(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in names}


def _lines(each: Any) -> bytes:
    return b"".join(canonical_json(dict(one) if isinstance(one, Mapping) else one) + b"\n" for one in each)


def _pretty(data: Any) -> bytes:
    return json.dumps(data, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"
