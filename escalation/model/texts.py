"""Texts that a file's name, a database and a line on a screen can hold."""

import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

MOST_CHARACTERS = 4096
"""Of a line: as long as a path may be (PATH_MAX of Linux)."""


def storable(text: str) -> bool:
    """Whether UTF-8 and a database can hold a text: neither NUL nor half a character (a lone surrogate)."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def unstorable_in(data: Any, place: str = "") -> str | None:
    """Where in plain data a text stands that cannot be stored, also as a name; None: nowhere."""
    if isinstance(data, str):
        return None if storable(data) else place
    if isinstance(data, Mapping):
        if not all(map(storable, data)):
            return place
        inner: Iterable[tuple[Any, Any]] = data.items()
    else:
        inner = enumerate(data) if isinstance(data, list | tuple) else ()
    for name, value in inner:
        if isinstance(value, str | Mapping | list | tuple):  # of a million numbers no place is made up
            found = unstorable_in(value, f"{place}.{name}".lstrip("."))
            if found is not None:
                return found
    return None


def _one_line(text: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"expected at most {MOST_CHARACTERS:,} characters, got {len(text):,}")
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in text):
        raise ValueError("expected a text on one line, without control characters and halves of characters")
    return text


Line = Annotated[
    str,
    BeforeValidator(lambda given: str(given) if isinstance(given, Path) else given),
    AfterValidator(_one_line),
]
"""A path, a name or an id: one line of at most 4,096 characters."""
