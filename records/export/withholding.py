"""What an export leaves out where the data of the case may not leave the site.

The data go, and every text that somebody else than Tierwise wrote, because it may quote them: what a program
said at its end, why a verifier found so and on what that rests, why a fact of a family is not known. Numbers,
names, digests and the words of Tierwise and of the policy stay.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from escalation.model.errors import BadInput
from escalation.model.identity import canonical_json
from records.export.payload import KEPT_BACK
from records.ledger.excerpt import CaseExcerpt

Row = Mapping[str, Any]
WITH_DATA = ("cases", "attempts", "intents")
"""Tables whose rows repeat data of the instance: what was asked, what was computed, what was answered."""
_MAY_SAY = {"work.lost": "error", "work.refused": "because"}
"""Where events may have the words of a program or a machine: of tries that were lost in ledgers before these
were named by digest, of work that was not taken in all."""
_NUMBER = r"[-+.\de]+|nan|-?inf"
_OWN_NOTES = re.compile(
    r"|unknown|not provided|the family [\w.-]+ has no such fact"
    rf"|expected a number from (?:{_NUMBER}) to (?:{_NUMBER}), got (?:{_NUMBER})"
)
"""Why a fact is not known, where Tierwise itself says so; all else is a family's, or an error's."""


def check_events(taken: CaseExcerpt) -> None:
    """Refuses a case whose events, which are hashed and so cannot be shortened, say more than may leave.

    Raises:
        BadInput: naming the first such event.
    """
    words = [canonical_json(each)[1:-1] for each in _words(taken)]
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


def held(taken: CaseExcerpt) -> tuple[str, ...]:
    """The tables whose rows are withheld: decisions too where they repeat words that may not leave."""
    made = [json.loads(row["decision"]) for row in taken.rows["decisions"]]
    return WITH_DATA if _decisions(taken, made) == made else (*WITH_DATA, "decisions")


def shortened(taken: CaseExcerpt, tables: Mapping[str, Sequence[Row]]) -> dict[str, list[dict[str, Any]]]:
    """The rows for people, by table, without what may not leave; of the tables that have such.

    Args:
        taken: from the ledger.
        tables: the same rows, their JSON read.
    """
    made = _decisions(taken, [row["decision"] for row in tables["decisions"]])
    return {name: [_without_data(row) for row in tables[name]] for name in WITH_DATA} | {
        "decisions": [{**row, "decision": each} for row, each in zip(tables["decisions"], made, strict=True)]
    }


def _words(taken: CaseExcerpt) -> tuple[str, ...]:
    """Texts that may quote data and that decisions and questions repeat."""
    tried = (json.loads(row["attempt"]) for row in taken.rows["attempts"])
    found = [str(each["error"]) for each in tried if each.get("error")]
    return tuple(dict.fromkeys([*found, *_notes(taken)]))


def _notes(taken: CaseExcerpt) -> Iterator[str]:
    """Why facts are not known, in words that are not Tierwise's own."""
    for row in taken.rows["decisions"]:
        notes = (fact.get("note", "") for fact in json.loads(row["decision"])["facts"])
        yield from (note for note in notes if not _OWN_NOTES.fullmatch(note))


def _decisions(taken: CaseExcerpt, made: Sequence[Row]) -> list[Any]:
    """Decisions without such words, and without the reason that repeats why an attempt before it failed."""
    words, tried = _words(taken), (json.loads(row["attempt"]) for row in taken.rows["attempts"])
    failed = min((each["number"] for each in tried if each.get("error")), default=None)
    return [
        _without_words(
            {**each, "because": KEPT_BACK} if failed is not None and each["number"] > failed else each, words
        )
        for each in made
    ]


def _without_words(data: Any, words: Sequence[str]) -> Any:
    """JSON data with every text that has one of the words kept back."""
    if isinstance(data, str):
        return KEPT_BACK if any(each in data for each in words) else data
    if isinstance(data, list):
        return [_without_words(each, words) for each in data]
    if isinstance(data, Mapping):
        return {name: _without_words(each, words) for name, each in data.items()}
    return data


def _without_data(row: Row) -> dict[str, Any]:
    """What a row says beside the data: no instance, work, answer, words of others, place on the site;
    what certificates found and what it cost stay."""
    kept = _without(row, "work", "result", "lost", "handle", "candidate")
    if "info" in row:
        info = _without(row["info"], "instance", "files", "about")
        where = _without(info["environment"], "folder")
        kept["info"] = info | {"problem": _without(info["problem"], "instance"), "environment": where}
        kept["outcome"] = row["outcome"] and _outcome(row["outcome"])
    elif isinstance(row["attempt"], dict):
        works = [_without(each, "lost", "error", "provenance") for each in row["attempt"]["works"]]
        error = row["attempt"]["error"] and KEPT_BACK
        found = _certificate(row["attempt"]["certificate"])
        kept["attempt"] = _without(row["attempt"], "candidate") | {
            "works": works,
            "error": error,
            "certificate": found,
        }
    return kept


def _outcome(row: Row) -> Row:
    kept = _without(
        row,
        *("answer", "limits", "files", "report", "record", "remarks", "attempts", "decisions"),
        *("failures", "faults", "paused"),
    )
    if row.get("told"):  # the answer in words, what it rests on, and advice: a family's; what was asked stays
        kept["told"] = row["told"] | {"answer": KEPT_BACK, "rests_on": KEPT_BACK, "next_steps": []}
    return kept | {"certificate": _certificate(row.get("certificate"))}


def _certificate(found: Row | None) -> Row | None:
    """What it found in numbers and by names; in a family's words nothing."""
    if found is None:
        return None
    reasons = [KEPT_BACK] if found["reasons"] else []
    return {**found, "kind": KEPT_BACK, "reasons": reasons, "evidence": {}}


def _without(data: Row, *names: str) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in names}
