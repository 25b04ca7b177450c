"""A policy put together from several files: every part still knows its file and line."""

from pathlib import Path
from typing import Any

import yaml

from escalation.inputs.document import Document, Place, dumped
from escalation.inputs.settings import ROOT
from escalation.model.errors import BadInput
from escalation.policy.rules import Policy
from escalation.text.visible import visible

ORIGIN = "# from "
"""How the line above a rule of a resolved policy's text begins."""
RULES = ("gates", "acceptance", "approvals", "waivers")
"""The lists of a policy, whose parts stand on their own."""

_ORDER = list(Policy.model_fields)


class Layers:
    """Plain data, and for every part of it the document that states it.

    Attributes:
        data: the fields put together.
        resolved: whether they came from more than the document itself.
        taken_in: the families whose gates are among them.
        closed: those of them whose gates cannot be used, for which every tier is closed.
    """

    def __init__(self, document: Document) -> None:
        self.data: dict[str, Any] = {}
        self.resolved = False
        self.taken_in: set[str] = set()
        self.closed: set[str] = set()
        self._own = document
        self._from: dict[Place, tuple[Document, Place]] = {(): (document, ())}

    def put(self, place: Place, value: Any, document: Document, there: Place) -> None:
        """Sets a field, or a field of a field, to what stands at a place of a document."""
        inner: Any = self.data
        for part in place[:-1]:
            inner = inner[part]
        inner[place[-1]] = value
        self._from[place] = (document, there)

    def append(self, section: str, value: Any, document: Document, there: Place) -> None:
        """Adds a rule to a list."""
        rules = self.data.setdefault(section, [])
        rules.append(value)
        self._from[section, len(rules) - 1] = (document, there)

    def under(self, document: Document, without: tuple[str, ...]) -> "Layers":
        """These fields but some, as the ground that another document builds on."""
        upper = Layers(document)
        upper.taken_in, upper.closed = self.taken_in, self.closed
        upper.data = {name: value for name, value in self.data.items() if name not in without}
        upper._from |= {at: found for at, found in self._from.items() if at and at[0] not in without}
        return upper

    def complain(self, place: Place, message: str) -> BadInput:
        """Returns the error that names file and line of the part that is wrong."""
        document, there, rest = self._found(place)
        return document.complain((*there, *rest), message)

    def origin(self, place: Place) -> str:
        """`FILE:LINE` of a part, followed by those of what changed it."""
        document, there, rest = self._found(place)
        said = _at(document, (*there, *rest))
        changes = {
            _at(by, where[:2])
            for at, (by, where) in self._from.items()
            if len(at) > len(place) and at[: len(place)] == place
        }
        return said + "".join(f", changed in {each}" for each in sorted(changes))

    def text(self) -> str:
        """The fields as YAML, above every rule where it came from; of a whole document its own text."""
        if not self.resolved:
            return self._own.text
        parts = [
            f"# What {visible(_short(self._own.name))} comes to, put together from the files named below.\n"
        ]
        for name, value in sorted(self.data.items(), key=lambda field: _ORDER.index(field[0])):
            if name not in RULES:
                parts.append(dumped({name: value}))
                continue
            parts.append(f"{name}:\n")
            for index, rule in enumerate(value):
                parts += [f"{ORIGIN}{visible(self.origin((name, index)))}\n", dumped([rule])]
        return "".join(parts)

    def _found(self, place: Place) -> tuple[Document, Place, Place]:
        known = place
        while known not in self._from:
            known = known[:-1]
        return (*self._from[known], place[len(known) :])


def _at(document: Document, place: Place) -> str:
    return f"{_short(document.name)}:{document.line(place)}"


def _short(name: str) -> str:
    """A file's name without the folders of any machine: a record is read elsewhere."""
    path = Path(name)
    if path.is_absolute():
        return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name
    return name


def origins(text: str, name: str) -> dict[str, str]:
    """Where each rule of a policy's text comes from, `FILE:LINE` by id; none where it cannot be read.

    Args:
        text: a policy's, as it was recorded.
        name: of the file that it stood in.
    """
    try:
        document = Document(name, text)
    except (BadInput, yaml.YAMLError):
        return {}
    lines, found = text.splitlines(), {}
    for section in ("gates", "acceptance", "approvals"):
        rules = document.data.get(section) if isinstance(document.data, dict) else None
        for index, rule in enumerate(rules if isinstance(rules, list) else ()):
            line = document.line((section, index))
            above = lines[line - 2] if line > 1 else ""
            stated = above.removeprefix(ORIGIN) if above.startswith(ORIGIN) else f"{_short(name)}:{line}"
            if isinstance(rule, dict):
                found[str(rule.get("id"))] = stated
    return found
