"""Reading YAML with line numbers: every complaint about a policy or problem file names its line."""

from datetime import date
from pathlib import Path
from typing import Any

import yaml

from escalation.errors import BadInput

Place = tuple[str | int, ...]


class Document:
    """A YAML file as plain data, and the line of every part of it."""

    def __init__(self, name: str, text: str, error: type[BadInput] = BadInput) -> None:
        self.name = name
        self.text = text
        self.error = error
        self._lines: dict[Place, int] = {(): 1}
        self._open: list[yaml.Node] = []
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError as problem:
            mark = getattr(problem, "problem_mark", None)
            at = f":{mark.line + 1}" if mark else ""
            what = getattr(problem, "problem", None) or "not YAML"
            raise error(f"{name}{at}: expected YAML, got: {what}") from None
        self.data: Any = self._build(node, ()) if node is not None else None

    @classmethod
    def read(cls, path: Path, error: type[BadInput] = BadInput) -> "Document":
        """Reads a file; raises `error` when it is missing or unreadable."""
        try:
            return cls(str(path), path.read_text(encoding="utf-8"), error)
        except FileNotFoundError:
            raise error(f"{path}: no such file; expected the path of a YAML file") from None
        except (OSError, UnicodeDecodeError) as problem:
            raise error(f"{path}: cannot be read as text: {problem}") from None

    def line(self, place: Place) -> int:
        """The line of the nearest part that exists."""
        while place not in self._lines:
            place = place[:-1]
        return self._lines[place]

    def complain(self, place: Place, message: str) -> BadInput:
        """Returns the error that says where and what."""
        where = ".".join(map(str, place))
        return self.error(f"{self.name}:{self.line(place)}: {where + ': ' if where else ''}{message}")

    def _build(self, node: yaml.Node, place: Place) -> Any:
        self._lines[place] = node.start_mark.line + 1
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, place)
        if any(node is outer for outer in self._open):
            raise self.complain(place, "an alias of what it stands in; write the value out")
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
            key = str(self._scalar(key_node, place))
            here = (*place, key)
            if key in built:
                self._lines[here] = key_node.start_mark.line + 1
                raise self.complain(here, "written twice; keep one")
            built[key] = self._build(value_node, here)
            self._lines[here] = key_node.start_mark.line + 1
        return built

    def _scalar(self, node: yaml.Node, place: Place) -> Any:
        """A value or a key as YAML reads it, a date as it is written; what cannot be read is a complaint."""
        loader = yaml.SafeLoader("")
        try:
            value = loader.construct_object(node, deep=True)
            return node.value if isinstance(value, date) else value
        except Exception:  # PyYAML lets whatever its converters raise pass
            shown = node.value if isinstance(node, yaml.ScalarNode) else "a collection"
            tag = node.tag.removeprefix("tag:yaml.org,2002:")
            raise self.complain(place, f"expected a plain value, got {shown!r} read as {tag}") from None
        finally:
            loader.dispose()
