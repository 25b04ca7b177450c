"""What was pruned of a case, in words."""

from collections.abc import Iterable

from escalation.model.pruned import PrunedFile, Pruning
from escalation.text.wording import counted


def when_and_why(pruning: Pruning) -> str:
    """As it is said of each of the files."""
    return f"pruned on {pruning.at[:10]} under the rule: {pruning.rule}"


def in_a_line(pruning: Pruning) -> str:
    """All of a pruning."""
    return f"{amount(pruning.files)} {when_and_why(pruning)}"


def amount(files: Iterable[PrunedFile]) -> str:
    """How many files, and how large."""
    sizes = [file.bytes for file in files]
    return f"{counted(len(sizes), 'file', 'files')} ({in_bytes(sum(sizes))})"


def in_bytes(size: int) -> str:
    """A number of bytes as people read it, in powers of a thousand."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"
