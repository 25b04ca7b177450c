"""Whether what follows from the rest of an export says what the rest says, whoever signed it."""

import json
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from records.export.agreeing import contradictions
from records.export.bag import ENVELOPE, INFO, PAYLOAD, bag_info
from records.export.beside import beside, repeated, unproven
from records.export.contents import POLICY, acting_policy, index, named_files, pruned_file
from records.export.derived import FILES, about, derived, said, writer
from records.export.in_words import COSTS, in_words
from records.export.in_words import TABLES as TABLES_IN_WORDS
from records.export.order import impossible, resealed
from records.export.payload import CHAIN, INDEX, PRUNED_FILES, ExportPayload, pretty, rows_path
from records.export.pruned import pruned_lines, prunings
from records.export.rungs import RUNGS
from records.ledger.excerpt import TABLES

SIGNED_OTHERWISE = "signature: its statement does not say what the records say"
_WRITER = "writer"


def disagreeing(files: Mapping[str, bytes]) -> Iterator[str]:
    """A line on each thing that is said in two ways, by rows, events or signature, in whatever words.

    Args:
        files: of an export in which nothing else is wrong, by path, whoever wrote it.
    """
    yield from _read(_disagreeing, files)


def unlike(files: Mapping[str, bytes], key_id: str) -> Iterator[str]:
    """A line on each file that is not, byte by byte, what this code makes of the rest of the export.

    Args:
        files: of an export in which nothing else is wrong, by path, and which this code wrote.
        key_id: of the key that signed it.
    """
    yield from _read(lambda files: _unlike(files, key_id), files)


def written_elsewhere(files: Mapping[str, bytes]) -> bool:
    """Whether other code than this put it into words: it may say the same in other words."""
    return _predicate(files).get(_WRITER) != writer()


def _read(check: Callable[[Mapping[str, bytes]], Iterator[str]], files: Mapping[str, bytes]) -> Iterator[str]:
    """What the check finds; a line where it cannot read them."""
    try:
        yield from check(files)
    except (ValueError, LookupError, TypeError) as error:
        yield f"unreadable: {error!r}"[:200]


def _disagreeing(files: Mapping[str, bytes]) -> Iterator[str]:
    signed, found = _predicate(files), ExportPayload(_inside(files))
    facts = said(found, datetime.fromisoformat(signed["exported_at"]))
    if any(signed[name] != facts[name] for name in facts.keys() & signed.keys() - {_WRITER}):
        yield SIGNED_OTHERWISE
    yield from impossible(found.events)
    chains = (name for name, _ in found.lines(CHAIN))
    yield from resealed(zip(chains, found.events, strict=True))
    yield from unproven(found)
    yield from beside(found)
    yield from repeated(found)
    yield from contradictions(found)


def _inside(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of the payload, by their paths in it."""
    return {name[len(PAYLOAD) + 1 :]: data for name, data in files.items() if name.startswith(f"{PAYLOAD}/")}


def _unlike(files: Mapping[str, bytes], key_id: str) -> Iterator[str]:
    signed, inside = _predicate(files), _inside(files)
    now = datetime.fromisoformat(signed["exported_at"])
    found = ExportPayload(inside)
    rest = ExportPayload({path: data for path, data in inside.items() if path not in FILES})
    made = {f"{PAYLOAD}/{path}": data for path, data in _made(found, rest, now, key_id).items()}
    made[INFO] = bag_info(inside, about(found, now))
    for path, data in made.items():
        if files.get(path) != data:
            yield f"{path} does not say what the records say"
    if found.files.get(POLICY) != acting_policy(found.info["policy_text"], found.info["policy_name"]):
        yield f"{PAYLOAD}/{POLICY} is not what policy.yaml says"
    if signed.keys() != said(found, now).keys():
        yield SIGNED_OTHERWISE


def _made(found: ExportPayload, rest: ExportPayload, now: datetime, key_id: str) -> dict[str, bytes]:
    made = derived(rest, now, key_id, found.read(RUNGS))
    worded = in_words({name: found.read(f"{name}.json") for name in (*TABLES_IN_WORDS, *COSTS)})
    made |= {f"{name}.json": pretty(rows) for name, rows in worded.items()}
    told, listed = prunings(found.events), [line["sha256"] for line in found.pruned]
    gone = {line["sha256"] for line in pruned_lines(told, listed)}
    if listed:
        made[PRUNED_FILES] = pruned_file(told, listed)
    if not found.withheld:
        rows = {table.name: found.lines(rows_path(table.name)) for table in TABLES}
        made[INDEX] = index({name: words for name, words in named_files(rows) if name not in gone})
    return made


def _predicate(files: Mapping[str, bytes]) -> dict[str, Any]:
    statement = json.loads(b64decode(json.loads(files[ENVELOPE])["payload"]))
    predicate: dict[str, Any] = statement["predicate"]
    return predicate
