"""Entry points: `flows.entry.VERB`, made of the families found, and `flows.entry.batch` for many problems."""

from typing import Any as _Any


def __getattr__(name: str) -> _Any:
    if name == "batch":
        from flows.batch import batch

        return batch
    from escalation.ports.registry import families
    from flows.forms import entry_flow

    for descriptor in families().values():
        if descriptor.verb == name:
            return entry_flow(descriptor.name)
    raise AttributeError(f"no family's flow is called {name!r}")
