"""One flow for every family found, its parameters the family's form in the Prefect UI."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, TypeVar

from prefect import Flow, flow
from pydantic import Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticUndefined

from escalation.engine.opening import DEFAULT_POLICY
from escalation.inputs.validation import parse
from escalation.model.amounts import Caps
from escalation.model.case import Outcome
from escalation.model.errors import BadInput
from escalation.model.problem import DataClass
from escalation.policy.extending import shipped_policies
from escalation.ports.forms import Form, Part, parameter, parameters, shown
from escalation.ports.registry import FamilyDescriptor, families, resolve
from flows.driver import run_case
from flows.ending import bad_input
from flows.naming import run_name
from flows.values import MOST_WAIT_S


class PolicyChoice:
    """Shows the name of a policy as a choice of those that ship, beside a field for a file."""

    first: tuple[str, ...] = ()

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        names = {"title": "One that ships", "type": "string", "enum": [*self.first, *shipped_policies()]}
        return {"anyOf": [names, {"title": "A file of yours", "type": "string"}]}


class LimitTabs:
    """Shows the limits that people set first; those of every resource are on a second tab."""

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        every = handler.resolve_ref_schema(handler(core))
        few = {name: every["properties"][name] for name in ("wall_s", "usd")}
        tabs = [{"title": "Time and money", "type": "object", "properties": few}]
        return {"anyOf": [*tabs, {**every, "title": "Every resource"}]}


Limits = Annotated[Caps, LimitTabs()]
"""What may be used at most, as the page asks for it."""
ApprovalWait = Annotated[
    float | None,
    Field(
        ge=0,
        le=MOST_WAIT_S,
        title="Seconds to wait for an approval",
        description="Where a person must approve, the run pauses with a form. If nobody answers in time, "
        "nothing is sent, and the case is held until somebody does.",
        json_schema_extra=shown(3600),
    ),
]


class CommonFields(Part):
    """What every flow asks for after the family's own."""

    data_class: DataClass = Field(
        DataClass.IDENTIFIABLE,
        title="How sensitive the data are",
        description="identifiable: of people who can be recognised. deidentified: names and the like are "
        "gone. public: anybody may have them. It decides whether data may leave the site.",
    )
    budget: Limits = Field(
        Caps(),
        title="Limits",
        description="What the case may use at most; a field that is left empty sets no limit.",
        json_schema_extra=shown({}),
    )
    policy: Annotated[str, PolicyChoice()] = Field(
        DEFAULT_POLICY,
        title="Policy",
        description="The rules for what may be tried, and when. default: quantum hardware only where it "
        "could help, is affordable, and data may leave the site. practice, rehearsal: the same on simulated "
        "devices. "
        "A file: its path on the worker's machine.",
    )
    seed: int = Field(
        0, ge=0, title="Seed", description="All chance comes from it: the same seed, the same answer."
    )
    approval_wait_s: ApprovalWait = None
    case_id: str | None = Field(
        None,
        title="Case to continue",
        description="The id of a case that is not finished. Leave it empty for a new one.",
        json_schema_extra=shown(""),
    )


def stated(descriptor: FamilyDescriptor, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The problem that a filled-in form states, as plain data.

    Raises:
        BadInput: with one clear line.
    """
    form: Any = form_of(descriptor).filled(parameters)
    found = {
        "family": descriptor.name,
        "instance": form.instance(),
        "target": form.target.to_json(),
        "budget": parse(Caps, parameters["budget"], "budget").to_json(),
        "data_class": str(parameters["data_class"]),
        "seed": parameters["seed"],
    }
    form.check_filled()
    return found


def form_of(descriptor: FamilyDescriptor) -> type[Form]:
    """The family's form."""
    form_class: type[Form] = resolve(descriptor.form)
    return form_class


@cache
def entry_flow(name: str) -> Flow[Any, Outcome]:
    """The flow of a family, by the family's name."""
    descriptor = families()[name]
    form = form_of(descriptor)

    def run(given: dict[str, Any]) -> Outcome:
        try:
            problem = stated(descriptor, given)
        except BadInput as error:
            return bad_input(error, Outcome)
        return run_case(problem, given["policy"], given["case_id"] or None, None, given["approval_wait_s"])

    asked = [*parameters(form), *common_parameters(CommonFields)]
    named = run_name(lambda given: stated(descriptor, given))
    return form_flow(descriptor.verb, docstring(form, CommonFields), asked, run, named)


Returned = TypeVar("Returned")


def form_flow(
    verb: str,
    said: str,
    asked: Sequence[inspect.Parameter],
    run: Callable[[dict[str, Any]], Returned],
    named: Callable[[], str],
) -> Flow[Any, Returned]:
    """A flow whose parameters are the fields of a form.

    Args:
        verb: what it is called.
        said: its docstring, with a line a parameter.
        asked: the parameters.
        run: does it, given what was filled in.
        named: names its runs.
    """
    signature = inspect.Signature(list(asked))

    def entry(*args: Any, **kwargs: Any) -> Returned:
        given = signature.bind(*args, **kwargs).arguments
        return run({name: value for name, value in given.items() if value is not PydanticUndefined})

    entry.__name__ = entry.__qualname__ = verb
    entry.__doc__ = said
    entry.__signature__ = signature  # type: ignore[attr-defined]
    # What is filled in is checked by `run`, which says in one line what is wrong with it.
    decorated = flow(name=verb, flow_run_name=named, validate_parameters=False, persist_result=False)
    return decorated(entry)


def common_parameters(fields: type[Part]) -> list[inspect.Parameter]:
    """The fields of a part as parameters of their own."""
    return [parameter(name, field) for name, field in fields.model_fields.items()]


def docstring(*asked: type[Part]) -> str:
    """What the first of the forms says of itself, and a line a parameter of all of them."""
    fields = {name: field for form in asked for name, field in form.model_fields.items()}
    lines = [f"    {name}: {' '.join((field.description or '').split())}" for name, field in fields.items()]
    return "\n".join([inspect.getdoc(asked[0]) or "", "", "Args:", *lines])
