"""What looks like a date in a table."""

import re

DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([T ].*)?|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}")

MOSTLY = 0.8
"""Share of present values that must be numbers (or dates) for a text column to count as one of them."""


def dates(texts: set[str]) -> list[str]:
    """The dates among texts, where most of them are."""
    found = [text for text in texts if DATE.fullmatch(text)]
    return found if found and len(found) >= MOSTLY * len(texts) else []
