"""How Prefect's page shows a form: as JSON schema that its form renderer makes fields of.

The renderer shows a choice of types, `anyOf`, as tabs that bear the titles of the choices. A field that may
be None is such a choice, which nobody wants to see: it becomes one that may be left empty.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]


@dataclass(frozen=True)
class Tab:
    """One of the ways to fill a part of a form in.

    Attributes:
        title: what stands on the tab.
        needed: the fields that must be filled in.
        others: the fields that may be.
        choices: of fields with choices, those that this way has; the first is filled in where the field's own
            default is not among them.
    """

    title: str
    needed: tuple[str, ...]
    others: tuple[str, ...] = ()
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def differs_from(self, given: Mapping[str, Any]) -> int:
        """How many of the values are none that this tab asks for."""
        mine = {*self.needed, *self.others}
        return sum(
            name not in mine or given[name] not in self.choices.get(name, [given[name]]) for name in given
        )


def not_given(value: Any) -> bool:
    """Whether nothing was filled in."""
    return value is None or (isinstance(value, str | list) and not value)


def without_none(schema: Schema) -> Schema:
    """The schema of a field that may be left empty, in place of one that may be None."""
    kinds = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(kinds) == len(schema.get("anyOf", ())):
        return schema
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    if rest.get("default", ...) is None:
        del rest["default"]
    return {**kinds[0], **rest} if len(kinds) == 1 else {**rest, "anyOf": kinds}


def in_tabs(fields: Mapping[str, Schema], tabs: Sequence[Tab]) -> list[Schema]:
    """The schema of each tab, made of those of the fields."""
    return [
        {
            "title": tab.title,
            "type": "object",
            "properties": {name: _narrowed(fields[name], tab, name) for name in (*tab.needed, *tab.others)},
            "required": list(tab.needed),
        }
        for tab in tabs
    ]


def _narrowed(schema: Schema, tab: Tab, name: str) -> Schema:
    """The schema of a field with fewer choices; where one is left, there is nothing to explain."""
    if name not in tab.choices:
        return schema
    left = [str(each) for each in tab.choices[name]]
    dropped = {"$ref"} if len(left) > 1 else {"$ref", "description"}
    said = {"title": name.capitalize()} | {key: schema[key] for key in schema if key not in dropped}
    default = said.get("default")
    return {**said, "type": "string", "enum": left, "default": default if default in left else left[0]}
