"""All that is wrong at once: where somebody collects, a check goes on after a complaint.

A check that others do not rest on stands in `apart`; before one that rests on all of them stands `settle`.
Where nobody collects, the first complaint is raised, as ever.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from escalation.model.errors import BadInput

MOST = 200
"""Complaints after which nothing more is looked at: whoever mends these checks again."""

_found: ContextVar[list[BadInput] | None] = ContextVar("found", default=None)


@contextmanager
def collected() -> Iterator[list[BadInput]]:
    """Gathers the complaints of the checks in the block, which ends where nothing is left to check."""
    found: list[BadInput] = []
    token = _found.set(found)
    try:
        yield found
    except BadInput as error:
        _keep(found, error)
    finally:
        _found.reset(token)


@contextmanager
def apart() -> Iterator[None]:
    """A check that the next ones do not rest on: collected, its complaint stops nothing but itself."""
    found = _found.get()
    try:
        yield
    except BadInput as error:
        if found is None or len(found) >= MOST:
            raise
        _keep(found, error)


def so_far() -> int:
    """How many complaints have been gathered: where a stretch of checks begins."""
    return len(_found.get() or ())


def settle(since: int = 0) -> None:
    """Ends where something was wrong in the stretch that began there, on which what follows rests."""
    found = _found.get()
    if found is not None and len(found) > since:
        raise found[-1]


def wrong(since: int = 0) -> bool:
    """Whether somebody gathers, and something was wrong in the stretch that began there."""
    return so_far() > since


def mended(instance: Mapping[str, Any], complaints: Sequence[BadInput]) -> dict[str, Any]:
    """The fields that complaints say would make it good; those of a list hold what stands there already."""
    fields: dict[str, Any] = {}
    for complaint in complaints:
        for name, value in complaint.mends.items():
            known = fields.get(name, instance.get(name))
            if isinstance(value, list):
                known = list(known) if isinstance(known, list) else []
                fields[name] = known + [each for each in value if each not in known]
            else:
                fields[name] = value
    return fields


def _keep(found: list[BadInput], error: BadInput) -> None:
    if not any(error is each or str(error) == str(each) for each in found):
        found.append(error)
