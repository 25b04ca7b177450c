"""Past cases without anything run: the router decides on facts that are given, attempts come out as told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from escalation.model.amounts import Amounts, Caps
from escalation.model.attempt import Attempt, AttemptStatus
from escalation.model.case import CaseInfo, CaseStatus, Outcome
from escalation.model.certificate import Certificate
from escalation.model.decision import Action, Decision
from escalation.model.facts import Fact, FactValue
from escalation.model.identity import canonical_json, digest_json
from escalation.model.problem import Problem
from escalation.model.quote import Quote
from escalation.policy.backtest.past_case import PastCase
from escalation.policy.checks import known_facts
from escalation.policy.core_facts import CORE_FACTS, OF_RECORD
from escalation.policy.ladder_state import LadderState, Rung
from escalation.policy.policy import LoadedPolicy
from escalation.policy.router import decide, unknown
from escalation.policy.rungs import rungs_of
from escalation.ports.fact_providers import FactContext
from escalation.ports.registry import family

_PROVIDERS = {each.spec.name: each for each in CORE_FACTS}
Values = Mapping[str, FactValue | None]
_STATUS = {
    Action.ACCEPT: CaseStatus.ACCEPTED,
    Action.ABSTAIN: CaseStatus.ABSTAINED,
    Action.REFUSE: CaseStatus.REFUSED,
}


@dataclass(frozen=True)
class Came:
    """What comes of an attempt; without a certificate it has failed."""

    certificate: Certificate | None = None
    cost: Amounts = field(default_factory=lambda: Amounts(wall_s=1.0))
    certified: bool = False


@dataclass(frozen=True)
class DecidedCase:
    """A case to be decided.

    Attributes:
        policy: that decides.
        problem: what is asked.
        came: by method, what its attempt comes to.
        facts: values by name, or `tier/method: name` where they differ between rungs.
        priced: whether a rung's machine charges.
    """

    policy: LoadedPolicy
    problem: Problem
    came: Mapping[str, Came]
    facts: Values = field(default_factory=dict)
    priced: Callable[[Rung], bool] = lambda rung: False

    def finder(self, attempts: tuple[Attempt, ...]) -> Callable[[Rung | None, str], Fact]:
        """Facts as given, None being unknown; what follows from problem and attempts is computed."""

        def find(rung: Rung | None, name: str) -> Fact:
            if name in OF_RECORD:
                return _PROVIDERS[name].evaluate(self._context(attempts))
            value = self.facts.get(f"{rung}: {name}", self.facts.get(name))
            spec = known_facts()[name]
            if value is None:
                return unknown(name, "not given")
            return Fact(name=name, value=value, unit=spec.unit, cost=spec.cost, provider="test")

        return find

    def _context(self, attempts: tuple[Attempt, ...]) -> FactContext:
        return FactContext(
            problem=self.problem,
            budget=Caps(),
            view=cast(Any, None),
            method=None,
            backend=None,
            quote=None,
            attempts=attempts,
            now=0.0,
            seed=0,
        )


def decided_case(script: DecidedCase, case_id: str = "c") -> PastCase:
    """Drives the ladder on the script; returns the case as a ledger would hold it."""
    policy, problem = script.policy.policy, script.problem
    budget = problem.budget & policy.budget
    rungs = rungs_of(policy, family(problem.family))
    state = LadderState(0, problem.family, problem.target, rungs)
    decisions: list[Decision] = []
    while True:
        spent = sum((attempt.cost for attempt in state.attempts), Amounts())
        state = replace(state, number=len(decisions), exhausted=budget.used_up(spent))
        decision = decide(policy, state, script.finder(state.attempts), script.priced)
        if decision.action is Action.ATTEMPT:
            decision = decision.model_copy(update={"quote": Quote()})
        decisions.append(decision)
        if decision.action is not Action.ATTEMPT:
            break
        state = replace(state, attempts=(*state.attempts, _attempt(script, state, decision)))
    outcome = Outcome(
        case_id=case_id,
        status=_STATUS[decision.action],
        cost=sum((attempt.cost for attempt in state.attempts), Amounts()),
    )
    return PastCase(
        case_id=case_id,
        status=outcome.status,
        info_text=_text(_info(script, case_id).to_json()),
        policy_text=script.policy.text,
        decision_texts=[_text(each.to_json()) for each in decisions],
        attempt_texts=[_text(each.to_json()) for each in state.attempts],
        outcome_text=_text(outcome.to_json()),
    )


def _attempt(script: DecidedCase, state: LadderState, decision: Decision) -> Attempt:
    came = script.came[str(decision.method)]
    rung = next(each for each in state.rungs if each.method == decision.method)
    failed = came.certificate is None
    judged = AttemptStatus.CERTIFIED if came.certified else AttemptStatus.NOT_CERTIFIED
    return Attempt(
        number=len(state.attempts),
        tier=rung.tier,
        method=rung.method,
        backend=rung.backend,
        device_kind=str(rung.device_kind),
        seed=1,
        quote=decision.quote or Quote(),
        status=AttemptStatus.FAILED if failed else judged,
        certificate=came.certificate,
        cost=came.cost,
        error="it failed" if failed else None,
    )


def _info(script: DecidedCase, case_id: str) -> CaseInfo:
    return CaseInfo(
        case_id=case_id,
        problem=script.problem,
        problem_digest=script.problem.digest,
        instance_digest=digest_json(script.problem.instance),
        instance={},
        policy_name=script.policy.policy.policy,
        policy_digest=script.policy.policy.digest,
        policy_text=script.policy.text,
        environment={"engine": "plain"},
    )


def _text(value: object) -> str:
    return canonical_json(value).decode()
