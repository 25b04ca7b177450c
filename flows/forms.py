"""One flow for every family found, its parameters the family's form in the Prefect UI."""

import inspect
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

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

MOST_WAIT_S = 7 * 86_400.0


class _Policies:
    """Shows the name of a policy as a choice of those that ship, beside a field for a file."""

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        names = {"title": "One that ships", "type": "string", "enum": list(shipped_policies())}
        return {"anyOf": [names, {"title": "A file of yours", "type": "string"}]}


class CommonFields(Part):
    """What every flow asks for after the family's own."""

    data_class: DataClass = Field(
        DataClass.IDENTIFIABLE,
        title="How sensitive the data are",
        description="identifiable: of people who can be recognised. deidentified: names and the like are "
        "gone. public: anybody may have them. It decides whether data may leave the site.",
    )
    budget: Caps = Field(
        Caps(),
        title="Limits",
        description="What the case may use at most; a field that is left empty sets no limit.",
        json_schema_extra=shown({}),
    )
    policy: Annotated[str, _Policies()] = Field(
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
    approval_wait_s: float | None = Field(
        None,
        ge=0,
        le=MOST_WAIT_S,
        title="Seconds to wait for an approval",
        description="Where a person must approve, the run pauses with a form. If nobody answers in time, "
        "nothing is sent, and the case is held until somebody does.",
        json_schema_extra=shown(3600),
    )
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
    return {
        "family": descriptor.name,
        "instance": form.instance(),
        "target": form.target.to_json(),
        "budget": parse(Caps, parameters["budget"], "budget").to_json(),
        "data_class": str(parameters["data_class"]),
        "seed": parameters["seed"],
    }


def form_of(descriptor: FamilyDescriptor) -> type[Form]:
    """The family's form."""
    form_class: type[Form] = resolve(descriptor.form)
    return form_class


@cache
def entry_flow(name: str) -> Flow[Any, Outcome]:
    """The flow of a family, by the family's name."""
    descriptor = families()[name]
    signature = _signature(form_of(descriptor))

    def entry(*args: Any, **kwargs: Any) -> Outcome:
        given = signature.bind(*args, **kwargs).arguments
        values = {name: value for name, value in given.items() if value is not PydanticUndefined}
        try:
            problem = stated(descriptor, values)
        except BadInput as error:
            return bad_input(error, Outcome)
        return run_case(problem, values["policy"], values["case_id"] or None, None, values["approval_wait_s"])

    entry.__name__ = entry.__qualname__ = descriptor.verb
    entry.__doc__ = _docstring(form_of(descriptor))
    entry.__signature__ = signature  # type: ignore[attr-defined]
    # The parameters are checked by `stated`, which says in one line what is wrong with them.
    decorated = flow(
        name=descriptor.verb,
        flow_run_name=run_name(lambda values: stated(descriptor, values)),
        validate_parameters=False,
        persist_result=False,
    )
    return decorated(entry)


def _signature(form: type[Form]) -> inspect.Signature:
    common = [parameter(name, field) for name, field in CommonFields.model_fields.items()]
    return inspect.Signature([*parameters(form), *common], return_annotation=Outcome)


def _docstring(form: type[Form]) -> str:
    """What the form says of itself, and a line a parameter."""
    fields = {**form.model_fields, **CommonFields.model_fields}
    lines = [f"    {name}: {' '.join((field.description or '').split())}" for name, field in fields.items()]
    return "\n".join([inspect.getdoc(form) or "", "", "Args:", *lines])
