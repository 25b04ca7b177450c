"""Files that the site had given up when the export was made: what the events say of each."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from escalation.model.pruned import Pruning
from escalation.text.pruning import when_and_why
from escalation.text.wording import counted
from records.export.payload import ExportPayload, Json
from records.ledger.retention import PRUNED


def prunings(events: Iterable[Mapping[str, Any]]) -> list[Pruning]:
    """What events say that was given up, in order; raises `ValueError` or `LookupError` where one cannot."""
    return [Pruning.of(event["at"], event["body"]) for event in events if event["kind"] == PRUNED]


def pruned_lines(told: Iterable[Pruning], digests: Iterable[str]) -> list[Json]:
    """A line on each of these digests that was given up; of others, none."""
    wanted = frozenset(digests)
    found = {
        file.sha256: {**file.to_json(), "pruned_at": pruning.at, "rule": pruning.rule}
        for pruning in told
        for file in pruning.files
        if file.sha256 in wanted
    }
    return [found[digest] for digest in sorted(found)]


def in_words(found: ExportPayload) -> Iterator[str]:
    """What an export says of the files that were given up, a line for each time and rule."""
    count: dict[str, int] = {}
    for line in found.pruned:
        why = when_and_why(Pruning(at=line["pruned_at"], rule=line["rule"], by="", files=()))
        count[why] = count.get(why, 0) + 1
    for why, files in count.items():
        yield f"{counted(files, 'file', 'files')} of the store {why}"
