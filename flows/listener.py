"""Tells Prefect what happens in a case: log lines, artifacts, progress."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from types import TracebackType
from typing import Self
from uuid import UUID

from prefect.logging import get_run_logger

from escalation.engine.case import Case
from escalation.engine.listening import Listener, Silent
from escalation.engine.steps import Item
from escalation.model.attempt import Attempt
from escalation.model.case import Outcome
from escalation.model.decision import Action, Decision
from escalation.ports.machines import Progress
from escalation.ports.store import Store
from escalation.text.attempts import CAME_TO, proven, quoted
from flows.artifacts import show_answer, show_certificate, show_decisions, show_progress
from flows.ending import one_line
from flows.naming import subject

EVERY_S = 2.0


class Pages:
    """Writes artifacts behind the case's back, in order; all of them are there when the block ends.

    What cannot be shown is logged and otherwise let pass: a page that is missing must not stop a case.
    """

    def __init__(self) -> None:
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="pages")

    def write(self, what: str, write: Callable[[], None]) -> None:
        """Queues a page; `write` runs in a copy of the context, by which Prefect knows the run."""

        def attempt() -> None:
            try:
                write()
            except Exception as error:
                get_run_logger().warning("Prefect did not take %s: %s", what, error)

        self._writer.submit(copy_context().run, attempt)

    def close(self) -> None:
        """Waits until everything queued is written."""
        self._writer.shutdown()


class RunListener:
    """Logs and shows a case in its flow run; passes everything on to a second listener."""

    def __init__(self, case: Case, store: Store, also: Listener | None = None) -> None:
        self.case, self.about = case, subject(case.problem)
        self.also = also or Silent()
        self.decisions: list[Decision] = []
        self.attempts: list[Attempt] = []
        self._store = store
        self._pages = Pages()
        self._table: UUID | None = None
        self._bars: dict[str, _Bar] = {}

    def __enter__(self) -> Self:
        info = self.case.info
        asked = f"{info.title or info.about}: {info.asked}"
        get_run_logger().info("%s; policy %s; case %s", asked, info.policy_name, info.case_id)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pages.close()

    def decided(self, decision: Decision) -> None:
        self.also.decided(decision)
        if decision.action is Action.ATTEMPT:
            what = f"{decision.tier}/{decision.method} on {decision.backend}{quoted(decision.quote)}"
            get_run_logger().info("trying %s: %s", what, decision.because)
        self.decisions.append(decision)
        self._pages.write("the decisions", self._show_decisions)

    def progress(self, item: Item, progress: Progress) -> None:
        self.also.progress(item, progress)
        bar = self._bars.setdefault(str(item.key), _Bar(self.about, item, self._pages))
        bar.move(progress)

    def attempted(self, attempt: Attempt) -> None:
        self.also.attempted(attempt)
        get_run_logger().info("%s/%s: %s", attempt.tier, attempt.method, self._came_to(attempt))
        self.attempts.append(attempt)
        self._pages.write("the decisions", self._show_decisions)

    def ended(self, outcome: Outcome) -> None:
        """Shows the decisions as the record has them, the certificate and the answer."""
        get_run_logger().info("%s", one_line(outcome))
        self.decisions, self.attempts = list(outcome.decisions), list(outcome.attempts)
        self._pages.write("the decisions", self._show_decisions)
        self._pages.write("the certificate", lambda: show_certificate(self.about, outcome))
        self._pages.write("the answer", lambda: show_answer(self.about, outcome, self._report(outcome)))

    def _came_to(self, attempt: Attempt) -> str:
        certificate = attempt.certificate
        if certificate is None:
            return f"no answer: {attempt.error or attempt.status}"
        return f"{CAME_TO[certificate.status]}{proven(certificate, self.case.problem.target)}"

    def _report(self, outcome: Outcome) -> str:
        return self._store.get(outcome.report).decode() if outcome.report else ""

    def _show_decisions(self) -> None:
        target, table = self.case.problem.target, self._table
        self._table = show_decisions(self.about, tuple(self.decisions), tuple(self.attempts), target, table)


class _Bar:
    """The progress artifact of one piece of work; work that ends at once gets none."""

    def __init__(self, about: str, item: Item, pages: Pages) -> None:
        self.about, self._pages = about, pages
        self.label = f"{item.label} on {item.backend}, part {item.key.ordinal + 1}{quoted(item.quote)}"
        self._shown: UUID | None = None
        self._begun = False
        self._at, self._percent = time.monotonic() - EVERY_S, -1.0

    def move(self, progress: Progress) -> None:
        percent = round(100.0 * (1.0 if progress.state.final else progress.fraction or 0.0), 1)
        if progress.state.final and not self._begun:
            return
        due = progress.state.final or time.monotonic() - self._at >= EVERY_S
        if due and percent != self._percent:
            self._begun, self._at, self._percent = True, time.monotonic(), percent
            self._pages.write("progress", lambda: self._show(percent))

    def _show(self, percent: float) -> None:
        self._shown = show_progress(self.about, self.label, percent, self._shown)
