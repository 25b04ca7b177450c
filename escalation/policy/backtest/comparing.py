"""Compares what a policy would have decided in a past case with what was decided."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from escalation.model.amounts import Amounts
from escalation.model.calibration import DeviceKind
from escalation.model.case import CaseStatus
from escalation.model.decision import Action
from escalation.policy.backtest.caps import CapsThen, ChangedCaps
from escalation.policy.backtest.known import KnownFacts, More, nothing_more
from escalation.policy.backtest.past_case import Json, PastCase
from escalation.policy.backtest.plans import PlanPair, Plans
from escalation.policy.backtest.reasons import Reason, reasons, reasons_against
from escalation.policy.backtest.routing import Course, Situation, course_of, may_stay, route


class DecisionChange(StrEnum):
    """What the record says of a decision under the new policy."""

    SAME = "same"
    CHANGED = "changed"
    UNTOLD = "cannot tell"


class Gone(StrEnum):
    """Why nothing can be told of a decision, or of what a changed one would have cost."""

    UNREADABLE = "a row of the case cannot be read"
    FACT = "a fact was never looked up"
    ELAPSED = "the elapsed time by then is not on record"
    AFTER_CHANGE = "it follows a decision that changes"
    AFTER_UNTOLD = "it follows a decision of which nothing can be told"
    ALPHA = "the attempt before was certified at another share of α"
    BUDGET = "the attempt before had another budget to keep to"
    BACKEND = "work of the attempt before would have run elsewhere"
    FOLLOWED = "paid work of the attempt before would have been followed by other rules"
    POLICY = "the policy does not apply here"
    NEVER_TRIED = "what it would try was never tried in the case"
    UNASKED = "nobody was asked"
    UNFINISHED = "the case has not ended"
    ELSEWHERE = "it ran on another backend"


_UNREAD = Course("what cannot be read")


class Compared(NamedTuple):
    """A past decision beside the new policy's.

    Attributes:
        was: what was decided.
        now: what the new policy decides; None where that cannot be told, of a changed one too.
        gone: why it cannot be told, or, of a changed one, what it costs.
        missing: the facts that are not on record.
        reasons: the rules that changed it, each with what it found.
        saved: what the record says that was spent and would not have been; None where it cannot tell.
        at_most_usd: the quote on record of what would have been tried instead; None where there is none.
    """

    case_id: str
    number: int
    verdict: DecisionChange
    was: Course
    now: Course | None = None
    gone: Gone | None = None
    missing: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    saved: Amounts | None = None
    at_most_usd: float | None = None


def compare(case: PastCase, plans: Plans) -> Iterator[Compared]:
    """Compares the decisions of a case in order.

    After the first that changes, or of which nothing can be told, the case would have gone on in a way that
    the record does not know; nor does it where an attempt would not have been the same under the new policy.
    Nothing can be told of a case that has a row which is looked at and cannot be read.
    """
    try:
        found = list(_compared(case, plans))
    except Exception:
        row = case.unreadable
        if not row:
            raise  # not for what is on record
        found = [
            Compared(case.case_id, number, DecisionChange.UNTOLD, was, gone=Gone.UNREADABLE, missing=(row,))
            for number, was in enumerate(_as_far_as_read(case))
        ]
    yield from found


def _as_far_as_read(case: PastCase) -> list[Course]:
    """What was decided; of a case none of whose decisions is on record one all the same, to be named by."""
    try:
        return [course_of(decision) for decision in case.decisions] or [_UNREAD]
    except ValueError:
        return [_UNREAD] * len(case.decision_texts)


def _compared(case: PastCase, plans: Plans) -> Iterator[Compared]:
    plan = plans.pair(case)
    if isinstance(plan, str):
        yield from (_untold(case, decision, Gone.POLICY, (plan,)) for decision in case.decisions)
        return
    changed = ChangedCaps.between(case.info["problem"]["budget"], plan, lambda: case.wall_s)
    lost: Gone | None = None
    for decision, before in zip(case.decisions, case.attempted, strict=True):
        if lost is None:
            found, lost = _one(_Between.at(case, plan, changed, decision, before=before))
            yield found
        else:
            yield _untold(case, decision, lost)


def compare_decision(case: PastCase, plans: Plans, more: More) -> Compared:
    """Compares the one decision that the case holds, made after all its attempts.

    Args:
        case: with one decision; how long it has taken is the time until then.
        plans: of the policy that it is compared with.
        more: looks up what the decision did not, as far as that may be done.
    """
    (decision,), plan = case.decisions, plans.pair(case)
    if isinstance(plan, str):
        return _untold(case, decision, Gone.POLICY, (plan,))
    changed = ChangedCaps.between(case.info["problem"]["budget"], plan, lambda: case.wall_s)
    return _one(_Between.at(case, plan, changed, decision, before=len(case.attempts), more=more))[0]


def _untold(case: PastCase, decision: Json, gone: Gone, missing: tuple[str, ...] = ()) -> Compared:
    was = course_of(decision)
    return Compared(case.case_id, decision["number"], DecisionChange.UNTOLD, was, gone=gone, missing=missing)


class _Between(NamedTuple):
    """One decision of a case between two policies; `attempts` are those made before it."""

    case: PastCase
    plans: PlanPair
    decision: Json
    attempts: Sequence[Json]
    caps: CapsThen
    was: Course
    more: More = nothing_more

    @classmethod
    def at(
        cls,
        case: PastCase,
        plans: PlanPair,
        changed: ChangedCaps,
        decision: Json,
        *,
        before: int,
        more: More = nothing_more,
    ) -> "_Between":
        attempts = case.attempts[:before]
        caps = CapsThen(changed, attempts, ended=decision["rule"] == "budget")
        return cls(case, plans, decision, attempts, caps, course_of(decision), more)

    @property
    def attempt(self) -> Json | None:
        """The one that the decision led to, where it was finished."""
        made, before = self.case.attempts, len(self.attempts)
        return made[before] if self.was.action == Action.ATTEMPT and before < len(made) else None

    def situation(self) -> Situation:
        was, caps = self.was, self.caps
        compared = self.decision.get("considered", ())
        chosen = {(each["tier"], each["method"]): each["backend"] for each in compared if each["chosen"]}
        took = was.action == Action.ATTEMPT and was.tier is not None and was.method is not None
        return Situation(
            target=self.case.info["problem"]["target"],
            attempts=self.attempts,
            exhausted=caps.exhausted(),
            was_exhausted=caps.ended,
            usd_capped=caps.changed.usd_capped,
            then={**self.plans.old.backends, **chosen},
            chosen=chosen,
            before=self.plans.old.by_key,
            taken=(str(was.tier), str(was.method)) if took else None,
        )


def _one(between: _Between) -> tuple[Compared, Gone | None]:
    """The decision beside the new policy's, and why nothing can be told of the next one."""
    situation, was = between.situation(), between.was
    recorded = between.decision["facts"]
    facts = KnownFacts(between.case, len(between.attempts), recorded, between.caps, between.more)
    now = route(between.plans.new, situation, facts)
    if now is None:
        gone = Gone.FACT if facts.missing else Gone.ELAPSED
        missing = tuple(sorted(facts.missing))
        if not may_stay(between.plans.new, situation, facts, was):
            return _to_what_is_untold(between, situation, facts, (gone, missing)), Gone.AFTER_CHANGE
        return _untold(between.case, between.decision, gone, missing), Gone.AFTER_UNTOLD
    case_id, number = between.case.case_id, between.decision["number"]
    if now == was:
        return Compared(case_id, number, DecisionChange.SAME, was, now), _differently(between)
    why = tuple(reasons(between.plans.old, between.plans.new, situation, facts, (was, now)))
    saved, gone_cost = _saved(between, was, now)
    quoted = _quoted(between, now, situation, facts)
    changed = Compared(
        case_id,
        number,
        DecisionChange.CHANGED,
        was,
        now,
        gone_cost,
        reasons=why,
        saved=saved,
        at_most_usd=quoted,
    )
    return changed, Gone.AFTER_CHANGE


def _to_what_is_untold(
    between: _Between, situation: Situation, facts: KnownFacts, why: tuple[Gone, tuple[str, ...]]
) -> Compared:
    """A decision that changes for certain, and the record cannot tell to what."""
    was, (gone, missing) = between.was, why
    against = tuple(reasons_against(between.plans.old, between.plans.new, situation, facts, was))
    case_id, number = between.case.case_id, between.decision["number"]
    changed = DecisionChange.CHANGED
    return Compared(case_id, number, changed, was, gone=gone, missing=missing, reasons=against)


def _saved(between: _Between, was: Course, now: Course) -> tuple[Amounts | None, Gone | None]:
    """What would not have been spent, or why the record cannot tell."""
    if Action.ATTEMPT not in (was.action, now.action):
        return Amounts(), None
    if now.action != Action.ATTEMPT:
        if not CaseStatus(between.case.status).final:
            return None, Gone.UNFINISHED
        rest = between.case.attempts[len(between.attempts) :]
        return Amounts.total(Amounts.of(attempt["cost"]) for attempt in rest), None
    if was[:3] != now[:3]:
        return None, Gone.NEVER_TRIED
    if was.backend != now.backend:
        return None, Gone.ELSEWHERE
    return (Amounts(), None) if was.held and between.attempt is not None else (None, Gone.UNASKED)


def _quoted(between: _Between, now: Course, situation: Situation, facts: KnownFacts) -> float | None:
    """The most that the new attempt may cost, where it was quoted then on the same backend."""
    rung = between.plans.new.by_key.get((str(now.tier), str(now.method)))
    if now.action != Action.ATTEMPT or rung is None:
        return None
    found = situation.find(facts, rung.on(now.backend))("quote.usd")
    return found if isinstance(found, float) else None


def _differently(between: _Between) -> Gone | None:
    """Why the attempt that both decide on would not have been the same; None where it would."""
    attempt, plans = between.attempt, between.plans
    if attempt is None:
        return None
    certificate = attempt["certificate"]
    if plans.other_alpha and certificate and certificate["alpha"] is not None:
        return Gone.ALPHA
    if plans.moved and any(work["kind"] in plans.moved for work in attempt["works"]):
        return Gone.BACKEND
    if between.caps.cut(attempt):
        return Gone.BUDGET
    if plans.followed_otherwise and DeviceKind(attempt["device_kind"]).paid:
        return Gone.FOLLOWED
    return None
