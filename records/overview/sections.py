"""An overview in words and tables: the same for a page, a file and the terminal, and honest on nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from escalation.inputs.site import EVERYBODY
from escalation.model.amounts import Amounts
from escalation.model.calibration import PRACTICE_MONEY
from escalation.model.metered import CHARGED, METERED, Metered
from escalation.model.problem import Tier
from escalation.model.submission import Period
from escalation.text.moments import moment
from escalation.text.rounding import rounded
from escalation.text.wording import counted, first_of, listed, sentence
from records.overview.numbers import DeviceDrift, FamilyCount, LimitUse, Overview

_TIERS = {Tier.HPC: "classical", Tier.AI: "AI", Tier.QUANTUM: "quantum"}
_SECONDS_AN_HOUR = 3600
_PERIODS = {Period.TOTAL: "ever", Period.DAY: "this day", Period.MONTH: "this month"}
_STANDS = ("certified", "uncertified", "abstained", "refused", "held", "open", "failed")
_IN_WORDS = {
    "certified": "certified",
    "uncertified": "answered without proof",
    "abstained": "abstained",
    "refused": "refused",
    "held": "held for a person",
    "open": "not over yet",
    "failed": "failed",
}
MOST_LINES = 10
"""Of findings, and of work that waits."""


@dataclass(frozen=True)
class OverviewSection:
    """A part of an overview.

    Attributes:
        title: in a few words.
        lines: sentences.
        header: of its table; empty where it has none.
        rows: a text a column.
        words: columns that hold words; the others hold numbers.
    """

    title: str
    lines: Sequence[str] = ()
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    words: int = 1


def title_of(overview: Overview) -> str:
    """What it is of."""
    span = overview.span
    return f"Overview, {moment(span.since.isoformat())} to {moment(span.until.isoformat())}"


def summary(overview: Overview) -> str:
    """The overview in a line."""
    total, before = overview.span.total, overview.before.total
    if not total.cases:
        return f"No case was opened; {counted(before.cases, 'case', 'cases')} in as long a time before."
    stands = [f"{count} {_IN_WORDS[name]}" for name in _STANDS if (count := getattr(total, name))]
    return f"{counted(total.cases, 'case', 'cases')} ({before.cases} before): {listed(stands, most=None)}."


def sections(overview: Overview) -> list[OverviewSection]:
    """Its parts, what needs somebody first."""
    return [
        OverviewSection("Waits for a person", tuple(_waiting(overview))),
        OverviewSection("Findings of the checks", tuple(_findings(overview))),
        _cases(overview),
        _quantum(overview),
        _amounts(overview),
        _limits(overview.limits),
        _devices(overview.devices),
    ]


def _waiting(overview: Overview) -> Iterator[str]:
    waits = overview.waiting
    if waits.questions:
        since = f", the oldest since {moment(waits.oldest_asked_at)}" if waits.oldest_asked_at else ""
        asked = counted(waits.questions, "question is", "questions are")
        yield f"{asked} open{since}: `tierwise approve --list`."
    if waits.held:
        yield f"{counted(waits.held, 'case is', 'cases are')} held: `tierwise cases --state held`."
    if waits.expired:
        expired = counted(waits.expired, "question was", "questions were")
        yield f"{expired} not answered in time: solving the case again asks anew."
    if waits.parked:
        parked = counted(len(waits.parked), "paid job is", "paid jobs are")
        yield f"{parked} parked, because only a person can tell what became of it: `tierwise jobs`."
    yield from first_of([f"{line}." for line in waits.unattended], "pieces of work", MOST_LINES)
    if waits == type(waits)():
        yield "Nothing waits for a person, and no paid work is unreconciled."


def _findings(overview: Overview) -> Iterator[str]:
    checks = overview.checks
    found = (*checks.sample_findings, *checks.audit_findings)
    yield from first_of([f"FINDING: {line}" for line in found], "findings", MOST_LINES)
    if checks.more_audit_findings:
        yield f"An audit had {checks.more_audit_findings:,} more: `tierwise ledger check` has all."
    made = [
        counted(number, *names)
        for number, names in ((checks.audits, ("audit", "audits")), (checks.samples, ("sample", "samples")))
        if number
    ]
    if made:
        again = counted(checks.sampled, "case was", "cases were")
        samples = f", in which {again} verified again" if checks.samples else ""
        yield f"Made: {listed(made)}{samples}{'' if found else '; nothing was found'}."
    if not checks.audits:
        yield "No nightly audit was made: is its schedule paused, or no worker running?"
    if checks.pruned:
        pruned = counted(checks.pruned, "ended case", "ended cases")
        yield f"{pruned} cannot be verified again: files were pruned when their time was over."
    if not checks.ended:
        yield "No case is over yet that can be verified again."
        return
    if not checks.samples:
        yield "No nightly sample was verified: is its schedule paused, or no worker running?"
    never = f"{checks.never:,} of {counted(checks.ended, 'ended case', 'ended cases')}"
    yield f"Not verified again yet: {never}. Longest ago: {checks.oldest}, {moment(checks.oldest_since)}."


def _cases(overview: Overview) -> OverviewSection:
    span, before = overview.span, overview.before
    lines = ["Cases by when they were opened, as they stand now."]
    if not span.total.cases:
        lines = ["No case was opened in this time."]
    for which, count in (("this time", span.unreadable), ("the time before", before.unreadable)):
        if count:
            lines.append(
                f"{counted(count, 'case', 'cases')} of {which} cannot be read: `tierwise ledger check`."
            )
    rows = [(each.family, each) for each in span.families]
    if len(rows) != 1:
        rows.append(("all", span.total))
    rows.append(("all, before", before.total))
    return OverviewSection("Cases", lines, *_family_table(rows))


def _family_table(rows: Sequence[tuple[str, FamilyCount]]) -> tuple[list[str], list[list[str]]]:
    """Header and rows, without columns in which there is nothing; empty where there is nothing at all."""
    columns: dict[str, list[int]] = {"cases": [count.cases for _, count in rows]}
    for tier, name in _TIERS.items():
        columns[f"answer: {name}"] = [count.tiers.get(str(tier), 0) for _, count in rows]
    for name in _STANDS:
        columns[_IN_WORDS[name]] = [getattr(count, name) for _, count in rows]
    columns = {name: numbers for name, numbers in columns.items() if any(numbers)}
    if not columns:
        return [], []
    cells = zip((name for name, _ in rows), *columns.values(), strict=True)
    return ["family", *columns], [[name, *(f"{number:,}" for number in numbers)] for name, *numbers in cells]


def _quantum(overview: Overview) -> OverviewSection:
    found, before = overview.span.quantum, overview.before.quantum
    if not found.asked:
        never = f"Quantum was asked about in no case ({before.asked} before)"
        return OverviewSection(
            "Quantum", [f"{never}: the tiers before it came to an answer, or a policy has none."]
        )
    kinds = [f"{count} on {kind}" for kind, count in found.kinds.items()]
    on = f" ({listed(kinds)})" if kinds else ""
    lines = [
        f"Asked about in {counted(found.asked, 'case', 'cases')} ({before.asked} before), tried in "
        f"{found.tried}{on} ({before.tried} before), and the accepted answer in {found.answered} "
        f"({before.answered} before)."
    ]
    if found.conditions:
        lines.append("Why it was not tried: the conditions that were not met, a case may count in several.")
    rows = [(each.condition, each.because, f"{each.cases:,}") for each in found.conditions]
    header = ("condition", "what it is for", "cases") if rows else ()
    return OverviewSection("Quantum", lines, header, rows, words=2)


def _amounts(overview: Overview) -> OverviewSection:
    span, before = overview.span, overview.before
    charged = any(span.spent[each.name] for each in CHARGED)
    lines = ["Charged is what was billed so far." if charged else "Nothing was charged in this time."]
    rows = [_used_row(each, span.used, before.used) for each in METERED if not each.charged]
    rows += [_row(each, "charged", span.spent, before.spent) for each in CHARGED]
    rows += [_row(each, "set aside", span.reserved, before.reserved) for each in CHARGED]
    if span.practice != Amounts() or before.practice != Amounts():
        lines.append(f"Practice is {PRACTICE_MONEY}; it is counted apart.")
        rows += [_row(each, "in practice", span.practice, before.practice) for each in CHARGED]
    shown = [row for place, row in enumerate(rows) if row[3] or row[4] or place == 0]
    return OverviewSection(
        "Hours and money", lines, ("what", "this time", "before"), [row[:3] for row in shown]
    )


_Row = tuple[str, str, str, float, float]


def _used_row(each: Metered, now: Amounts, before: Amounts) -> _Row:
    """What the cases used, in hours."""
    per = _SECONDS_AN_HOUR if each.unit == "s" else 1
    values = now[each.name] / per, before[each.name] / per
    whose = f"{sentence(each.what)} hours, used by these cases"
    return whose, f"{values[0]:,.2f}", f"{values[1]:,.2f}", *values


def _row(each: Metered, what: str, now: Amounts, before: Amounts) -> _Row:
    values = now[each.name], before[each.name]
    return f"{each.words}, {what}", each.number(values[0]), each.number(values[1]), *values


def _limits(found: Sequence[LimitUse]) -> OverviewSection:
    if not found:
        return OverviewSection(
            "Budgets", ["No limit is set, so nothing can be sent to hardware: `tierwise budget limit`."]
        )
    rows = [
        (
            "all together" if each.project == EVERYBODY else each.project,
            f"{_PERIODS[each.period]}, {resource.words}",
            resource.number(each.taken[resource.name]),
            "no limit" if cap is None else resource.number(cap),
        )
        for each in found
        for resource in CHARGED
        for cap in [each.caps[resource.name]]
    ]
    lines = ["Charged and set aside by now, in the period that is running."]
    return OverviewSection("Budgets", lines, ("project", "over", "taken", "limit"), rows, words=2)


def _devices(found: Sequence[DeviceDrift]) -> OverviewSection:
    if not found:
        return OverviewSection("Devices", ["No calibration of a device was kept yet."])
    rows = [
        (
            each.device,
            moment(each.calibrated_at) if each.calibrated_at else "unknown",
            f"{each.kept}",
            _fidelity(each.before),
            _fidelity(each.now),
            "" if each.before is None or each.now is None else f"{each.now - each.before:+.2g}",
        )
        for each in found
    ]
    lines = ["Expected fidelity of a line of 10 qubits under 45 two-qubit gates; below zero is worse."]
    header = ("device", "calibrated", "new calibrations", "before", "now", "change")
    return OverviewSection("Devices", lines, header, rows, words=2)


def _fidelity(value: float | None) -> str:
    return "unknown" if value is None else rounded(round(value, 4))
