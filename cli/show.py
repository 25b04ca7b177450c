"""How a case is shown while it runs and when it has ended."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.panel import Panel
from rich.status import Status
from rich.table import Column, Table

from cli.terminal import plain
from escalation.engine.case import Case
from escalation.engine.steps import Item
from escalation.model.attempt import Attempt
from escalation.model.calibration import NOT_HARDWARE, PRACTICE_MONEY, DeviceKind
from escalation.model.case import CaseInfo, CaseStatus, Outcome
from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.decision import Action, Decision
from escalation.model.problem import Target
from escalation.policy.conditions import shortfall
from escalation.ports.configuration import settings
from escalation.ports.machines import Progress
from escalation.ports.tracker import sampled
from escalation.text.rounding import at_worst, rounded
from escalation.text.wording import first_of, with_article

_COLOUR = {
    Action.ATTEMPT: "cyan", Action.ACCEPT: "green",
    Action.ABSTAIN: "yellow", Action.REFUSE: "yellow",
}  # fmt: skip
_STATUS = {
    CertificateStatus.CERTIFIED: "green", CertificateStatus.BOUNDED: "yellow",
    CertificateStatus.HEURISTIC: "yellow", CertificateStatus.INVALID: "red",
}  # fmt: skip


class Trace:
    """A listener that prints each decision and certificate as it comes, and a line of progress."""

    def __init__(self, console: Console, name: str, case: Case) -> None:
        self.console, self.target = console, case.problem.target
        self._head(name, case)
        self._status: Status | None = None

    def __enter__(self) -> Self:
        self._status = self.console.status("preparing")
        self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def decided(self, decision: Decision) -> None:
        colour = _COLOUR[decision.action]
        rung = f" {decision.tier}/{decision.method} on {decision.backend}" if decision.method else ""
        self.console.print(f"[{colour}]{decision.action}{rung}[/]: {plain(decision.because)}")
        for rule in decision.asks:
            missed = "; ".join(map(shortfall, rule.misses))
            self.console.print(
                f"  [blue]asks a person[/] {rule.gate}: {plain(rule.because)} [dim]{plain(missed)}[/]"
            )
        for waiver in decision.waived:
            missed = "; ".join(map(shortfall, waiver.misses))
            self.console.print(
                f"  [magenta]waived[/] {waiver.gate}: {plain(waiver.because)} [dim]{plain(missed)}[/]"
            )
        for closed in decision.closed:
            missed = "; ".join(map(shortfall, closed.misses))
            self.console.print(f"  [yellow]closed[/] {closed.gate}: [dim]{plain(missed)}[/]")
        if decision.nearest_flip:
            self.console.print(f"  [dim]nearest flip: {plain(decision.nearest_flip.text)}[/]")

    def progress(self, item: Item, progress: Progress) -> None:
        if self._status is None:
            return
        part = f" {progress.fraction:.0%}" if progress.fraction is not None else ""
        message = f" {plain(progress.message)}" if progress.message else ""
        self._status.update(
            f"{item.label} work {item.key.ordinal} on {item.backend}: {progress.state}{part}{message}"
        )

    def attempted(self, attempt: Attempt) -> None:
        label = f"{attempt.tier}/{attempt.method}"
        if attempt.certificate is None:
            self.console.print(
                f"  [bold red]{attempt.status.upper()}[/] {label}: {plain(attempt.error or '')}"
            )
            return
        reasons = "; ".join(attempt.certificate.reasons)
        reason_text = f": {plain(reasons)}" if reasons else ""
        self.console.print(
            f"  {verdict(attempt.certificate, self.target)}{reason_text} [dim]{attempt.cost.wall_s:.1f} s[/]"
        )
        for control in attempt.certificate.controls:
            self.console.print(
                f"  [dim]null control {plain(control.name)}: {control.value:.4f}, "
                f"difference {control.difference:+.4f}, p = {control.p_value:.3g}[/]"
            )

    def _head(self, name: str, case: Case) -> None:
        self.console.rule(f"[bold]{plain(name)}", align="left")
        self.console.print(
            f"{case.family.name}: {plain(case.info.about)}; {plain(case.info.asked)}; policy "
            f"{plain(case.info.policy_name)}; driven by {case.engine}; "
            f"{len(case.rungs())} rungs declared"
        )


def verdict(certificate: Certificate, target: Target) -> str:
    """Status, bound, and the estimate where it is another number, in markup."""
    value = f" {at_worst(certificate.value, target)}" if certificate.value is not None else ""
    other = certificate.other_estimate
    estimate = f" (estimate {rounded(other)})" if other is not None else ""
    return f"[{_STATUS[certificate.status]}]{certificate.status}[/]{value}{estimate}"


def certificate_line(certificate: Certificate, target: Target) -> str:
    """A certificate in one line of markup."""
    reasons = f": {'; '.join(certificate.reasons)}" if certificate.reasons else ""
    return f"{verdict(certificate, target)}, {plain(certificate.kind + reasons)}"


def show_outcome(console: Console, info: CaseInfo, outcome: Outcome, handed_off: Sequence[str] = ()) -> None:
    """Prints the end of a case: what was found, what it waits for, what it cost, where to look."""
    table = Table.grid(Column(no_wrap=True), Column(overflow="fold"), padding=(0, 2))
    table.add_row("about", plain(about(info)))
    table.add_row("answer", _answer(outcome))
    for line in outcome.answer:
        table.add_row("", f"[bold]{plain(line)}[/]")
    if outcome.certificate:
        table.add_row("certificate", certificate_line(outcome.certificate, info.problem.target))
    if outcome.paused:
        stopped = outcome.status is CaseStatus.INTERRUPTED
        style = "red" if stopped else "blue"
        table.add_row(
            f"[{style}]{'stopped' if stopped else 'waits'}[/]", f"[{style}]{plain(outcome.paused)}[/]"
        )
    for line in handed_off:
        table.add_row("submission", plain(line))
    jobs = [f"{each.tier}/{each.method}, {line}" for each in outcome.attempts for line in each.jobs]
    for line in first_of(jobs, "jobs, which `tierwise explain` names"):
        table.add_row("job", plain(line))
    for line in outcome.failures:
        table.add_row("[bold red]FAILED[/]", f"[red]{plain(line)}[/]")
    for line in outcome.faults:
        table.add_row("[red]fault[/]", f"[red]{plain(line)}[/]")
    for line in not_hardware(outcome):
        table.add_row("[magenta]note[/]", f"[magenta]{plain(line)}[/]")
    for line in outcome.remarks:
        table.add_row("[yellow]remark[/]", plain(line))
    costs = [resource.told(value) for resource, value in outcome.cost.told()]
    costs[0] += _shares(outcome)
    table.add_row("cost", f"{', '.join(costs)}{_practised(outcome)}")
    table.add_row("MLflow run", outcome.mlflow_run_id or _no_run_id(outcome))
    table.add_row("case", plain(outcome.case_id))
    good = outcome.status is CaseStatus.ACCEPTED
    waits = outcome.status in (CaseStatus.HELD, CaseStatus.WAITING)
    style = "green" if good else "blue" if waits else "yellow"
    console.print(
        Panel(table, title=f"[bold]{outcome.status.upper()}", border_style=style, title_align="left")
    )
    if outcome.record:  # outside the frame and never broken, so that it can be copied
        console.print(f"report {plain(outcome.record)}", soft_wrap=True)


def _no_run_id(outcome: Outcome) -> str:
    share = settings().tracking
    if not sampled(outcome.case_id, share):
        return f"none: TIERWISE_TRACKING is {share:g}"
    return f"not known yet; `tierwise show {plain(outcome.case_id)}` names it as soon as there is one"


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
    """Says of circuits that were simulated that they were, and which gates were waived for it."""
    lines = [
        f"{attempt.tier}/{attempt.method} ran on {attempt.backend}, {with_article(attempt.device_kind)}: "
        "not evidence from hardware"
        for attempt in outcome.attempts
        if attempt.device_kind in NOT_HARDWARE
    ]
    waived = dict.fromkeys(waiver.gate for decision in outcome.decisions for waiver in decision.waived)
    return lines + ([f"gates waived by the policy: {', '.join(waived)}"] if waived else [])


def _answer(outcome: Outcome) -> str:
    if outcome.tier is None:
        return "none"
    best = "" if outcome.status is CaseStatus.ACCEPTED else "best effort, not accepted: "
    return plain(f"{best}{outcome.tier}/{outcome.method} on {outcome.backend} ({outcome.device_kind})")
