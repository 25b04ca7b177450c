"""How a case is shown when it has ended."""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.panel import Panel
from rich.table import Column, Table

from cli.terminal import plain
from cli.trace import COLOURS
from escalation.engine.telling import told
from escalation.model.calibration import NOT_HARDWARE, PRACTICE_MONEY, DeviceKind
from escalation.model.case import CaseInfo, CaseStatus, Outcome
from escalation.model.certificate import Certificate
from escalation.model.problem import Target
from escalation.ports.configuration import settings
from escalation.ports.tracker import sampled
from escalation.text.attempts import proven
from escalation.text.rounding import at_worst, rounded
from escalation.text.wording import first_of, with_article

_EXPLAINED: Mapping[str, str] = {
    DeviceKind.REHEARSAL: " (simulated here with the noise that was measured on the real device)",
}
_MOST_LIMITS = 3
_PAUSED = (CaseStatus.HELD, CaseStatus.WAITING)


def show_outcome(
    console: Console, info: CaseInfo, outcome: Outcome, handed_off: Sequence[str] = (), named: str = ""
) -> None:
    """Prints the end of a case: what was found, what that rests on, what it cost, what to do next.

    The facts, the conditions and the bounds behind it are `tierwise explain`'s.
    """
    table = Table.grid(Column(no_wrap=True), Column(overflow="fold"), padding=(0, 2))
    for name, line, style in _rows(info, outcome, handed_off):
        shown = plain(line)
        table.add_row(f"[{style}]{name}[/]" if style else name, f"[{style}]{shown}[/]" if style else shown)
    good = outcome.status is CaseStatus.ACCEPTED
    border = "green" if good else "blue" if outcome.status in _PAUSED else "yellow"
    console.print(
        Panel(table, title=f"[bold]{outcome.status.upper()}", border_style=border, title_align="left")
    )
    # outside the frame and never broken, so that it can be copied
    if outcome.record:
        console.print(f"report {plain(outcome.record)}", soft_wrap=True)
    console.print(
        f"why    tierwise explain {plain(named or outcome.case_id)}", soft_wrap=True, highlight=False
    )


def _rows(info: CaseInfo, outcome: Outcome, handed_off: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Name, text and style of each row, the answer first."""
    said = outcome.told or told(info, outcome)
    yield "asked", f"{said.asked}: {info.asked}" if info.asked else said.asked, ""
    if outcome.answer:
        best = "" if outcome.status is CaseStatus.ACCEPTED else "the best so far, not accepted: "
        yield "answer", f"{best}{outcome.answer[0]}", "bold"
        yield from (("", line, "bold") for line in outcome.answer[1:])
    else:
        yield "answer", said.answer, "bold"
    if outcome.tier is not None:
        yield "found by", f"{outcome.tier}/{outcome.method} on {outcome.backend} ({outcome.device_kind})", ""
    if outcome.certificate:
        yield "proven", _proven(outcome.certificate, info.problem.target), ""
        yield "rests on", said.rests_on, ""
    yield from _but(outcome.limits)
    yield from _why_not(outcome)
    yield from _waits(outcome, handed_off)
    for line in outcome.failures:
        yield "FAILED", line, "bold red"
    for line in outcome.faults:
        yield "fault", line, "red"
    for line in not_hardware(outcome):
        yield "note", line, "magenta"
    for line in outcome.remarks:
        yield "look at", line, "yellow"
    yield "cost", "; ".join([said.cost, *_further(outcome)]), ""
    yield from (("next", line, "") for line in said.next_steps if "tierwise explain" not in line)
    yield "case", outcome.case_id, ""


def _but(limits: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Where the answer is worse than what is proven sounds; the report has all of it."""
    more = len(limits) - _MOST_LIMITS
    for line in [*limits[:_MOST_LIMITS], *([f"… and {more:,} more in the report"] if more > 0 else [])]:
        yield "but", line, "yellow"


def _why_not(outcome: Outcome) -> Iterator[tuple[str, str, str]]:
    """What ended a case without an accepted answer: a line a tier that was not tried, or one."""
    if outcome.status not in (CaseStatus.ABSTAINED, CaseStatus.REFUSED) or not outcome.decisions:
        return
    last = outcome.decisions[-1]
    tried = {attempt.tier for attempt in outcome.attempts}
    first = {closed.tier: closed for closed in reversed(last.closed) if closed.tier not in tried}
    if last.rule == "budget" or not first:
        yield "because", last.because, ""
    else:
        for tier in sorted(first, key=lambda each: each.rank):
            yield "not tried", f"{tier}: {first[tier].because}", ""


def _further(outcome: Outcome) -> list[str]:
    """What was used besides time and money, such as hours of nodes."""
    used = (each for each in outcome.cost.told() if not each[0].always and not each[0].charged)
    return [resource.told(value) for resource, value in used if value]


def _proven(certificate: Certificate, target: Target) -> str:
    return proven(certificate, target).removeprefix(": ") or f"nothing: {'; '.join(certificate.reasons)}"


def _waits(outcome: Outcome, handed_off: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    if outcome.paused:
        stopped = outcome.status is CaseStatus.INTERRUPTED
        yield "stopped" if stopped else "waits", outcome.paused, "red" if stopped else "blue"
    for line in handed_off:
        yield "submission", line, ""
    jobs = [f"{each.tier}/{each.method}, {line}" for each in outcome.attempts for line in each.jobs]
    for line in first_of(jobs, "jobs, which `tierwise explain` names"):
        yield "job", line, ""


def verdict(certificate: Certificate, target: Target) -> str:
    """Status, bound, and the estimate where it is another number, in markup."""
    value = f" {at_worst(certificate.value, target)}" if certificate.value is not None else ""
    other = certificate.other_estimate
    estimate = f" (estimate {rounded(other)})" if other is not None else ""
    return f"[{COLOURS[certificate.status]}]{certificate.status}[/]{value}{estimate}"


def certificate_line(certificate: Certificate, target: Target) -> str:
    """A certificate in one line of markup."""
    reasons = f": {'; '.join(certificate.reasons)}" if certificate.reasons else ""
    return f"{verdict(certificate, target)}, {plain(certificate.kind + reasons)}"


def costs(outcome: Outcome) -> str:
    """Every resource that was used, the elapsed time with its shares; practice money is called so."""
    found = [resource.told(value) for resource, value in outcome.cost.told()]
    found[0] += _shares(outcome)
    return f"{', '.join(found)}{_practised(outcome)}"


def mlflow_run(outcome: Outcome) -> str:
    """The id of the MLflow run that shows the case, or why there is none."""
    return outcome.mlflow_run_id or _no_run_id(outcome)


def _no_run_id(outcome: Outcome) -> str:
    share = settings().tracking
    if not sampled(outcome.case_id, share):
        return f"none: TIERWISE_TRACKING is {share:g}"
    return f"not known yet; `tierwise explain {outcome.case_id}` names it as soon as there is one"


def about(info: CaseInfo) -> str:
    """The family and what the case is about; of a case recorded without that, the family."""
    return f"{info.problem.family}: {info.about}" if info.about else info.problem.family


def _shares(outcome: Outcome) -> str:
    """Shares of the time; nothing of a case recorded without that."""
    return f" ({outcome.elapsed.shares()})" if outcome.elapsed.wall_s > 0 else ""


def _practised(outcome: Outcome) -> str:
    """Says of money that it was practice money, where some was."""
    usd = sum(attempt.cost.usd for attempt in outcome.attempts if attempt.device_kind == DeviceKind.PRACTICE)
    return f", of which {usd:.2f} USD is {PRACTICE_MONEY}" if usd else ""


def not_hardware(outcome: Outcome) -> list[str]:
    """Says of circuits that were simulated that they were, and which conditions were not required."""
    lines = [
        f"{attempt.tier}/{attempt.method} ran on {attempt.backend}, {with_article(attempt.device_kind)}"
        f"{_EXPLAINED.get(str(attempt.device_kind), '')}: not evidence from hardware"
        for attempt in outcome.attempts
        if attempt.device_kind in NOT_HARDWARE
    ]
    waived = dict.fromkeys(waiver.gate for decision in outcome.decisions for waiver in decision.waived)
    return lines + ([f"conditions not required by this policy: {', '.join(waived)}"] if waived else [])
