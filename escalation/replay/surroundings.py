"""How the machine and the code are other than those of a record: a stated reason for what may differ."""

from collections.abc import Iterator, Mapping
from typing import Any

_SAID = {
    "commit": "code",
    "lock": "lock file",
    "python": "Python",
    "cpu_features": "processor's features",
}


def other(recorded: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yields a line on each thing that results may depend on and that is not as it was."""
    for name, said in _SAID.items():
        if recorded.get(name) != now.get(name):
            yield f"{said}: {_short(recorded.get(name))} recorded, {_short(now.get(name))} here"
    if recorded.get("uncommitted_changes"):
        yield "code: recorded with changes that were not committed"
    if now.get("uncommitted_changes"):
        yield "code: changes here that are not committed"
    before, after = recorded.get("packages") or {}, now.get("packages") or {}
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield f"package {name}: {before.get(name) or 'none'} recorded, {after.get(name) or 'none'} here"


def worded_by(recorded: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """The version of the code that put a record into words, where that is not the one here; empty: it is."""
    before = recorded.get("commit")
    return "" if before == now.get("commit") else f"version {_short(before)}"


def _short(value: Any) -> str:
    return "not" if value is None else str(value)[:12]
