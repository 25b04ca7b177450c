"""Values as PBS writes them: JSON, durations, sizes, logical values. pbs_resources(7B)."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from escalation.model.errors import BackendError

_SIZE = re.compile(r"(\d+)([kmgtp]?)[bw]?")
_BYTES = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40, "p": 2**50}


def documents(out: str) -> Iterator[Mapping[str, Any]]:
    """The JSON objects that commands print one after the other.

    Raises:
        BackendError: on what is none; the same question may be answered better later.
    """
    decoder, rest = json.JSONDecoder(strict=False), out.strip()
    while rest:
        try:
            found, end = decoder.raw_decode(rest)
        except ValueError:
            raise BackendError(f"PBS printed no JSON: {rest[:80]!r}", retry=True) from None
        if not isinstance(found, dict):
            raise BackendError(f"PBS printed no JSON object: {rest[:80]!r}", retry=True)
        yield found
        rest = rest[end:].lstrip()


def section(document: Mapping[str, Any], name: str) -> dict[str, dict[str, Any]]:
    """The objects by name in one part of a document; none where it has no such part."""
    found = document.get(name)
    named = found.items() if isinstance(found, dict) else ()
    return {str(key): value for key, value in named if isinstance(value, dict)}


def duration(seconds: float) -> str:
    """Seconds as `HH:MM:SS`, no less."""
    whole = math.ceil(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def seconds(text: Any) -> float | None:
    """A duration in seconds: `[[HH:]MM:]SS`; None where it is none."""
    try:
        parts = [float(part) for part in str(text).split(":")]
    except ValueError:
        return None
    return sum(part * 60.0**place for place, part in enumerate(reversed(parts)))


def mebibytes(text: Any) -> int | None:
    """A size in MiB, as of `4040kb`; None where it is none. Words count as bytes: no site uses them."""
    found = _SIZE.fullmatch(str(text).lower())
    return int(found[1]) * _BYTES[found[2]] // 2**20 if found else None


def whole(value: Any) -> int:
    """A number as PBS writes it, as text or not; 0 for none."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0
