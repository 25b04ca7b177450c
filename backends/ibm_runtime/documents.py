"""From bytes that a service sent to JSON data to rely on: an object, finite numbers, short ids. Pure.

Nothing here believes what came: whatever is not as documented is `Malformed`, with what was expected and what
came, and is never a traceback.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any, NoReturn

from escalation.model.frozen import in_utc
from escalation.ports.paid import Malformed

FIRST_YEAR = 2016
"""When the service began; nothing of it is older."""
AHEAD = timedelta(days=1)
"""By how much the service's clock may be ahead of ours."""
LONGEST = 200
"""Characters of an id or a tag."""
MOST_TAGS = 100
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}")


def parse(body: bytes, what: str) -> Mapping[str, Any]:
    """Reads a JSON object.

    Raises:
        escalation.ports.paid.Malformed: where it is none, or tells of errors in place of an answer.
    """
    try:
        document = json.loads(body, parse_constant=_constant)
    except (ValueError, RecursionError, MemoryError) as error:
        received = f"{type(error).__name__}, it begins {shown(body[:40])}"
    else:
        if isinstance(document, dict) and not document.get("errors"):
            return document
        received = shown(document)
    raise Malformed(f"{what}: expected a JSON object from the service, got {received}")


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def field(document: Mapping[str, Any], name: str, what: str) -> Mapping[str, Any]:
    """Reads a field that is an object; an absent one or null is an empty one."""
    value = document.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Malformed(f"{what}: expected {name} to be an object, got {shown(value)}")
    return value


def identity(value: Any, what: str) -> str:
    """Reads an id, which may become part of an address."""
    if isinstance(value, str) and _ID.fullmatch(value):
        return value
    raise Malformed(f"{what}: expected an id of letters and digits, got {shown(value)}")


def texts(value: Any, what: str) -> tuple[str, ...]:
    """Reads a list of short texts; null is an empty one."""
    if value is None:
        return ()
    if isinstance(value, list) and len(value) <= MOST_TAGS and all(isinstance(text, str) for text in value):
        return tuple(text[:LONGEST] for text in value)
    raise Malformed(f"{what}: expected a list of at most {MOST_TAGS} texts, got {shown(value)}")


def seconds(value: Any, what: str) -> float:
    """Reads a number of seconds, finite and at least 0."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = float("inf")
        if isfinite(number) and number >= 0:
            return number
    raise Malformed(f"{what}: expected seconds, at least 0, got {shown(value)}")


def moment(text: Any) -> datetime | None:
    """Reads a time of the service; one without a zone is in UTC.

    None where there is none, or none that can be: before the service was, or in the future.
    """
    try:
        parsed = in_utc(datetime.fromisoformat(str(text)[:LONGEST]))
    except (ValueError, OverflowError):
        return None
    return parsed if parsed.year >= FIRST_YEAR and parsed <= datetime.now(UTC) + AHEAD else None


def shown(value: Any) -> str:
    """Shows a few characters of what came, none of which can repaint a screen."""
    text = value.decode(errors="replace") if isinstance(value, bytes) else _brief(value)
    return ascii(text[:60])


def _brief(value: Any) -> str:
    try:
        return json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return type(value).__name__
