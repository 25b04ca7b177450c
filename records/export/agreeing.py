"""Whether the rows of an export say what the events say that sealed them, and one row what the other says.

A site can sign a bag whose hashes are all good and whose rows contradict each other. What is withheld is not
looked at: of that there are digests alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from escalation.model.case import CaseStatus
from escalation.model.decision import Action
from escalation.model.identity import digest_json
from records.export.payload import ExportPayload, Json
from records.export.rungs import RUNGS, rung_names

Key = tuple[Any, ...]
_ENDS = {
    CaseStatus.ACCEPTED: Action.ACCEPT,
    CaseStatus.ABSTAINED: Action.ABSTAIN,
    CaseStatus.REFUSED: Action.REFUSE,
}
_NOT_TOLD = ("row", "case", "case_id", "attempt", "ordinal", "number", "approval_id", "from", "by", "changed")
"""Of the body of an event, what is no field of its row; `by` is one of an approval's."""
_COMPUTED = ("state", "values", "files")
"""Of a result, what is its identity; see `RawResult.digest`."""
_BEST = ("tier", "method", "backend", "device_kind", "certificate")


@dataclass
class _Told:
    """What the events say of rows, by table and key; the last word counts.

    Attributes:
        fields: by name, as they are in the row.
        digests: of columns, by their names.
    """

    fields: dict[tuple[str, Key], dict[str, Any]] = field(default_factory=dict)
    digests: dict[tuple[str, Key], dict[str, str | None]] = field(default_factory=dict)

    def take(self, event: Json) -> None:
        """Takes an event in."""
        row, body, verb = event["body"].get("row"), event["body"], event["kind"].partition(".")[2]
        if row is None:
            return
        name = (row["table"], tuple(row["key"]))
        fields = self.fields.setdefault(name, {})
        match event["kind"]:
            case "decision.added":
                self.digests[name] = {"decision": body["digest"]}
            case "attempt.added":
                self.digests[name] = {"attempt": body["digest"], "candidate": body["candidate"]}
            case "work.wanted":
                self.digests[name] = {"work": body["digest"]}
                fields |= {"digest": body["digest"], "backend": body["backend"]}
            case "work.settled":
                self.digests.setdefault(name, {})["result"] = body["result"]
            case "case.closed":
                fields |= {"status": body["status"]}
            case "case.opened" | "case.resumed":
                fields |= {"status": str(CaseStatus.RUNNING)}
            case kind if kind.startswith("budget."):
                fields |= {**_rest(body), "state": verb}
            case kind if kind.startswith("approval."):
                fields |= _rest(body) | ({"by": body["by"]} if "by" in body else {})
            case "handoff.wanted":
                fields |= {each: body[each] for each in ("backend", "tag", "work")}
            case kind if kind.startswith("handoff."):
                fields |= body["changed"]


def contradictions(found: ExportPayload) -> Iterator[str]:
    """Yields a line on each thing that is said in two ways.

    Raises:
        LookupError, TypeError, ValueError: when the payload is not as an export has it.
    """
    yield from _rows_and_events(found)
    yield from _money(found)
    if not found.withheld:
        yield from _attempts(found)
        yield from _outcome(found)
    decided = found.read("decisions.json")
    ends = _ENDS.get(CaseStatus(found.row["status"]))
    if ends is not None and (not decided or decided[-1]["decision"]["action"] != ends):
        yield f"the case is {found.row['status']}, and its last decision is another"
    there = sorted((each["tier"], each["method"]) for each in found.read(RUNGS))
    if decided and there != sorted(rung_names(decided[0]["decision"])):
        yield "the rungs are others than the first decision names"


def _rest(body: Json) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in _NOT_TOLD}


def _rows_and_events(found: ExportPayload) -> Iterator[str]:
    told = _Told()
    for event in found.events:
        told.take(event)
    for (table, key), fields in told.fields.items():
        row = _row(found, table, key)
        inside = row.get({"approvals": "approval", "handoffs": "handoff"}.get(table, ""), row)
        for name, value in fields.items():
            if inside.get(name, value) != value:
                yield f"{table} {_named(key)}: its events say another {name} than its row"
        if found.withheld:
            continue
        for name, digest in told.digests.get((table, key), {}).items():
            if _digest(name, row[name]) != digest:
                yield f"{table} {_named(key)}: its {name} is not the one that its event has the digest of"


def _digest(name: str, data: Any) -> str | None:
    """As the ledger identifies it: a result by what was computed, not by where or how fast."""
    if data is None:
        return None
    return digest_json({each: data[each] for each in _COMPUTED} if name == "result" else data)


def _row(found: ExportPayload, table: str, key: Key) -> Json:
    names = {"cases": (), "decisions": ("number",), "attempts": ("number",), "approvals": ("approval_id",)}
    wanted = dict(zip(("case_id", *names.get(table, ("attempt", "ordinal"))), key, strict=True))
    for row in found.read(f"{table}.json"):
        if all(row[name] == value for name, value in wanted.items()):
            each: Json = row
            return each
    raise LookupError(f"{table} {_named(key)}")


def _named(key: Key) -> str:
    return "/".join(map(str, key))


def _money(found: ExportPayload) -> Iterator[str]:
    """A question that was answered with yes covers what it was used for, and was answered in time."""
    sent = {(row["attempt"], row["ordinal"]): row["handoff"] for row in found.read("handoffs.json")}
    aside = {(row["attempt"], row["ordinal"]): row["reserved"] for row in found.read("budgets.json")}
    for row in found.read("approvals.json"):
        asked, key = row["approval"], (row["approval"]["attempt"], row["approval"]["ordinal"])
        named = f"approval {row['approval_id']}"
        if asked["state"] in ("granted", "used") and asked["answered_at"] > asked["expires_at"]:
            yield f"{named} was given after its time was over"
        if asked["state"] != "used":
            continue
        if any(asked["cap"].get(unit, 0) < amount for unit, amount in aside.get(key, {}).items()):
            yield f"{named} is for less than was set aside with it"
        if key in sent and asked["subject"] != sent[key]["payload"]:
            yield f"{named} is for another payload than was sent"


def _attempts(found: ExportPayload) -> Iterator[str]:
    """An attempt ran where its decision said, and had the work and the results that there are."""
    done = {(row["attempt"], row["ordinal"]): row for row in found.read("intents.json")}
    decided = {row["number"]: row["decision"] for row in found.read("decisions.json")}
    for row in found.read("attempts.json"):
        attempt, number = row["attempt"], row["number"]
        if attempt["candidate"] and attempt["candidate"] != row["candidate"]:
            yield f"attempt {number} has another candidate than its row"
        if attempt["backend"] != decided[number]["backend"]:
            yield f"attempt {number} ran elsewhere than was decided"
        for work in attempt["works"]:
            settled = done[number, work["ordinal"]]
            result = _digest("result", settled["result"])
            if (work["work"], work["result"]) != (settled["digest"], result):
                yield f"attempt {number} has another work {work['ordinal']}, or result, than is there"


def _outcome(found: ExportPayload) -> Iterator[str]:
    """An outcome repeats the attempts and decisions, and says of the best attempt what that says."""
    ended: Mapping[str, Any] = found.row["outcome"] or {}
    for name, table in (("attempts", "attempt"), ("decisions", "decision")):
        if name in ended and ended[name] != [row[table] for row in found.read(f"{name}.json")]:
            yield f"the outcome has other {name} than there are"
    if ended.get("method") is None:
        return
    if not any(all(each[name] == ended[name] for name in _BEST) for each in ended["attempts"]):
        yield "the outcome says another thing of its best attempt than that attempt"
