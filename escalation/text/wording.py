"""Numbers of things, and lists of them, in words."""

from collections.abc import Sequence

MOST_NAMED = 6


def counted(count: int, one: str, many: str) -> str:
    """`1 case has`, `3 cases have`, `no cases have`; thousands are marked."""
    shown = f"{count:,}" if count else "no"
    return f"{shown} {one if count == 1 else many}"


def listed(names: Sequence[str], word: str = "and", most: int | None = MOST_NAMED) -> str:
    """`a`, `a and b`, `a, b and c`; of more than `most` the rest is counted."""
    shown = list(names)
    if most is not None and len(shown) > most:
        shown = [*shown[: most - 1], f"{len(shown) - most + 1} more"]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {word} {shown[-1]}"
