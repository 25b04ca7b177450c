"""Reading YAML with line numbers: every complaint about a policy or problem file names its line.

Plain scalars mean what the core schema of YAML 1.2 says, whose tags are read here: `no` and `8:30` are texts,
as is what has a leading zero (`007`); `1e3` is a number. Dates stay as they are written. Size, depth and
number of values are bounded, aliases counted as often as they are used.
"""

import io
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from escalation.inputs import user_files
from escalation.model.errors import BadInput
from escalation.text.visible import visible

MOST_BYTES = 2**20
MOST_VALUES = 100_000
MOST_TEXT = 4 * MOST_BYTES
"""Characters of all values together, aliases counted each time."""
MOST_LEVELS = 60
MOST_DIGITS = 400
"""Of a number as it is written; float64 ends at 309 digits."""
LONGEST_SHOWN = 100
MOST_BITS = 4 * MOST_DIGITS
"""Of a number that is shown; Python refuses to write out those of thousands of digits."""

Place = tuple[str | int, ...]
_TAG = "tag:yaml.org,2002:"


class _Loader(yaml.CSafeLoader):
    """Finds the tags of plain scalars by YAML 1.2's core schema (10.3.2), less leading zeros and 0o."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", list("-+.0123456789")),
    ("float", r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", list("-+.")),
    ("merge", r"<<", ["<"]),
):
    _Loader.add_implicit_resolver(_TAG + _tag, re.compile(rf"(?:{_pattern})\Z"), _first)


class _Dumper(yaml.SafeDumper):
    """Quotes exactly what `_Loader` would otherwise read as something else than a text."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.yaml_implicit_resolvers = _Loader.yaml_implicit_resolvers


def dumped(data: Any) -> str:
    """Plain data as the YAML that is read here; what holds nothing but values stands on one line."""
    dumper = _Dumper(io.StringIO(), sort_keys=False)
    node = dumper.represent_data(data)
    _lay_out(node, 0 if isinstance(data, dict) else -1)
    text: str = yaml.serialize(node, Dumper=_Dumper, allow_unicode=True, width=100)
    return text


def _lay_out(node: yaml.Node, level: int) -> bool:
    """Says of every collection below how it is written; returns whether it is a plain value."""
    if isinstance(node, yaml.CollectionNode):
        parts = [value for _, value in node.value] if isinstance(node, yaml.MappingNode) else node.value
        plain = [_lay_out(part, level + 1) for part in parts]
        node.flow_style = level > 0 and all(plain)
        return False
    return True


def _int(text: str) -> int:
    return int(text, 16 if text.startswith("0x") else 10)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError
    return value


def _bool(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


_READ: Mapping[str, Callable[[str], Any]] = {
    "null": lambda _: None,
    "bool": _bool,
    "int": _int,
    "float": _float,
    "str": str,
}


class Document:
    """A YAML file as plain data, and the line of every part of it."""

    def __init__(self, name: str, text: str, error: type[BadInput] = BadInput) -> None:
        self.name = name
        self.text = text
        self.error = error
        self._lines: dict[Place, int] = {(): 1}
        self._open: list[yaml.Node] = []
        self._left, self._text_left = MOST_VALUES, MOST_TEXT
        node = self._composed()
        self.data: Any = self._build(node, ()) if node is not None else None

    @classmethod
    def read(cls, path: Path, error: type[BadInput] = BadInput, name: str = "") -> "Document":
        """Reads a file; raises `error` when it is missing, unreadable, too large, or no regular file.

        Args:
            path: of the file.
            error: raised with one line.
            name: what the file is called in complaints; default: its path.
        """
        missing = "no such file; expected the path of a YAML file"
        text = user_files.read_text(path, MOST_BYTES, error, missing)
        return cls(name or user_files.shown(path), text, error)

    def line(self, place: Place) -> int:
        """The line of the nearest part that exists."""
        while place not in self._lines:
            place = place[:-1]
        return self._lines[place]

    def complain(self, place: Place, message: str) -> BadInput:
        """Returns the error that says where and what."""
        where = ".".join(map(shown, place))
        return self.error(f"{self.name}:{self.line(place)}: {where + ': ' if where else ''}{message}")

    def _composed(self) -> yaml.Node | None:
        try:
            if len(self.text.encode()) > MOST_BYTES:
                raise self.error(f"{self.name}: expected at most {MOST_BYTES // 2**20} MiB, got more text")
            self._refuse_unbounded()
            found: yaml.Node | None = yaml.compose(self.text, Loader=_Loader)
            return found
        except (yaml.YAMLError, UnicodeEncodeError) as problem:
            mark = getattr(problem, "problem_mark", None)
            at = f":{mark.line + 1}" if mark else ""
            what = getattr(problem, "problem", None) or getattr(problem, "reason", None) or "not YAML"
            raise self.error(f"{self.name}{at}: expected YAML, got: {what}") from None

    def _refuse_unbounded(self) -> None:
        """Counts values and levels as they come, so that what has too many is never held."""
        values = level = 0
        for event in yaml.parse(self.text, Loader=_Loader):
            if isinstance(event, yaml.CollectionStartEvent):
                level += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                level -= 1
            values += isinstance(event, yaml.NodeEvent)
            if level > MOST_LEVELS:
                raise self._too(event, f"{MOST_LEVELS} levels, got more")
            if values > MOST_VALUES:
                raise self._too(event, _MANY)

    def _too(self, at: Any, what: str) -> BadInput:
        return self.error(f"{self.name}:{at.start_mark.line + 1}: expected at most {what}")

    def _build(self, node: yaml.Node, place: Place) -> Any:
        self._lines[place] = node.start_mark.line + 1
        self._left -= 1
        if self._left < 0:
            raise self._too(node, _MANY)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, place)
        if node.tag not in (_TAG + "map", _TAG + "seq"):
            raise self.complain(place, f"expected plain data, got a collection tagged {shown(node.tag)}")
        if any(node is outer for outer in self._open):
            raise self.complain(place, "an alias of what it stands in; write the value out")
        if len(self._open) >= MOST_LEVELS:
            raise self._too(node, f"{MOST_LEVELS} levels, got more")
        self._open.append(node)
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, place)
            return [self._build(child, (*place, index)) for index, child in enumerate(node.value)]
        finally:
            self._open.pop()

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        built: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _TAG + "merge":
                raise self.complain(place, "expected fields, got a merge (<<); write the fields out")
            self._scalar(key_node, place)
            key = str(key_node.value)
            here = (*place, key)
            if key in built:
                self._lines[here] = key_node.start_mark.line + 1
                raise self.complain(here, "written twice; keep one")
            built[key] = self._build(value_node, here)
            self._lines[here] = key_node.start_mark.line + 1
        return built

    def _scalar(self, node: yaml.Node, place: Place) -> Any:
        """A value or a key; what cannot be read is a complaint."""
        self._text_left -= len(node.value)
        if self._text_left < 0:
            raise self._too(node, f"{MOST_TEXT // 2**20} MiB of values (aliases count each time), got more")
        tag = node.tag.removeprefix(_TAG)
        try:
            if not isinstance(node, yaml.ScalarNode) or (tag != "str" and len(node.value) > MOST_DIGITS):
                raise ValueError
            return _READ[tag](node.value)
        except (KeyError, ValueError):
            what = shown(node.value, quoted=True) if isinstance(node, yaml.ScalarNode) else "a collection"
            raise self.complain(place, f"expected a plain value, got {what} read as {shown(tag)}") from None


_MANY = f"{MOST_VALUES} values (aliases count each time), got more: put data into a file of their own"


def shown(value: Any, *, quoted: bool = False) -> str:
    """A value on one line, of a bounded length: what cannot be printed is escaped.

    Args:
        value: plain data.
        quoted: as Python writes it, a text in quotes.
    """
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        return f"a number of {value.bit_length()} bits"
    text = repr(value) if quoted else str(value)
    cut = text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"
    return visible(cut)
