"""The one way to give this family an instance, and what each field beside it changes."""

from pathlib import Path

from escalation.testing.sources import Source
from problems.toy.instance import ToySpec


def sources(folder: Path) -> tuple[Source, ...]:
    """Returns the numbers themselves; no example file is needed."""
    return (Source("numbers", ToySpec, {"numbers": [3, 1, 4, 1, 5]}, {"reach": 3, "pause_s": 0.5}),)
