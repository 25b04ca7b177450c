"""Why a decision changes: the rules that close, open or ask otherwise, each with what it found."""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from escalation.model.decision import Action, Miss
from escalation.policy.backtest.known import KnownFacts
from escalation.policy.backtest.plans import FamilyPlan, Rules, RungPlan
from escalation.policy.backtest.routing import Course, Situation, opened
from escalation.policy.backtest.trilean import Check, Find


class Effect(StrEnum):
    """What a rule does under the new policy that it did not do, or no more does."""

    CLOSES = "closes"
    CLOSED = "no longer closes"
    ASKS = "asks a person"
    ASKED = "no longer asks a person"
    REJECTS = "does not accept"
    REJECTED = "now accepts"
    MISSING = "is not in the new policy"
    ADDED = "is in the new policy alone"
    MOVED = "runs on another backend"
    SPENT = "leaves no budget"
    LASTS = "leaves budget"


class Reason(NamedTuple):
    """A rule, its effect, and the threshold that it turns on with what was found, where there is one.

    Of a rule that lost its effect, the threshold is the new policy's, or the old one's where it is gone.
    """

    rule: str
    effect: Effect
    rung: str
    miss: Miss | None = None


def reasons(
    old: FamilyPlan, new: FamilyPlan, situation: Situation, facts: KnownFacts, courses: tuple[Course, Course]
) -> Iterator[Reason]:
    """The rules that make the new course another one than the old, those first that came first."""
    was, now = courses
    if was.action != now.action and Action.ACCEPT in (was.action, now.action):
        yield from _accepting(old, new, situation, facts, closes=was.action == Action.ACCEPT)
    if now.action == Action.ATTEMPT and was[:3] != now[:3]:
        yield from _taken(old, new, situation, facts, now)
    if was.action == Action.ATTEMPT and was[:3] != now[:3] and now.action != Action.ACCEPT:
        yield from _left(old, new, situation, facts, was)
    if was[:3] == now[:3] and was.action == Action.ATTEMPT:
        yield from _same_rung(old, new, situation, facts, courses)


def reasons_against(
    old: FamilyPlan, new: FamilyPlan, situation: Situation, facts: KnownFacts, was: Course
) -> Iterator[Reason]:
    """The rules that keep the new policy from what was decided, whatever it decides instead."""
    if was.action == Action.ACCEPT:
        yield from _accepting(old, new, situation, facts, closes=True)
    if was.action == Action.ATTEMPT:
        rung = new.by_key.get((str(was.tier), str(was.method)))
        if rung is not None and rung.on(was.backend).rung.backend != was.backend:
            yield Reason("backends", Effect.MOVED, rung.subject)
        yield from _left(old, new, situation, facts, was)


def _accepting(
    old: FamilyPlan, new: FamilyPlan, situation: Situation, facts: KnownFacts, *, closes: bool
) -> Iterator[Reason]:
    last = situation.attempts[-1]
    subject = f"{last['tier']}/{last['method']}"
    find = facts.of(subject, same_backend=True)
    rules = (old.acceptance[last["tier"]], new.acceptance[last["tier"]])
    effects = (Effect.REJECTS, Effect.REJECTED)
    yield from _changed(rules, find, subject, effects, closes=closes)


def _taken(
    old: FamilyPlan, new: FamilyPlan, situation: Situation, facts: KnownFacts, now: Course
) -> Iterator[Reason]:
    """Why a rung is taken that was not."""
    rung = new.by_key[str(now.tier), str(now.method)].on(now.backend)
    before = old.by_key.get(rung.key)
    if before is None:
        yield Reason("methods", Effect.ADDED, rung.subject)
        return
    if opened(situation, facts, before) is False:
        find = situation.find(facts, rung)
        effects = (Effect.CLOSES, Effect.CLOSED)
        yield from _changed((before.gates, rung.gates), find, rung.subject, effects, closes=False)
    elif situation.was_exhausted:
        yield Reason("budget", Effect.LASTS, rung.subject)


def _left(
    old: FamilyPlan, new: FamilyPlan, situation: Situation, facts: KnownFacts, was: Course
) -> Iterator[Reason]:
    """Why the rung that was taken is not."""
    key = str(was.tier), str(was.method)
    rung, before = new.by_key.get(key), old.by_key.get(key)
    if rung is None or before is None:
        yield Reason("methods", Effect.MISSING, "/".join(key))
        return
    if situation.exhausted:
        yield Reason("budget", Effect.SPENT, rung.subject)
        return
    before, rung = before.on(was.backend), rung.on(was.backend)
    find = situation.find(facts, rung)
    effects = (Effect.CLOSES, Effect.CLOSED)
    yield from _changed((before.gates, rung.gates), find, rung.subject, effects, closes=True)


def _same_rung(
    old: FamilyPlan, new: FamilyPlan, situation: Situation, facts: KnownFacts, courses: tuple[Course, Course]
) -> Iterator[Reason]:
    was, now = courses
    rung: RungPlan = new.by_key[str(now.tier), str(now.method)].on(now.backend)
    before = old.by_key.get(rung.key)
    if was.backend != now.backend:
        yield Reason("backends", Effect.MOVED, rung.subject)
    if was.held != now.held:
        find = situation.find(facts, rung)
        asked: Rules = () if before is None else before.asks
        effects = (Effect.ASKS, Effect.ASKED)
        yield from _changed((asked, rung.asks), find, rung.subject, effects, closes=now.held)


def _changed(
    rules: tuple[Rules, Rules], find: Find, rung: str, effects: tuple[Effect, Effect], *, closes: bool
) -> Iterator[Reason]:
    """The rules of the new policy that are not met, or those of the old that were not and now let pass."""
    old, new = rules
    if closes:
        for name, check in new:
            for miss in check.misses(find):
                yield Reason(name, effects[0], rung, miss)
        return
    by_id = dict(new)
    for name, check in old:
        if check.met(find) is False and (name not in by_id or by_id[name].met(find)):
            now = by_id.get(name)
            found = next(iter(check.misses(find)))
            yield Reason(name, effects[1], rung, found if now is None else _same_fact(now, found, find))


def _same_fact(check: Check, miss: Miss, find: Find) -> Miss:
    """How the new rule reads the fact that the old one missed; the old reading where it never looks at it."""
    return next((each.found(find) for each in check.comparisons if each.fact == miss.fact), miss)
