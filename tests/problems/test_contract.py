"""Every registered family keeps the contract on real backends, and the contract notices one that does not."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.errors import BadInput
from escalation.ports.families import Answer
from escalation.ports.forms import Form, shown
from escalation.ports.registry import FamilyDescriptor, families, resolve
from escalation.testing.contract import ContractBroken
from escalation.testing.descriptor import check_examples, check_form, check_gates, check_specs
from escalation.testing.family import Perform, check_family, performing
from escalation.testing.sources import Source
from problems.toy.family import Toy
from problems.toy.form import GoalForm
from problems.toy.instance import ToySpec


@pytest.fixture(scope="module")
def perform() -> Iterator[Perform]:
    with performing() as on_this_machine:
        yield on_this_machine


# every field of every source of a family is walked
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", sorted(families()))
def test_registered_family_keeps_the_contract(name: str, perform: Perform) -> None:
    check_family(families()[name], perform)


class Credulous(Toy):
    """Believes what it is told."""

    def certify(self, *args: Any, **kwargs: Any) -> Certificate:
        return Certificate(status=CertificateStatus.CERTIFIED, kind="k", value=99.0, verifier="v")


class Lax(Toy):
    """Takes any target."""

    def check_target(self, target: Any) -> None: ...


class Mumbling(Toy):
    """Speaks of what its reader does not know."""

    def answer(self, *args: Any) -> Answer:
        return Answer(("nine",), "Judged on 3 sealed rows")


class Shrugging(Toy):
    """Leaves alone whoever has missed the target."""

    def answer(self, *args: Any) -> Answer:
        return Answer(("nine",), "It was looked up")


class Untitled(Toy):
    """Has no title."""

    def asked(self, *args: Any) -> str:
        return "toy."


class Deaf(Toy):
    """Drops what it is told about its reach."""

    def load(self, instance: Any, seed: int, folder: Path) -> Any:
        return super().load(
            {name: value for name, value in instance.items() if name != "reach"}, seed, folder
        )


class Strict(Toy):
    """Refuses its own sample."""

    def load(self, instance: Any, seed: int, folder: Path) -> Any:
        raise BadInput("no")


@pytest.mark.parametrize(
    ("cheat", "message"),
    [
        (Credulous, "came out CERTIFIED"),
        (Lax, "unknown metric is not refused"),
        (Mumbling, "says sealed, which its reader does not know"),
        (Shrugging, "does not say what would help"),
        (Untitled, "expected a title with a capital letter and no stop"),
        (Deaf, "field 'reach' = .* is accepted and has no effect"),
    ],
)
def test_the_contract_notices_a_family_that_breaks_it(
    cheat: type[Toy], message: str, perform: Perform
) -> None:
    toy = families()["toy"]
    broken = replace(toy, family=f"{__name__}:{cheat.__name__}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("escalation.testing.family.resolve", lambda _: cheat)
        with pytest.raises(ContractBroken, match=message):
            check_family(broken, perform)


def test_a_family_that_refuses_its_own_sample_is_not_passed(perform: Perform) -> None:
    toy = families()["toy"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("escalation.testing.family.resolve", lambda _: Strict)
        with pytest.raises(BadInput, match="no"):
            check_family(toy, perform)


class Short(Form):
    """Asks for less than a problem file may say."""

    numbers: list[float] = Field(description="the numbers.", json_schema_extra=shown([3, 1]))
    target: GoalForm = Field(description="the goal.")


class Empty(Form):
    """Shows nothing that would run."""

    numbers: ToySpec = Field(description="the numbers.")
    target: GoalForm = Field(description="the goal.")


@pytest.mark.parametrize(
    ("check", "change", "message"),
    [
        (lambda toy: check_specs(toy, ()), {"specs": ()}, "expected `specs`"),
        (lambda toy: check_specs(toy, (Source("s", GoalForm, {}),)), {}, "GoalForm is not among the `specs`"),
        (lambda toy: check_form(Toy(), toy), {"form": ""}, "expected `form`"),
        (lambda toy: check_form(Toy(), toy), {"form": f"{__name__}:Short"}, "neither asks for pause_s"),
        (check_examples, {"name": "nobody"}, "expected a problem file of the family"),
    ],
)  # fmt: skip
def test_the_contract_notices_a_descriptor_that_lacks_a_part(
    check: Callable[[FamilyDescriptor], None], change: dict[str, Any], message: str
) -> None:
    with _known(), pytest.raises(ContractBroken, match=message):
        check(replace(families()["toy"], **change))


def test_a_form_that_does_not_run_as_it_stands_is_noticed() -> None:
    with _known(), pytest.raises(BadInput, match="numbers: numbers: expected, but missing"):
        check_form(Toy(), replace(families()["toy"], form=f"{__name__}:Empty"))


class Taken(Form):
    """Asks for what every flow asks for."""

    budget: list[float] = Field(description="the numbers.", json_schema_extra=shown([3, 1]))
    target: GoalForm = Field(description="the goal.")


def test_a_field_of_the_name_of_a_parameter_of_every_flow_is_noticed() -> None:
    with (
        _known(),
        pytest.raises(BadInput, match=r"Taken\.budget: expected another name, every flow asks for"),
    ):
        check_form(Toy(), replace(families()["toy"], form=f"{__name__}:Taken"))


@pytest.mark.parametrize(("verb", "whose"), [("escalate", "the house"), ("optimise", "optimisation")])
def test_a_flow_of_a_name_that_another_has_is_noticed(verb: str, whose: str) -> None:
    with pytest.raises(ContractBroken, match=f"the flow '{verb}' is that of {whose}"):
        check_form(Toy(), replace(families()["toy"], flow=verb))


@contextmanager
def _known() -> Iterator[None]:
    """Descriptors may name classes of this file."""
    here = {f"{__name__}:{kind.__name__}": kind for kind in (Short, Empty, Taken)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("escalation.testing.descriptor.resolve", lambda path: here.get(path) or resolve(path))
        yield


def test_a_gate_that_no_test_closes_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "gates.yaml"
    file.write_text(
        "gates: [{id: long, tier: hpc, because: Short ones need none., when: {fact: toy.length, above: 2}}]\n"
        "tests: [{name: long, tier: hpc, facts: {toy.length: 3}, expect: open}]\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(FamilyDescriptor, "gates_file", file)
    with pytest.raises(ContractBroken, match=r"problems/toy/gates.yaml: no test has long close"):
        check_gates(families()["toy"])
