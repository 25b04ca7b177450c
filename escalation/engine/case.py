"""A case that can be driven: problem, policy, family and instance, and the rungs these declare."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from escalation.inputs.input_files import InputFiles
from escalation.model.amounts import Caps
from escalation.model.at_best import AtBest
from escalation.model.case import CaseInfo
from escalation.model.clock import boottime_s
from escalation.model.decision import Decision
from escalation.model.identity import derive_seed
from escalation.model.problem import Problem
from escalation.model.work import Work
from escalation.policy.ladder_state import Rung
from escalation.policy.rules import Policy
from escalation.policy.rungs import backend_for, rungs_of
from escalation.ports.families import Family, Instance
from escalation.ports.methods import Method, View
from escalation.ports.registry import backend_descriptor


@dataclass(frozen=True)
class Case:
    """Everything that the ladder of one case is about.

    Attributes:
        begun_s: when work on the case began, by `boottime_s`; no part of what it is about.
        allotted: what the batch that it belongs to leaves it, in this run.
        files: what was read to load the instance.
        at_best: what a certificate could say at best; None where the family cannot tell.
    """

    info: CaseInfo
    policy: Policy
    policy_path: str
    family: Family
    instance: Instance
    view: View
    begun_s: float = field(default_factory=boottime_s, compare=False)
    allotted: Caps = field(default=Caps(), compare=False)
    files: InputFiles = field(default_factory=lambda: InputFiles(Path()), compare=False)
    at_best: AtBest | None = field(default=None, compare=False)

    def as_recorded(self, info: CaseInfo) -> "Case":
        """The same with what a ledger alone can say, and said when the case was opened there."""
        asked = {"asked_before": info.asked_before}
        return replace(self, info=self.info.model_copy(update=asked))

    @property
    def case_id(self) -> str:
        return self.info.case_id

    @property
    def problem(self) -> Problem:
        return self.info.problem

    @property
    def engine(self) -> str:
        """Who drives the ladder, as the record says: `plain` or `prefect`."""
        return str(self.info.environment["engine"])

    @property
    def budget(self) -> Caps:
        """The problem's budget, the policy's caps and what its batch leaves it, combined by minimum."""
        return self.problem.budget & self.policy.budget & self.allotted

    @property
    def may_spend(self) -> bool:
        """Whether any work of the case could go where work is paid for."""
        places = map(backend_descriptor, self.policy.places)
        return any(descriptor.device_kind(device).paid for descriptor, device in places)

    def rungs(self) -> tuple[Rung, ...]:
        """The rungs that the policy declares, before anything runs; α is divided by their number."""
        return rungs_of(self.policy, self.family)

    @property
    def alpha(self) -> float:
        """The error that each certificate may make: the rungs' share of the target's."""
        return self.problem.target.alpha / len(self.rungs())

    def method(self, name: str | None) -> Method:
        """The family's method of that name."""
        return next(method for method in self.family.methods() if method.name == name)

    def backend_of(self, work: Work, decision: Decision | None = None) -> str:
        """Where the policy sends this kind of work; what a method is about goes where the decision says."""
        if decision is not None and decision.backend and work.kind == self.method(decision.method).work_kind:
            return decision.backend
        return backend_for(self.policy, work.kind)

    def seed(self, number: int, method: str) -> int:
        """The seed of an attempt."""
        return derive_seed(self.problem.seed, "attempt", number, method)
