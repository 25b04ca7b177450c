"""What a name that is not known was probably meant to be."""

from collections.abc import Iterable
from difflib import get_close_matches

ALIKE = 0.8
"""Share of letters in common, in order, from which on a name is offered (Ratcliff and Obershelp)."""


def nearest(got: object, known: Iterable[str]) -> str | None:
    """The known name that differs in case, spaces and marks alone, else the one spelt most alike; or none."""
    names = {name: bare(name) for name in known}
    meant = bare(str(got))
    same = [name for name, plain in names.items() if plain == meant]
    if same or not meant:
        return same[0] if len(same) == 1 else None
    near = get_close_matches(meant, list(names.values()), n=1, cutoff=ALIKE)
    return next((name for name, plain in names.items() if [plain] == near), None)


def did_you_mean(got: object, known: Iterable[str]) -> str:
    """` (did you mean 'Fell'?)`, to end a complaint with; empty where nothing is near."""
    name = nearest(got, known)
    return "" if name is None else f" (did you mean {name!r}?)"


def bare(text: str) -> str:
    """A name without what is easily mistyped: case, spaces, `_` and `-`."""
    return "".join(char for char in text.casefold() if not char.isspace() and char not in "_-")
