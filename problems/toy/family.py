"""The family: load, view, methods, verifier, facts, report."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from escalation.inputs.validation import parse
from escalation.model.attempt import Attempt, Candidate, Done
from escalation.model.certificate import Certificate, CertificateStatus, Control
from escalation.model.errors import BadInput
from escalation.model.facts import COUNT, FactSpec, FactType
from escalation.model.problem import Target
from escalation.ports.fact_providers import FactContext, FactProvider
from escalation.ports.families import Answer, Section
from escalation.ports.methods import Method
from problems.toy.bars import bars
from problems.toy.instance import ToyInstance, ToySpec, ToyView, load
from problems.toy.methods import Dice, Scan, TwoLooks
from toolbox.drawing.html_tables import table

VERIFIER = "toy/1"


def length(context: FactContext) -> float:
    """The number of numbers."""
    assert isinstance(context.view, ToyView)
    return float(len(context.view.numbers))


class Toy:
    """Find a number that is large enough."""

    name = "toy"

    def load(self, instance: Mapping[str, Any], seed: int, folder: Path) -> ToyInstance:
        return load(parse(ToySpec, instance, "instance"))

    def check_target(self, target: Target) -> None:
        if target.metric != "number" or target.at_least is None:
            raise BadInput(f"target: expected {{metric: number, at_least: …}}, got metric {target.metric!r}")

    def asked(self, instance: ToyInstance, target: Target) -> str:
        return f"Find a number of at least {target.limit_shown} among {len(instance.view.numbers)}"

    def view(self, instance: ToyInstance, target: Target) -> ToyView:
        return instance.view

    def methods(self) -> Sequence[Method]:
        return Scan(), TwoLooks(), Dice()

    def certify(
        self,
        instance: ToyInstance,
        target: Target,
        candidate: Candidate,
        evidence: Sequence[Done],
        alpha: float,
    ) -> Certificate:
        number, reason = checked(instance, candidate)
        if number is None:
            return Certificate(
                status=CertificateStatus.INVALID, kind="number", verifier=VERIFIER, reasons=(reason,)
            )
        reached = target.reached_by(number)
        return Certificate(
            status=CertificateStatus.CERTIFIED if reached else CertificateStatus.BOUNDED,
            kind="the number at the stated position",
            value=number,
            estimate=number,
            verifier=VERIFIER,
            reasons=() if reached else (f"{number:g} is below {target.limit_shown}",),
            controls=tuple(
                _control(instance, name, each, number) for name, each in candidate.controls.items()
            ),
            evidence={"largest": instance.largest},
        )

    def report(
        self,
        instance: ToyInstance,
        target: Target,
        attempts: Sequence[tuple[Attempt, Candidate | None]],
        best: Attempt | None,
    ) -> Sequence[Section]:
        rows = [
            (attempt.method, candidate.values.get("number"), candidate.values.get("position"))
            for attempt, candidate in attempts
            if candidate is not None
        ]
        found = table(("method", "number", "place, from 0"), rows) if rows else "<p>None.</p>"
        return (Section("Numbers found", found),)

    def answer(self, instance: ToyInstance, target: Target, attempt: Attempt, candidate: Candidate) -> Answer:
        number, position = candidate.values["number"], candidate.values["position"]
        words = f"{number:g}, number {position + 1} of {len(instance.view.numbers)} in the list"
        found = attempt.certificate
        missed = found is not None and found.status is not CertificateStatus.CERTIFIED
        helps = (f"The largest number is {instance.largest:g}: ask for no more",) if missed else ()
        picture = bars(instance.view.numbers, position)
        return Answer((words,), f"Number {position + 1} was looked up in the list", helps, picture=picture)

    def facts(self) -> Sequence[FactProvider]:
        spec = FactSpec(
            name="toy.length", type=FactType.NUMBER, within=COUNT, doc="how many numbers there are"
        )
        return (FactProvider(spec, length),)


def checked(instance: ToyInstance, candidate: Candidate) -> tuple[float | None, str]:
    """Returns the number at the claimed position, or None and what is wrong with the claim."""
    position, claimed = candidate.values.get("position"), candidate.values.get("number")
    numbers = instance.view.numbers
    if not isinstance(position, int) or isinstance(position, bool) or not 0 <= position < len(numbers):
        return None, f"expected a position from 0 to {len(numbers) - 1}, got {position!r}"
    if numbers[position] != claimed:
        return None, f"claims {claimed!r} at position {position}, where {numbers[position]:g} stands"
    return numbers[position], ""


def _control(instance: ToyInstance, name: str, candidate: Candidate, number: float) -> Control:
    """The paired test of two known numbers: without chance, p is 0 or 1."""
    other, reason = checked(instance, candidate)
    if other is None:
        raise ValueError(f"control {name}: {reason}")
    return Control(name=name, value=other, difference=number - other, p_value=0.0 if number > other else 1.0)
