"""The prediction family: which parts answer to which verb. Heavy parts are imported on use."""

from collections.abc import Mapping, Sequence
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from escalation.model.at_best import AtBest
from escalation.model.attempt import Attempt, Candidate, Done
from escalation.model.certificate import Certificate
from escalation.model.errors import BadInput
from escalation.model.problem import Target
from escalation.ports.fact_providers import FactProvider
from escalation.ports.families import Answer, Section
from escalation.ports.methods import Method
from escalation.text.nearest import did_you_mean
from problems.prediction.tables.table import TableView
from problems.prediction.tasks.task import METRICS, metric_named, metric_of

if TYPE_CHECKING:
    from problems.prediction.tables.instance import TableInstance


class Prediction:
    """Two classes, a table, a metric on rows that no solver has seen the labels of."""

    name = "prediction"
    never_offered: Mapping[str, str] = {
        "fidelity_kernel": "each pair of rows would be a circuit: 200 rows take about 5,000 s and 8,000 USD "
        "on hardware; projected_kernel takes three circuits a row"
    }
    """Methods that a policy may ask for in vain, and why."""

    def load(self, instance: Mapping[str, Any], seed: int, folder: Path) -> "TableInstance":
        """Loads the table, checks it, and seals part of its rows; see `loading.load_rows`."""
        from problems.prediction.loading import load_rows

        return load_rows(instance, seed, folder)

    def check_target(self, target: Target) -> None:
        """Raises `BadInput` for a metric without a valid bound, a wrong side or a limit out of its range."""
        metric = metric_named(target.metric)
        if metric is None:
            known = dict.fromkeys(name for names in METRICS.values() for name in names)
            raise BadInput(
                f"unknown metric {target.metric!r}: expected one of {', '.join(known)}"
                f"{did_you_mean(target.metric, known)}"
            )
        if metric.only_reported:
            raise BadInput(f"{target.metric} is reported and can be no target: {metric.only_reported}")
        if getattr(target, metric.side) is None:
            other = "at_most" if metric.side == "at_least" else "at_least"
            raise BadInput(
                f"{target.metric} is reached with {metric.side}, got {other}: "
                f"write {metric.side}: {target.limit}"
            )
        if not metric.low <= target.limit <= (inf if metric.high is None else metric.high):
            raise BadInput(f"{target.metric} lies {metric.range_in_words}, got {metric.side}: {target.limit}")

    def asked(self, instance: "TableInstance", target: Target) -> str:
        """`Tell malignant from benign on 569 rows of breast_cancer`."""
        from problems.prediction.report.in_words import asked

        return asked(instance)

    def view(self, instance: "TableInstance", target: Target) -> TableView:
        """Returns the open rows with labels, the sealed rows without, and the metric to aim at.

        Raises:
            BadInput: where the target's metric is none of the task, or lacks a parameter.
        """
        from problems.prediction.tables.instance import solver_view

        metric_of(instance.asked, target)
        return solver_view(instance, target)

    def methods(self) -> Sequence[Method]:
        """Nested cross-validation over MPI, boosted trees, circuits: trained ones, projected kernel."""
        from escalation.ports.configuration import mpi_ranks
        from problems.prediction.ai.method import BoostedTrees
        from problems.prediction.hpc.method import NestedCV
        from problems.prediction.quantum.method import ProjectedKernel
        from problems.prediction.quantum.trained_method import QuantumPerceptron, ReuploadingCircuit

        classical = (NestedCV(ranks=mpi_ranks()), BoostedTrees())
        return (*classical, QuantumPerceptron(), ReuploadingCircuit(), ProjectedKernel())

    def at_best(self, instance: "TableInstance", target: Target, alpha: float) -> AtBest:
        """Returns what predictions without an error would be certified to be; see `judging.at_best`."""
        from problems.prediction.verify.judging import at_best

        return at_best(instance, target, alpha)

    def certify(
        self,
        instance: "TableInstance",
        target: Target,
        candidate: Candidate,
        evidence: Sequence[Done],
        alpha: float,
    ) -> Certificate:
        """Checks a candidate against the sealed labels; see `certify.certify`."""
        from problems.prediction.verify.certify import certify

        return certify(instance, target, candidate, evidence, alpha)

    def report(
        self,
        instance: "TableInstance",
        target: Target,
        attempts: Sequence[tuple[Attempt, Candidate | None]],
        best: Attempt | None,
    ) -> Sequence[Section]:
        """Returns calibration, net benefit, subgroups and conformal sets of every attempt."""
        from problems.prediction.report.report import sections

        return sections(instance, target, attempts, best)

    def answer(
        self, instance: "TableInstance", target: Target, attempt: Attempt, candidate: Candidate
    ) -> Answer:
        """Says which model it is, what it is worth, what would help; its files are the candidate's."""
        from problems.prediction.report.in_words import answer

        return answer(instance, target, attempt, candidate)

    def facts(self) -> Sequence[FactProvider]:
        """Returns the size of the table and the geometric difference of the quantum kernel."""
        from problems.prediction.facts import providers

        return providers()
