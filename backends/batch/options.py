"""Options of a batch system's submitter that a site may not set: they would defeat a job, or its record."""

import re
from collections.abc import Sequence


def refused_option(line: str, long: Sequence[str], short: str) -> str | None:
    """The option of a line that is among those refused, as the line spells it; None where it has none.

    Args:
        line: options with their values, as in a script's head.
        long: names without dashes; what getopt takes as short for one of them is refused likewise.
        short: letters, whose value may follow at once, as in `-N2`.
    """
    for word in map(str, re.findall(r"(?:^|\s)(-\S*)", line)):
        name = word.lstrip("-").partition("=")[0]
        if word.startswith("--"):
            if any(each == name or (len(name) > 2 and each.startswith(name)) for each in long):
                return f"--{name}"
        elif name[:1] and name[0] in short:
            return word[:2]
    return None


def refused_resource(line: str, option: str, names: Sequence[str]) -> str | None:
    """The same of what PBS is asked for by `-l NAME=VALUE,…` or `-W NAME=VALUE,…`."""
    for asked in re.findall(rf"(?:^|\s){option}\s*(\S+)", line):
        for name in (part.partition("=")[0] for part in re.split(r"[,:+]", asked)):
            if name in names:
                return f"{option} {name}"
    return None
