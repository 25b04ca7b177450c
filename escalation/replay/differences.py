"""Where two JSON documents differ: leaf by leaf, by the way to each."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from escalation.replay.report import Difference

_NAMES = ("subject", "name", "gate", "method", "fact", "ordinal", "number")
"""What an item of a list may be known by, beside its place."""


def differences(step: str, recorded: Any, replayed: Any) -> list[Difference]:
    """The leaves that differ, in the order of the recorded document, then what only the other has."""
    return [
        Difference(step=step, what=what, recorded=before, replayed=now)
        for what, before, now in _leaves("", recorded, replayed)
    ]


def _leaves(way: str, recorded: Any, replayed: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(recorded, Mapping) and isinstance(replayed, Mapping):
        for name in {**recorded, **replayed}:
            inside = f"{way}.{name}" if way else str(name)
            yield from _leaves(inside, recorded.get(name), replayed.get(name))
    elif _listed(recorded) and _listed(replayed):
        for place in range(max(len(recorded), len(replayed))):
            before, now = (each[place] if place < len(each) else None for each in (recorded, replayed))
            yield from _leaves(f"{way}[{_named(before if now is None else now, place)}]", before, now)
    elif (type(recorded) is not type(replayed) and not _numbers(recorded, replayed)) or recorded != replayed:
        yield way, recorded, replayed


def _listed(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _numbers(*values: Any) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _named(item: Any, place: int) -> str:
    """What the item is called, else its place."""
    names = [str(item[name]) for name in _NAMES if item.get(name)] if isinstance(item, Mapping) else []
    return " ".join(names) or str(place)
