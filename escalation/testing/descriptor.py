"""What every family's descriptor must name: specs, form, gates with their tests, examples."""

from pathlib import Path
from typing import Any

import yaml

from escalation.engine.opening import choose_policy, prepare
from escalation.inputs.document import Document
from escalation.inputs.settings import ROOT
from escalation.inputs.validation import validated
from escalation.model.problem import ProblemFile, Target
from escalation.policy.family_gates import gates_alone
from escalation.policy.policy_tests import run_tests
from escalation.ports.forms import Form, as_it_stands, asked_for, parameters
from escalation.ports.registry import FamilyDescriptor, families, resolve
from escalation.testing.contract import expect
from escalation.testing.sources import Source

EXAMPLES = ROOT / "examples"


def check_descriptor(family: Any, descriptor: FamilyDescriptor, sources: tuple[Source, ...]) -> None:
    """Checks all that the descriptor names beside the family itself.

    Raises:
        ContractBroken: at the first part that is missing or does not hold together.
        BadInput: on a field of the form that has the name of a parameter of every flow.
        PolicyError: on gates that do not hold together, with file and line.
    """
    check_specs(descriptor, sources)
    check_form(family, descriptor)
    check_gates(descriptor)
    check_examples(descriptor)


def check_specs(descriptor: FamilyDescriptor, sources: tuple[Source, ...]) -> None:
    """Every model that a source is checked by is named, and every field of it says what it means."""
    named = descriptor.models
    expect(bool(named), "expected `specs` in the descriptor: the models that an instance is checked by")
    for source in sources:
        expect(source.model in named, f"{source.name}: {source.model.__name__} is not among the `specs`")
    for model in named:
        for name, field in model.model_fields.items():
            expect(bool(field.description), f"{model.__name__}.{name}: expected a description")
    descriptor.check_instance(descriptor.sample)


def check_form(family: Any, descriptor: FamilyDescriptor) -> None:
    """The form asks for every field of the specs or says why not, and runs as it stands."""
    expect(bool(descriptor.form), "expected `form` in the descriptor: the parameters of the family's flow")
    form: type[Form] = resolve(descriptor.form)
    expect(issubclass(form, Form), f"expected {descriptor.form} to be an escalation.ports.forms.Form")
    expect("target" in form.model_fields, f"{form.__name__}: expected a field `target`")
    parameters(form)
    for name, field in form.model_fields.items():
        expect(bool(field.description), f"{form.__name__}.{name}: expected a description")
    others = {other.verb: other.name for other in families().values() if other.name != descriptor.name}
    taken = others | dict.fromkeys(_flows_of_the_house(), "the house")
    expect(
        descriptor.verb not in taken,
        f"the flow {descriptor.verb!r} is that of {taken.get(descriptor.verb)}: say another `flow`",
    )
    asked = set(asked_for(form))
    for model in descriptor.models:
        missing = sorted(set(model.model_fields) - asked - set(form.left_out))
        expect(not missing, f"{form.__name__} neither asks for {', '.join(missing)} nor lists it in left_out")
    filled: Any = form.filled(as_it_stands(form))
    family.check_target(Target.model_validate(filled.target.to_json()))
    descriptor.check_instance(filled.instance())


def _flows_of_the_house() -> list[str]:
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    return [deployment["entrypoint"].rpartition(".")[2] for deployment in deployments]


def check_gates(descriptor: FamilyDescriptor) -> None:
    """The gates hold together, their tests pass, and every gate is closed by one of them."""
    policy = gates_alone(descriptor.name)
    findings = run_tests(policy)
    for each in findings:
        expect(each.passed, f"{descriptor.gates_name}: test {each.test.name!r}: got {each.got}")
    closed = {rule for each in findings if each.test.expect == "closed" for rule in each.test.by}
    untested = sorted({gate.id for gate in policy.gates} - closed)
    expect(not untested, f"{descriptor.gates_name}: no test has {', '.join(untested)} close")


def check_examples(descriptor: FamilyDescriptor) -> None:
    """There is a problem file to start from, and every one can be opened under its policy."""
    found = [
        (path, file)
        for folder in (EXAMPLES, descriptor.folder / "examples")
        for path in sorted(folder.glob("*.yaml"))
        if (file := _problem_file(path)).family == descriptor.name
    ]
    expect(bool(found), f"expected a problem file of the family in {EXAMPLES.name}/ or in its own folder")
    for path, file in found:
        case = prepare(file.problem(), choose_policy(None, file.policy, path.parent), folder=path.parent)
        expect(bool(case.rungs()), f"{path.name}: its policy leaves nothing to try")


def _problem_file(path: Path) -> ProblemFile:
    return validated(ProblemFile, Document.read(path))
