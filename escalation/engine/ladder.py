"""The ladder: a deterministic generator of steps. It runs nothing; a driver carries the steps out.

Given the same facts and the same raw results it makes the same decisions, so resuming and replaying a
case are one thing: the ladder is driven again, with what is recorded fed back.
"""

import math
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any

from escalation.model.attempt import Attempt, AttemptStatus, Candidate, Cost, Done
from escalation.model.calibration import DeviceKind
from escalation.model.case import CaseInfo, CaseStatus, Outcome, WorkKey
from escalation.model.clock import boottime_s
from escalation.model.decision import Action, Closed, Decision
from escalation.model.demand import demand
from escalation.model.errors import Faulted, TierwiseError, of_machine
from escalation.model.identity import derive_seed
from escalation.model.problem import Budget, Problem, Target
from escalation.model.quote import Quote
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.policy.policy import Policy
from escalation.policy.router import Rung, State
from escalation.ports.families import Family, Instance
from escalation.ports.methods import Method, View
from escalation.ports.registry import backend_descriptor


@dataclass(frozen=True)
class Case:
    """Everything that the ladder of one case is about.

    Attributes:
        begun_s: when work on the case began, by `boottime_s`; no part of what it is about.
    """

    info: CaseInfo
    policy: Policy
    policy_path: str
    family: Family
    instance: Instance
    view: View
    begun_s: float = field(default_factory=boottime_s, compare=False)

    @property
    def case_id(self) -> str:
        return self.info.case_id

    @property
    def problem(self) -> Problem:
        return self.info.problem

    @property
    def budget(self) -> Budget:
        """The problem's budget and the policy's caps, combined by minimum."""
        return self.problem.budget & self.policy.budget

    @property
    def may_spend(self) -> bool:
        """Whether any work of the case could go where work is paid for."""
        places = map(backend_descriptor, self.policy.backends.values())
        return any(descriptor.device_kind(device).paid for descriptor, device in places)

    def rungs(self) -> tuple[Rung, ...]:
        """The rungs that the policy declares, before anything runs; α is divided by their number."""
        named = self.policy.methods.get(self.family.name)
        methods = [m for m in self.family.methods() if named is None or m.name in named]
        return tuple(
            Rung(tier, method.name, *_place(self.policy, method))
            for tier in self.policy.tiers
            for method in methods
            if method.tier is tier
        )

    def method(self, name: str | None) -> Method:
        """The family's method of that name."""
        return next(method for method in self.family.methods() if method.name == name)

    def backend_of(self, work: Work) -> str:
        """Where the policy sends this kind of work."""
        return backend_for(self.policy, work.kind)

    def seed(self, number: int, method: str) -> int:
        """The seed of an attempt."""
        return derive_seed(self.problem.seed, "attempt", number, method)


def backend_for(policy: Policy, kind: str) -> str:
    """The backend that the policy names for a kind of work.

    Raises:
        TierwiseError: when it names none.
    """
    found = {str(key): spec for key, spec in policy.backends.items()}.get(kind)
    if found is None:
        raise TierwiseError(f"policy {policy.policy!r} names no backend for {kind}; add one under backends")
    return found


def _place(policy: Policy, method: Method) -> tuple[str, DeviceKind]:
    spec = backend_for(policy, method.work_kind)
    descriptor, device = backend_descriptor(spec)
    return spec, descriptor.device_kind(device)


@dataclass(frozen=True)
class Decide:
    """Asks for the next decision; answered with a `Decision` and the quote of what it chose."""

    state: State
    spent: Cost


@dataclass(frozen=True)
class Item:
    """One piece of work to perform.

    Attributes:
        key: its name in the ledger.
        work: what to run.
        backend: where.
        quote: what the whole attempt may use; None where a person is asked because it is more.
        wall_s_left: elapsed seconds that the case's budget leaves it; None is unlimited.
        label: tier and method, for people.
        asks: rules by which a person must approve before the work is sent.
        why: the attempt was decided on, for who is asked.
    """

    key: WorkKey
    work: Work
    backend: str
    quote: Quote | None
    wall_s_left: float | None
    label: str
    asks: tuple[Closed, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Perform:
    """Asks for work to be performed, the items at once; answered with their results in order."""

    items: tuple[Item, ...]


@dataclass(frozen=True)
class Judge:
    """Asks for the verifier's finding on an attempt that ended; answered with the `Attempt`."""

    draft: Attempt
    candidate: Candidate | None
    done: tuple[Done, ...]
    alpha: float


Step = Decide | Perform | Judge


@dataclass(frozen=True)
class Decided:
    """What a `Decide` step is answered with."""

    decision: Decision
    quote: Quote


Steps = Generator[Step, Any, Outcome]


def ladder(case: Case) -> Steps:
    """Yields the steps of a case and returns its outcome."""
    rungs = case.rungs()
    attempts: list[Attempt] = []
    decisions: list[Decision] = []
    while True:
        spent = sum((attempt.cost for attempt in attempts), Cost())
        state = State(
            number=len(decisions),
            family=case.family.name,
            target=case.problem.target,
            rungs=rungs,
            attempts=tuple(attempts),
            exhausted=exhausted(case.budget, spent),
        )
        decided: Decided = yield Decide(state, spent)
        decisions.append(decided.decision)
        if decided.decision.action is not Action.ATTEMPT:
            return conclude(case, attempts, decisions)
        attempts.append((yield from _attempt(case, len(attempts), decided, spent)))


def exhausted(budget: Budget, spent: Cost) -> str | None:
    """Says which part of the budget is used up."""
    for name in ("wall_s", "cpu_s"):
        limit = getattr(budget, name)
        if limit is not None and getattr(spent, name) >= limit:
            return f"{getattr(spent, name):.1f} of {limit:g} {name}"
    return None


def _attempt(case: Case, number: int, decided: Decided, spent: Cost) -> Generator[Step, Any, Attempt]:
    """Drives one method's generator; every piece of work it asks for becomes part of a `Perform` step."""
    decision = decided.decision
    assert decision.tier is not None
    assert decision.method is not None
    assert decision.backend is not None
    method = case.method(decision.method)
    seed = case.seed(number, method.name)
    done: list[Done] = []
    candidate: Candidate | None = None
    error, status = None, AttemptStatus.NOT_CERTIFIED
    wall_s = 0.0
    solve = method.solve(case.view, seed)
    answer: Any = None
    while True:
        try:
            asked = solve.send(answer)
        except StopIteration as stop:
            candidate = stop.value
            if not isinstance(candidate, Candidate):
                status, error = AttemptStatus.FAILED, f"expected a candidate, got {candidate!r}"[:200]
                candidate = None
            break
        except Exception as problem:  # the method's own failure ends the attempt, not the case
            if of_machine(problem):
                raise Faulted.of(
                    f"{decision.tier}/{method.name} was ended", problem, case.case_id
                ) from problem
            status, error = AttemptStatus.FAILED, _one_line(problem)
            break
        works = asked if isinstance(asked, tuple) else (asked,)
        over = beyond_quote(decided.quote, [each.work for each in done], works)
        first = WorkKey(case.case_id, number, len(done))
        items = _items(case, first, works, decided, spent.wall_s + wall_s)
        results: tuple[RawResult, ...] = yield Perform(_asking(items, decided, over) if over else items)
        done += [Done(work, result) for work, result in zip(works, results, strict=True)]
        wall_s += max(result.spent.wall_s for result in results)
        answer = results if isinstance(asked, tuple) else results[0]
    solve.close()
    draft = Attempt(
        number=number,
        tier=decision.tier,
        method=method.name,
        backend=decision.backend,
        device_kind=_place(case.policy, method)[1],
        seed=seed,
        quote=decided.quote,
        status=status,
        cost=_cost(done, wall_s),
        works=tuple(_work_record(index, each) for index, each in enumerate(done)),
        error=error,
    )
    judged: Attempt = yield Judge(
        draft, candidate, tuple(done), case.problem.target.alpha / len(case.rungs())
    )
    return judged


def _items(
    case: Case, first: WorkKey, works: tuple[Work, ...], decided: Decided, wall_s: float
) -> tuple[Item, ...]:
    limit = case.budget.wall_s
    return tuple(
        Item(
            key=WorkKey(first.case_id, first.attempt, first.ordinal + index),
            work=work,
            backend=case.backend_of(work),
            quote=decided.quote,
            wall_s_left=None if limit is None else max(limit - wall_s, LEAST_S),
            label=f"{decided.decision.tier}/{decided.decision.method}",
            # What prepares or sums up here is free: a person is asked about what goes where the attempt does.
            asks=decided.decision.asks if case.backend_of(work) == decided.decision.backend else (),
            why=decided.decision.because,
        )
        for index, work in enumerate(works)
    )


def _asking(items: tuple[Item, ...], decided: Decided, over: str) -> tuple[Item, ...]:
    """The same work, which a person must approve first, because it is more than was quoted."""
    assert decided.decision.tier is not None
    rule = Closed(gate="quote", tier=decided.decision.tier, because=over, misses=())
    return tuple(replace(item, asks=(*item.asks, rule), quote=None) for item in items)


LEAST_S = 1.0
"""Work that was decided on is given a second at least, to end in an orderly way."""


def beyond_quote(quote: Quote, before: list[Work], works: tuple[Work, ...]) -> str | None:
    """Says how the work asked for passes what was quoted; None when it does not."""
    asked = [demand(work) for work in (*before, *works)]
    circuits, shots = sum(each.circuits for each in asked), sum(each.shots for each in asked)
    for name, wanted, quoted in (("circuits", circuits, quote.circuits), ("shots", shots, quote.shots)):
        if wanted > quoted:
            return f"The method asks for {wanted} {name}, and quoted {quoted}"
    return None


def _cost(done: list[Done], wall_s: float) -> Cost:
    used = [each.result.spent for each in done]
    return Cost(
        wall_s=wall_s,
        cpu_s=sum(usage.cpu_s for usage in used),
        qpu_s=sum(usage.qpu_s for usage in used),
        usd=sum(usage.usd for usage in used),
    )


def _work_record(ordinal: int, each: Done) -> dict[str, Any]:
    return {
        "ordinal": ordinal,
        "kind": each.work.kind,
        "work": each.work.digest,
        "state": str(each.result.state),
        "result": each.result.digest,
        "error": each.result.error,
        "usage": each.result.usage.to_json(),
        "lost": [lost.to_json() for lost in each.result.lost],
        "provenance": dict(each.result.provenance),
    }


def _one_line(problem: BaseException) -> str:
    text = str(problem).splitlines()
    said = text[0] if text else ""
    return said if isinstance(problem, TierwiseError) else f"{type(problem).__name__}: {said}"


def best_of(attempts: list[Attempt], target: Target) -> Attempt | None:
    """The attempt with the best certificate: by status, then by value on the target's side, then first."""
    sign = -1.0 if target.at_least is not None else 1.0

    def key(attempt: Attempt) -> tuple[int, float, int]:
        certificate = attempt.certificate
        assert certificate is not None
        value = math.inf if certificate.value is None else sign * certificate.value
        return certificate.status.rank, value, attempt.number

    judged = [attempt for attempt in attempts if attempt.certificate is not None]
    return min(judged, key=key, default=None)


def chosen(status: CaseStatus, attempts: list[Attempt], target: Target) -> Attempt | None:
    """The attempt whose answer is the case's: the accepted one, else the best so far."""
    return attempts[-1] if status is CaseStatus.ACCEPTED else best_of(attempts, target)


_STATUS = {
    Action.ACCEPT: CaseStatus.ACCEPTED,
    Action.ABSTAIN: CaseStatus.ABSTAINED,
    Action.REFUSE: CaseStatus.REFUSED,
}


def conclude(
    case: Case, attempts: list[Attempt], decisions: list[Decision], paused: CaseStatus | None = None
) -> Outcome:
    """Sums a case up: the accepted answer, or the best that was found so far, as what it is."""
    status = paused or _STATUS[decisions[-1].action]
    best = chosen(status, attempts, case.problem.target)
    return Outcome(
        case_id=case.case_id,
        status=status,
        tier=best.tier if best else None,
        method=best.method if best else None,
        backend=best.backend if best else None,
        device_kind=best.device_kind if best else None,
        value=best.certificate.value if best and best.certificate else None,
        certificate=best.certificate if best else None,
        target=case.problem.target,
        cost=sum((attempt.cost for attempt in attempts), Cost()),
        attempts=tuple(attempts),
        decisions=tuple(decisions),
        files=_files(best),
        failures=tuple(attempt.failure for attempt in attempts if attempt.failure),
        faults=tuple(_faults(attempt) for attempt in attempts if attempt.faults),
        remarks=case.info.remarks,
    )


def _faults(attempt: Attempt) -> str:
    ended = len(attempt.faults)
    tries = "1 try" if ended == 1 else f"{ended} tries"
    return f"{attempt.tier}/{attempt.method}: the machine ended {tries}, last: {attempt.faults[-1]}"


def _files(best: Attempt | None) -> dict[str, str]:
    files: Any = best.candidate.get("files", {}) if best else {}
    return {str(name): str(digest) for name, digest in files.items()}
