"""Numbers of things, and lists of them, in words."""

from collections.abc import Sequence

MOST_NAMED = 6
VOWELS = ("a", "e", "i", "o", "u")


def counted(count: int, one: str, many: str) -> str:
    """`1 case has`, `3 cases have`, `no cases have`; thousands are marked."""
    shown = f"{count:,}" if count else "no"
    return f"{shown} {one if count == 1 else many}"


def sentence(said: str) -> str:
    """The words with a capital at their beginning."""
    return said[:1].upper() + said[1:]


def first_of(lines: Sequence[str], what: str, most: int = MOST_NAMED) -> list[str]:
    """The lines; of more than `most` the first, and a line that counts the rest: `and 12 more jobs`."""
    if len(lines) <= most:
        return list(lines)
    return [*lines[: most - 1], f"and {len(lines) - most + 1:,} more {what}"]


def with_article(noun: str) -> str:
    """`an ideal simulator`, `a calibrated rehearsal`: by the first letter, which is right for plain words."""
    return f"{'an' if noun[:1].lower() in VOWELS else 'a'} {noun}"


def listed(names: Sequence[str], word: str = "and", most: int | None = MOST_NAMED) -> str:
    """`a`, `a and b`, `a, b and c`; of more than `most` the rest is counted."""
    shown = list(names)
    if most is not None and len(shown) > most:
        shown = [*shown[: most - 1], f"{len(shown) - most + 1} more"]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {word} {shown[-1]}"
