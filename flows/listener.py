"""Tells Prefect what happens in a case: log lines, artifacts, progress."""

import time
from uuid import UUID

from prefect.logging import get_run_logger

from escalation.engine.listening import Listener, Silent
from escalation.engine.steps import Item
from escalation.model.attempt import Attempt
from escalation.model.case import Outcome
from escalation.model.decision import Decision
from escalation.ports.machines import Progress
from flows.artifacts import show_certificate, show_decisions, show_progress

EVERY_S = 2.0


class RunListener:
    """Logs and shows a case in its flow run; passes everything on to a second listener.

    What cannot be shown is logged and otherwise let pass: a page that is missing must not stop a case.
    """

    def __init__(self, case_id: str, also: Listener | None = None) -> None:
        self.case_id = case_id
        self.also = also or Silent()
        self.decisions: list[Decision] = []
        self._table: UUID | None = None
        self._bars: dict[str, _Bar] = {}

    def decided(self, decision: Decision) -> None:
        self.also.decided(decision)
        rung = f" {decision.tier}/{decision.method} on {decision.backend}" if decision.method else ""
        get_run_logger().info("%s%s: %s", decision.action, rung, decision.because)
        self.decisions.append(decision)
        try:
            self._table = show_decisions(self.case_id, self.decisions, self._table)
        except Exception as error:
            _not_shown("the decisions", error)

    def progress(self, item: Item, progress: Progress) -> None:
        self.also.progress(item, progress)
        bar = self._bars.setdefault(str(item.key), _Bar(self.case_id, item))
        try:
            bar.move(progress)
        except Exception as error:
            _not_shown("progress", error)

    def attempted(self, attempt: Attempt) -> None:
        self.also.attempted(attempt)
        found = attempt.certificate
        verdict = f"{found.status} {found.kind}" if found else attempt.error
        get_run_logger().info("%s/%s %s: %s", attempt.tier, attempt.method, attempt.status, verdict)

    def ended(self, outcome: Outcome) -> None:
        """Shows the certificate."""
        try:
            show_certificate(outcome)
        except Exception as error:
            _not_shown("the certificate", error)


class _Bar:
    """The progress artifact of one piece of work; work that ends at once gets none."""

    def __init__(self, case_id: str, item: Item) -> None:
        self.case_id = case_id
        self.label = f"{item.label} work {item.key.ordinal} on {item.backend}"
        self._shown: UUID | None = None
        self._at, self._percent = time.monotonic() - EVERY_S, -1.0

    def move(self, progress: Progress) -> None:
        percent = round(100.0 * (1.0 if progress.state.final else progress.fraction or 0.0), 1)
        if progress.state.final and self._shown is None:
            return
        due = progress.state.final or time.monotonic() - self._at >= EVERY_S
        if due and percent != self._percent:
            self._shown = show_progress(self.case_id, self.label, percent, self._shown)
            self._at, self._percent = time.monotonic(), percent


def _not_shown(what: str, error: Exception) -> None:
    get_run_logger().warning("Prefect did not take %s: %s", what, error)
