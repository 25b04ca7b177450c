"""Sums comparisons up: counts, shares, costs."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import fsum
from typing import Any

from escalation.model.metered import METERED
from escalation.policy.backtest.comparing import Compared, DecisionChange
from escalation.policy.backtest.reasons import Reason
from escalation.policy.rules import Policy

Json = dict[str, Any]
NOT_TOLD = "to what cannot be told"
"""What a decision changes to, where all that is certain is that it changes."""
_ABOUT_A_THOUSANDTH = 6


def line(found: Compared) -> Json:
    """A comparison as JSON."""
    said: Json = {
        "case": found.case_id,
        "decision": found.number,
        "verdict": str(found.verdict),
        "was": str(found.was),
        "now": None if found.now is None else str(found.now),
        "why": [_reason(each) for each in found.reasons],
    }
    if found.gone is not None:
        said["cannot_tell"] = str(found.gone)
    if found.missing:
        said["missing"] = list(found.missing)
    if found.saved is not None:
        said["saved"] = {each.name: found.saved[each.name] for each in METERED}
    if found.at_most_usd is not None:
        said["at_most_usd"] = found.at_most_usd
    return said


def _reason(reason: Reason) -> Json:
    said: Json = {"rule": reason.rule, "effect": str(reason.effect), "rung": reason.rung}
    if reason.miss is not None:
        said |= reason.miss.model_dump(
            mode="json", include={"fact", "value", "comparison", "limit", "margin"}
        )
    return said


@dataclass
class Margins:
    """How often a rule had an effect, and by how much it was missed or met, where that is a number."""

    count: int = 0
    least: float | None = None
    most: float | None = None

    def add(self, margin: float | None) -> None:
        """Counts one."""
        self.merge(Margins(1, margin, margin))

    def merge(self, other: "Margins") -> None:
        """Counts what another one has counted."""
        self.count += other.count
        self.least = min((each for each in (self.least, other.least) if each is not None), default=None)
        self.most = max((each for each in (self.most, other.most) if each is not None), default=None)


@dataclass
class Tally:
    """What many comparisons come to.

    Attributes:
        cases: seen, and by what became of them: all decisions the same, one changed, or neither told.
        verdicts: of decisions.
        changes: by what was decided and what is.
        rules: by rule and effect.
        gone: by why nothing can be told of a decision.
        missing: facts that are not on record, for want of which it is not told what is decided.
        saved: by resource, what would not have been spent, of each changed decision where that is known.
        cost_gone: by why the cost of a changed decision cannot be told.
        at_most_usd: quotes on record of what would have been tried instead.
    """

    cases: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    rules: dict[tuple[str, str], Margins] = field(default_factory=dict)
    gone: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    saved: dict[str, list[float]] = field(default_factory=dict)
    cost_known: int = 0
    cost_gone: Counter[str] = field(default_factory=Counter)
    at_most_usd: list[float] = field(default_factory=list)

    def add_case(self, found: Iterable[Compared]) -> None:
        """Counts the comparisons of a case."""
        worst = DecisionChange.SAME
        for each in found:
            self._add(each)
            if each.verdict is DecisionChange.CHANGED or worst is DecisionChange.SAME:
                worst = each.verdict
        self.cases[worst] += 1

    def merge(self, other: "Tally") -> None:
        """Counts what another one has counted."""
        for name in ("cases", "verdicts", "changes", "gone", "missing", "cost_gone"):
            getattr(self, name).update(getattr(other, name))
        for rule, margins in other.rules.items():
            self.rules.setdefault(rule, Margins()).merge(margins)
        for name, amounts in other.saved.items():
            self.saved.setdefault(name, []).extend(amounts)
        self.cost_known += other.cost_known
        self.at_most_usd += other.at_most_usd

    @property
    def decisions(self) -> int:
        """How many there were."""
        return self.verdicts.total()

    def _add(self, found: Compared) -> None:
        self.verdicts[found.verdict] += 1
        if found.verdict is DecisionChange.UNTOLD:
            self.gone[str(found.gone)] += 1
        self.missing.update(found.missing)
        if found.verdict is DecisionChange.CHANGED:
            self._changed(found)

    def _changed(self, found: Compared) -> None:
        self.changes[_kind(found.was), _kind(found.now)] += 1
        for reason in found.reasons:
            margins = self.rules.setdefault((reason.rule, str(reason.effect)), Margins())
            margins.add(None if reason.miss is None else reason.miss.margin)
        if found.saved is None:
            self.cost_gone[str(found.gone)] += 1
        else:
            self.cost_known += 1
            for each in METERED:
                if found.saved[each.name]:
                    self.saved.setdefault(each.name, []).append(found.saved[each.name])
        if found.at_most_usd is not None:
            self.at_most_usd.append(found.at_most_usd)

    def share(self, count: int) -> float:
        """Of all decisions, rounded so that it reads the same everywhere."""
        return round(count / self.decisions, _ABOUT_A_THOUSANDTH) if self.decisions else 0.0

    def total_saved(self) -> Mapping[str, float]:
        """By resource; correctly rounded, so that the order plays no part."""
        return {each.name: fsum(self.saved[each.name]) for each in METERED if each.name in self.saved}


def _kind(course: Any) -> str:
    if course is None:
        return NOT_TOLD
    held = ", held" if course.held else ""
    return f"{course.action} {course.tier}/{course.method}{held}" if course.method else str(course.action)


def summary(tally: Tally, policy: Policy) -> Json:
    """A tally as JSON."""
    said = tally.verdicts
    return {
        "policy": policy.policy,
        "digest": policy.digest,
        "cases": {"all": tally.cases.total(), **{str(each): tally.cases[each] for each in DecisionChange}},
        "decisions": tally.decisions,
        "same": {"count": said[DecisionChange.SAME], "share": tally.share(said[DecisionChange.SAME])},
        "changed": {
            "count": said[DecisionChange.CHANGED],
            "share": tally.share(said[DecisionChange.CHANGED]),
        },
        "cannot_tell": {
            "count": said[DecisionChange.UNTOLD],
            "share": tally.share(said[DecisionChange.UNTOLD]),
            "why": [
                {"because": why, "count": count, "share": tally.share(count)}
                for why, count in _most(tally.gone)
            ],
            "missing": [{"fact": name, "count": count} for name, count in _most(tally.missing)],
        },
        "changes": [{"was": was, "now": now, "count": count} for (was, now), count in _most(tally.changes)],
        "rules": [
            {
                "rule": rule,
                "effect": effect,
                "count": found.count,
                "margin": None if found.least is None else [found.least, found.most],
            }
            for (rule, effect), found in sorted(
                tally.rules.items(), key=lambda each: (-each[1].count, each[0])
            )
        ],
        "cost": {
            "known": tally.cost_known,
            "saved": dict(tally.total_saved()),
            "cannot_tell": [{"because": why, "count": count} for why, count in _most(tally.cost_gone)],
            "quoted": len(tally.at_most_usd),
            "at_most_usd": fsum(tally.at_most_usd) if tally.at_most_usd else None,
        },
    }


def _most(counts: Counter[Any]) -> list[tuple[Any, int]]:
    """The most frequent first, equals by name."""
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))
