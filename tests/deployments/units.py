"""The systemd units as systemd reads them, for running their commands without it."""

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from escalation.inputs.settings import ROOT

UNITS = ROOT / "deployments/systemd"
PREFIX = "/opt/tierwise"
_BINARIES = Path(sys.executable).parent


def directives(unit: str) -> dict[str, list[str]]:
    """The values of each directive of a unit, in order."""
    found: dict[str, list[str]] = {}
    for line in (UNITS / unit).read_text(encoding="utf-8").splitlines():
        name, is_one, value = line.partition("=")
        if is_one and not line.startswith(("#", ";")):
            found.setdefault(name, []).append(value)
    return found


def command(unit: str, variables: Mapping[str, str]) -> list[str]:
    """A unit's command; a `$NAME` alone becomes as many words as its value has (systemd.service(5))."""
    (line,) = directives(unit)["ExecStart"]
    words = [
        part
        for word in line.split()
        for part in (shlex.split(variables.get(word[1:], "")) if word.startswith("$") else [word])
    ]
    return [word.replace(f"{PREFIX}/.venv/bin", str(_BINARIES)) for word in words]


def environment(unit: str, variables: Mapping[str, str]) -> dict[str, str]:
    """What a unit's command finds in its environment: systemd's own, the unit's, then those of its file."""
    stated = dict(each.split("=", 1) for each in directives(unit).get("Environment", []))
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
        "LANG": "C.UTF-8",
        **stated,
        **variables,
    }
