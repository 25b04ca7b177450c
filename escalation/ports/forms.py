"""What a family's entry flow asks for: typed parameters that Prefect's pages show as a form.

A family's form is a model; each of its fields is a parameter of the flow, with its type, description,
limits, choices and default. `shown` says what the page has filled in where that is more than the default: an
example that runs as it stands.
"""

import inspect
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, get_args

from pydantic import BaseModel, Field, GetJsonSchemaHandler, create_model
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from escalation.inputs.validation import parse
from escalation.model.errors import BadInput
from escalation.model.frozen import Frozen
from escalation.ports.configuration import settings
from escalation.ports.pages import Tab, in_tabs, not_given, without_none
from escalation.text.wording import listed

FILES = "A path on the worker's machine."
"""Within a description: where files may be; the page says what this site allows besides."""


def shown(value: Any) -> dict[str, Any]:
    """`json_schema_extra` of a field that the page shows filled in; the field's own default stays.

    A person who states nothing from Python gets the default, and one who presses Submit the example.
    """
    return {"default": value}


class Part(Frozen):
    """A group of a form's fields.

    A field that may be None is one that may be left empty. `tabs` are the ways to fill the part in, where
    there are several: the page shows one at a time, and asks for its fields alone.
    """

    tabs: ClassVar[tuple[Tab, ...]] = ()

    def instance(self) -> dict[str, Any]:
        """What was filled in, as the family's problem files write it."""
        return {name: value for name, value in self.to_json().items() if not not_given(value)}

    def check_tabs(self, called: str) -> None:
        """Refuses what fills in no tab: names the fields that were left empty, by their titles on the page.

        Args:
            called: the part's title.

        Raises:
            BadInput: with one line.
        """
        given = {name: value for name, value in self.to_json().items() if name in self.model_fields_set}
        filled = {name for name, value in given.items() if not not_given(value)}
        # a tab that needs nothing is filled in by whoever chose it, and by nobody else
        tabs = [tab for tab in self.tabs if tab.needed or not tab.differs_from(given)]
        empty = {tab.title: [name for name in tab.needed if name not in filled] for tab in tabs}
        if not tabs or not all(empty.values()):
            return
        nearest = min(tab.differs_from(given) for tab in tabs)
        titles = {name: f"“{field.title or name}”" for name, field in type(self).model_fields.items()}
        ways = [
            f"{listed([titles[name] for name in empty[tab.title]])} on the tab “{tab.title}”"
            for tab in tabs
            if tab.differs_from(given) == nearest
        ]
        raise BadInput(f"{called}: left empty, but needed: {listed(ways, 'or')}")

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(core))
        fields = {name: _with_places(without_none(field)) for name, field in schema["properties"].items()}
        schema["properties"] = fields
        if cls.tabs:
            left = {"title": schema["title"], "description": schema.get("description", "")}
            schema.clear()
            schema |= left | {"anyOf": in_tabs(fields, cls.tabs)}
        return schema


class Form(Part):
    """Base of every family's form; its docstring is what the flow says of itself.

    Subclasses have a field `target` and fields for the instance: plain ones, or `Part`s whose fields go into
    the instance. `left_out` names fields of problem files that the form does not ask for, each with why.
    """

    left_out: ClassVar[Mapping[str, str]] = {}

    def instance(self) -> dict[str, Any]:
        """What was filled in, as the family's problem files write it."""
        found: dict[str, Any] = {}
        for name, value in self:
            if name != "target":
                found |= value.instance() if isinstance(value, Part) else {name: self.to_json()[name]}
        return {name: value for name, value in found.items() if not not_given(value)}

    @classmethod
    def filled(cls, given: Mapping[str, Any]) -> "Form":
        """Takes what came from the page or from Python.

        Raises:
            BadInput: with one line that names the parameter.
        """
        parts = {}
        for name, field in cls.model_fields.items():
            if name in given:
                kind: Any = field.annotation
                model = isinstance(kind, type) and issubclass(kind, BaseModel)
                parts[name] = parse(kind, given[name], name) if model else given[name]
        return parse(cls, parts, "")

    def check_filled(self) -> None:
        """Refuses a part of which no tab has everything that it needs.

        Raises:
            BadInput: with one line that names the fields by their titles.
        """
        for name, part in self:
            if isinstance(part, Part):
                part.check_tabs(type(self).model_fields[name].title or name)


def _with_places(schema: JsonSchemaValue) -> JsonSchemaValue:
    """The schema of a field whose description says where files may be here."""
    return {**schema, "description": in_places(schema["description"])} if "description" in schema else schema


def in_places(said: str) -> str:
    """A description with the places for files that the settings allow in place of `FILES`."""
    if FILES not in said:
        return said
    uploads, addresses = settings().uploads, settings().file_addresses
    also = [f"the name of a file that was put into {uploads}"] if uploads else []
    also += [f"an address that begins with {' or '.join(addresses)}"] if addresses else []
    return said.replace(FILES, f"{', or '.join([FILES.removesuffix('.'), *also])}.")


class _AsShown:
    """Takes the choice of None out of the schema of a parameter, and puts tabs into it.

    Of a definition elsewhere with tabs, Prefect's first pages (V1) make a box for JSON.
    """

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = without_none(handler(core))
        whole = handler.resolve_ref_schema(schema)
        return dict(whole) if "anyOf" in whole else schema


def parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    """A field as a parameter of a flow: with its title, its limits, its default, and what the page shows.

    Its default is a pydantic field, which Prefect unwraps.
    """
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    kind: Any = field.annotation
    for each in (*field.metadata, _AsShown()):
        kind = Annotated[kind, each]
    default = field.get_default(call_default_factory=True)
    title = field.title or name.replace("_", " ").capitalize()
    page = Field(
        default, description=in_places(field.description or ""), json_schema_extra={"title": title, **extra}
    )
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=page, annotation=kind)


RESERVED = ("data_class", "budget", "policy", "seed", "approval_wait_s", "case_id")
"""Names of the parameters that every flow has after the family's own."""


def parameters(form: type[Form]) -> list[inspect.Parameter]:
    """The form's fields as parameters of a flow.

    Raises:
        BadInput: on a field of a name that every flow has already.
    """
    if taken := sorted(set(form.model_fields) & set(RESERVED)):
        raise BadInput(
            f"{form.__name__}.{taken[0]}: expected another name, every flow asks for "
            f"{', '.join(RESERVED)} already"
        )
    return [parameter(name, field) for name, field in form.model_fields.items()]


def as_it_stands(form: type[Form]) -> dict[str, Any]:
    """What the page has filled in before anybody touches it: defaults and examples, as they are served."""
    asked: dict[str, Any] = {each.name: (each.annotation, each.default) for each in parameters(form)}
    page: Any = create_model(form.__name__, **asked)
    schema: dict[str, Any] = page.model_json_schema()
    return dict(_defaults(schema, schema.get("$defs", {})))


def _defaults(schema: Mapping[str, Any], models: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, field in schema.get("properties", {}).items():
        model = models.get(str(field.get("$ref", "")).rpartition("/")[2], field)
        first = model.get("anyOf", [model])[0]
        if field.get("default") is not None:
            yield name, field["default"]
        elif "properties" in first:
            yield name, dict(_defaults(first, models))


def asked_for(form: type[BaseModel]) -> Iterator[str]:
    """The names of a form's fields, those of its parts too."""
    for name, field in form.model_fields.items():
        yield name
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from asked_for(kind)
