"""Options of a batch system's submitter that a site may not set: they would defeat a job, or its record."""

import re
import shlex
from collections.abc import Sequence


def refused_option(line: str, long: Sequence[str], short: str, flags: str = "") -> str | None:
    """The option of a line that is among those refused; None where it has none.

    Args:
        line: options with their values, as in a script's head.
        long: names without dashes; what getopt takes as short for one of them is refused likewise.
        short: letters, whose value may follow at once, as in `-N2`.
        flags: letters without a value, behind which others may follow, as in `-sN2`.

    Raises:
        ValueError: where a quotation has no end.
    """
    for word in shlex.split(line):
        name = word[2:].partition("=")[0]
        if word.startswith("--"):
            if name and any(each == name or (len(name) > 2 and each.startswith(name)) for each in long):
                return f"--{name}"
        elif word.startswith("-") and (letter := _refused_letter(word[1:], short, flags)):
            return f"-{letter}"
    return None


def _refused_letter(bundle: str, short: str, flags: str) -> str | None:
    for letter in bundle:
        if letter in short:
            return letter
        if letter not in flags:  # what follows is its value
            return None
    return None


def refused_resource(line: str, option: str, names: Sequence[str]) -> str | None:
    """The same of what PBS is asked for by `-l NAME=VALUE,…` or `-W NAME=VALUE,…`."""
    words = shlex.split(line)
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word.startswith(option):
            asked = word.removeprefix(option).strip() or following
            for name in (part.partition("=")[0].strip() for part in re.split(r"[,:+]", asked)):
                if name in names:
                    return f"{option} {name}"
    return None
