"""One flow for every family found, its parameters the family's form in the Prefect UI."""

import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any

from prefect import Flow, flow

from escalation.engine.opening import DEFAULT_POLICY
from escalation.inputs.validation import parse
from escalation.model.amounts import Caps
from escalation.model.case import Outcome
from escalation.model.errors import BadInput
from escalation.model.problem import DataClass
from escalation.ports.forms import Form, parameters
from escalation.ports.registry import FamilyDescriptor, families, resolve
from flows.driver import run_case
from flows.ending import bad_input
from flows.naming import run_name

COMMON: Mapping[str, tuple[Any, Any, str]] = {
    "budget": (Caps, Caps(), "what the case may spend; an empty field is unlimited."),
    "data_class": (
        DataClass,
        DataClass.IDENTIFIABLE,
        "public, deidentified or identifiable; decides whether data may leave the site.",
    ),
    "seed": (int, 0, "from which all chance is derived."),
    "policy": (str, DEFAULT_POLICY, "the name of a policy that ships, or a policy file."),
    "case_id": (str | None, None, "an unfinished case to take up again; default: a new one."),
    "approval_wait_s": (
        float | None,
        None,
        "seconds that the run pauses with a form where a person must approve; default: an hour in a "
        "deployment, else 0: the case is held, and `tierwise approve` answers.",
    ),
}
"""What every flow asks for after the family's own: type, default, meaning."""


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
        given = signature.bind(*args, **kwargs)
        given.apply_defaults()
        values = given.arguments
        try:
            problem = stated(descriptor, values)
        except BadInput as error:
            return bad_input(error, Outcome)
        return run_case(problem, values["policy"], values["case_id"], None, values["approval_wait_s"])

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
    common = [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=kind)
        for name, (kind, default, _) in COMMON.items()
    ]
    return inspect.Signature([*parameters(form), *common], return_annotation=Outcome)


def _docstring(form: type[Form]) -> str:
    """What the form says of itself, and a line a parameter."""
    meanings = {name: field.description or "" for name, field in form.model_fields.items()}
    meanings |= {name: meaning for name, (_, _, meaning) in COMMON.items()}
    lines = [f"    {name}: {' '.join(meaning.split())}" for name, meaning in meanings.items()]
    return "\n".join([inspect.getdoc(form) or "", "", "Args:", *lines])
