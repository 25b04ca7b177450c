"""A case while it runs: what is tried, what came of it, and a line of progress on standard error."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress as Shown
from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

from cli.terminal import plain
from escalation.engine.case import Case
from escalation.engine.steps import Item
from escalation.model.attempt import Attempt
from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.decision import Action, Closed, Decision
from escalation.model.problem import Target
from escalation.policy.conditions import shortfall
from escalation.ports.machines import Progress
from escalation.text.attempts import CAME_TO, proven, quoted
from escalation.text.rounding import seconds

COLOURS = {
    CertificateStatus.CERTIFIED: "green", CertificateStatus.BOUNDED: "yellow",
    CertificateStatus.HEURISTIC: "yellow", CertificateStatus.INVALID: "red",
}  # fmt: skip


class Trace:
    """A listener that prints what is tried and what came of it as it comes; `tierwise explain` says why.

    Progress goes to its own console: one line that is replaced where somebody looks, else a line a piece of
    work.
    """

    def __init__(self, console: Console, name: str, case: Case, aside: Console | None = None) -> None:
        """Prints what is asked.

        Args:
            console: where to.
            name: of the problem, as the user gave it.
            case: that is run.
            aside: where progress goes; None: nowhere.
        """
        self.console, self.target = console, case.problem.target
        self._aside = aside
        self._line: Shown | None = None
        self._label, self._task = "", TaskID(0)
        self._told_of: set[str] = set()
        """Tiers that were tried, or of which it was said why not."""
        self._steps, self._tried = len(case.rungs()), 0
        self._head(name, case)

    def __enter__(self) -> Self:
        if self._aside is not None and self._aside.is_terminal:
            text = TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis"))
            columns = (SpinnerColumn(), text, TimeElapsedColumn())
            self._line = Shown(*columns, console=self._aside, transient=True)
            self._task = self._line.add_task("preparing")
            self._line.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._line is not None:
            self._line.stop()
            self._line = None

    def decided(self, decision: Decision) -> None:
        if decision.action is not Action.ATTEMPT:
            return  # the panel says what ended it
        self._skipped(decision)
        self._tried += 1
        self._told_of.add(str(decision.tier))
        what = f"step {self._tried} of {self._steps}: {decision.tier}/{decision.method}"
        self._say(f"[cyan]{what}[/] on {plain(str(decision.backend))}")
        self._asked_and_waived(decision)

    def progress(self, item: Item, progress: Progress) -> None:
        part = f" {progress.fraction:.0%}" if progress.fraction is not None else ""
        message = f", {plain(progress.message)}" if progress.message else ""
        line = f"{item.label} on {plain(item.backend)}: {progress.state}{part}{quoted(item.quote)}{message}"
        begins = item.label != self._label
        self._label = item.label
        if self._line is not None:
            if begins:
                self._line.reset(self._task)
            self._line.update(self._task, description=line)
        elif self._aside is not None and begins and not progress.state.final:
            self._aside.print(line, soft_wrap=True, highlight=False)

    def attempted(self, attempt: Attempt) -> None:
        certificate = attempt.certificate
        if certificate is None:
            self._say(f"  [bold red]{attempt.status}[/]: {plain(attempt.error or '')}")
            return
        reasons = "; ".join(certificate.reasons) if certificate.status is CertificateStatus.INVALID else ""
        reason = f": {plain(reasons)}" if reasons else ""
        took = f"[dim], {seconds(attempt.cost.wall_s)} s[/]"
        self._say(f"  {came_to(certificate, self.target)}{reason}{took}")
        if self._line is not None:
            self._line.reset(self._task)
            self._line.update(self._task, description="looking up the facts that decide what comes next")
        self._label = ""

    def _skipped(self, decision: Decision) -> None:
        """A line on each tier that is passed over, with the first of the reasons."""
        first: dict[str, Closed] = {}
        for closed in decision.closed:
            first.setdefault(str(closed.tier), closed)
        for tier, closed in first.items():
            if tier not in self._told_of:
                self._told_of.add(tier)
                self._say(f"{tier}: not tried. {plain(closed.because)}")

    def _asked_and_waived(self, decision: Decision) -> None:
        for rule in decision.asks:
            missed = "; ".join(map(shortfall, rule.misses))
            self._say(f"  [blue]asks a person[/] {rule.gate}: {plain(rule.because)} [dim]{plain(missed)}[/]")
        if decision.waived:
            names = ", ".join(waiver.gate for waiver in decision.waived)
            self._say(f"  [magenta]conditions not required by this policy: {plain(names)}[/]")

    def _say(self, line: str) -> None:
        """Prints a line, with the line of progress out of its way."""
        if self._line is not None:
            self._line.stop()
        self.console.print(line, highlight=False)
        if self._line is not None:
            self._line.start()

    def _head(self, name: str, case: Case) -> None:
        self.console.rule(f"[bold]{plain(name)}", align="left")
        asked = f"{case.info.title or case.info.about}: {case.info.asked}"
        self.console.print(f"{plain(asked)}; policy {plain(case.info.policy_name)}", highlight=False)


def came_to(certificate: Certificate, target: Target) -> str:
    """What an attempt came to, in markup: `reached: 0.9713 is proven (estimate 0.9989)`."""
    what = f"[{COLOURS[certificate.status]}]{CAME_TO[certificate.status]}[/]"
    return f"{what}{proven(certificate, target)}"
