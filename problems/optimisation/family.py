"""The optimisation family: which parts answer to which verb. Heavy parts are imported on use."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from escalation.model.attempt import Attempt, Candidate, Done
from escalation.model.certificate import Certificate
from escalation.model.errors import BadInput
from escalation.model.problem import Target
from escalation.ports.fact_providers import FactProvider
from escalation.ports.families import Answer, Section
from escalation.ports.methods import Method
from escalation.text.nearest import did_you_mean
from escalation.text.wording import with_article
from problems.optimisation.model.metrics import METRICS
from problems.optimisation.model.models import Sense

if TYPE_CHECKING:
    from problems.optimisation.loading.instance import OptimisationInstance, OptimisationView


class Optimisation:
    """The least cost, and how far any answer can be from it."""

    name = "optimisation"

    def load(self, instance: Mapping[str, Any], seed: int, folder: Path) -> "OptimisationInstance":
        """Reads or generates the instance and checks it; see `loading.load`."""
        from problems.optimisation.loading.loading import load

        return load(instance, seed, folder)

    def check_target(self, target: Target) -> None:
        """Raises `BadInput` for an unknown metric, a gap from above or below 0, or a confidence."""
        if target.confidence != Target.model_fields["confidence"].default:
            raise BadInput(
                "target.confidence: would have no effect: bounds are proven here, without error; remove it"
            )
        if target.metric not in METRICS:
            raise BadInput(
                f"unknown metric {target.metric!r}: expected one of {', '.join(METRICS)}"
                f"{did_you_mean(target.metric, METRICS)}"
            )
        if target.metric == "objective":
            return
        if target.at_most is None:
            raise BadInput(
                f"{target.metric} is reached with at_most, got at_least: write at_most: {target.limit}"
            )
        if target.at_most < 0:
            raise BadInput(f"{target.metric} is never below 0, got at_most: {target.at_most}")

    def asked(self, instance: "OptimisationInstance", target: Target) -> str:
        """`Schedule 300 patients with 8 clinicians in 6 rooms`."""
        from problems.optimisation.report.in_words import asked

        return asked(instance.model)

    def view(self, instance: "OptimisationInstance", target: Target) -> "OptimisationView":
        """Returns the whole instance and what to aim at: nothing is sealed.

        Raises:
            BadInput: where an objective is to be reached from the side on which every answer lies.
        """
        sense = instance.model.sense
        right = "at_least" if sense is Sense.MAXIMISE else "at_most"
        if target.metric == "objective" and getattr(target, right) is None:
            raise BadInput(
                f"{with_article(instance.model.kind)} objective is to {sense}: write {right}: {target.limit}"
            )
        return instance.view(target)

    def methods(self) -> Sequence[Method]:
        """The portfolio over MPI, the portfolio that history divides, the reduced problem on qubits."""
        from escalation.ports.configuration import mpi_ranks
        from problems.optimisation.quantum.method import ReducedQaoa
        from problems.optimisation.tiers.ai import LearnedPortfolio
        from problems.optimisation.tiers.hpc import Portfolio

        ranks = mpi_ranks()
        return (Portfolio(ranks), LearnedPortfolio(ranks), ReducedQaoa())

    def certify(
        self,
        instance: "OptimisationInstance",
        target: Target,
        candidate: Candidate,
        evidence: Sequence[Done],
        alpha: float,
    ) -> Certificate:
        """Checks feasibility, objective and the proof of the bound; see `certify.certify`."""
        from problems.optimisation.verify.certify import certify

        return certify(instance, target, candidate, evidence, alpha)

    def report(
        self,
        instance: "OptimisationInstance",
        target: Target,
        attempts: Sequence[tuple[Attempt, Candidate | None]],
        best: Attempt | None,
    ) -> Sequence[Section]:
        """Returns the answer, what proves it, the schedule with its downloads, what each engine gave."""
        from problems.optimisation.report.report import sections

        return sections(instance, target, attempts, best)

    def answer(
        self, instance: "OptimisationInstance", target: Target, attempt: Attempt, candidate: Candidate
    ) -> Answer:
        """Says who is treated or placed and who is not, what is proven, what would help; the files."""
        from problems.optimisation.report.in_words import answer

        return answer(instance, target, attempt, candidate)

    def facts(self) -> Sequence[FactProvider]:
        """Returns the size of the instance, the gap that is open, what circuits would carry."""
        from problems.optimisation.facts import providers

        return providers()
