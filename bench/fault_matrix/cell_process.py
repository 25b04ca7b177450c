"""What one process of a cell does: runs the work, looks after what others left, or speaks for a person."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.fault_matrix import work
from bench.fault_matrix.points import KillPoints, Point, arm_socket
from escalation.engine import performing
from escalation.engine.drive import solve
from escalation.engine.pending import AT_THE_SERVICE
from escalation.engine.reconcile import reconcile
from escalation.engine.running import Running
from escalation.engine.runtime import Runtime
from escalation.model.case import CaseStatus
from escalation.model.errors import Held, Paused, TierwiseError
from escalation.model.submission import ApprovalState
from escalation.model.submission_states import SubmissionState
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore

TO_LOOK_AFTER = {*AT_THE_SERVICE, SubmissionState.SETTLED} - {SubmissionState.PARKED}
ROUNDS, ROUNDS_S = 40, 10.0
"""Visits that `reconcile` pays a case, and seconds of them, before it is left open as it is."""
BETWEEN_S = 0.1
EXCHANGES_S = (8.0, 16.0)
"""What whole exchanges may take here, of 120 s and 900 s: a right one takes a part of a second."""
RETRY_AFTER_S = 1.0
"""How long a Retry-After is kept to at most here, of a day."""


@dataclass(frozen=True)
class CellWorld:
    """Where a process of a cell finds things.

    Attributes:
        home: folder of ledger and store.
        url: of the practice service.
        timeouts_s: of the client: to connect, and of silence.
        poor: whether the case's budget has no room.
        asked: whether a person is to approve the work.
    """

    home: Path
    url: str
    timeouts_s: tuple[float, float]
    poor: bool = False
    asked: bool = False


class Untracked:
    """Tracking is a view on the ledger, and no part of what is promised: nothing is tracked here."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **named: None


@contextmanager
def runtime(world: CellWorld, point: Point | None) -> Iterator[Runtime]:
    """The parts that carry work out, wrapped so that the process dies at the point; closed at the end."""
    from backends.ibm_runtime import bounded, outcomes
    from backends.ibm_runtime.service import ServiceBackend
    from practice.control import PracticeControl
    from records.views.report import render

    bounded.WHOLE_S, bounded.LARGE_S = EXCHANGES_S
    outcomes.MAX_RETRY_AFTER_S = RETRY_AFTER_S
    settings, kill_points = work.settings(world.home, world.url), KillPoints(point)
    store = FileStore(settings.store)
    ledger = SqlLedger(settings.ledger, store, settings.case_lease_s)
    machine = ServiceBackend(settings, work.DEVICE, world.timeouts_s)
    opened = Runtime(
        settings,
        kill_points.wrap("ledger", ledger),
        kill_points.wrap("store", store),
        tracker=Untracked(),
        render=render,
        _backends={work.BACKEND: kill_points.wrap("backend", machine)},
    )
    arm_socket(point, lambda: any(post["outcome"] for post in PracticeControl(world.url).account()["posts"]))
    try:
        yield opened
    finally:
        opened.close()


def perform(world: CellWorld, point: Point | None) -> dict[str, Any]:
    """Takes the case up and runs its work as the ladder does, as far as it goes."""
    case = work.case(world.poor)
    with runtime(world, point) as opened:
        opened.ledger.open_case(case.info)
        status, said = CaseStatus.INTERRUPTED, ""
        try:
            with opened.heartbeat(work.CASE):
                result = performing.perform(Running(opened, case), work.item(world.asked))
            return {"ended": "answered", "result": str(result.state), "error": result.error or ""}
        except Paused as pause:
            status = CaseStatus.HELD if isinstance(pause, Held) else CaseStatus.WAITING
            said = str(pause)
        except TierwiseError as error:
            status, said = CaseStatus.FAILED, str(error)
        finally:
            opened.ledger.close_case(work.CASE, status, None)
        return {"ended": str(status), "error": said}


def climb(world: CellWorld, point: Point | None) -> dict[str, Any]:
    """Drives a whole case up its ladder with the plain driver, as `tierwise solve --case` does."""
    with runtime(world, point) as opened:
        try:
            outcome = solve(opened, work.whole())
        except TierwiseError as error:
            return {"ended": "failed", "error": str(error)}
    ended = "answered" if outcome.status.final else str(outcome.status)
    return {"ended": ended, "error": outcome.paused}


def look_after(world: CellWorld, point: Point | None) -> dict[str, Any]:
    """Does what the scheduled `reconcile` flow does, again and again, until it has nothing left to do."""
    with runtime(world, point) as opened:
        until = time.monotonic() + ROUNDS_S
        for number in range(ROUNDS):
            report = reconcile(opened)
            rows = opened.ledger.submissions(work.CASE)
            if not any(row.state in TO_LOOK_AFTER for row in rows):
                return {"ended": "nothing left", "error": "; ".join(report.errors)}
            if number and time.monotonic() > until:
                break
            time.sleep(BETWEEN_S)
        return {"ended": "still open", "error": "; ".join(report.errors)}


def speak(world: CellWorld, granted: bool) -> dict[str, Any]:
    """Answers the question that was asked, as a person at the command line does."""
    settings = work.settings(world.home, world.url)
    ledger = SqlLedger(settings.ledger, FileStore(settings.store), settings.case_lease_s)
    try:
        asked = [each for each in ledger.approvals(work.CASE) if each.state is ApprovalState.ASKED]
        for each in asked:
            ledger.answer(each.approval_id, granted=granted, by="matrix", reason="", now=time.time())
        return {"ended": "spoken", "answered": len(asked)}
    finally:
        ledger.close()


def books(world: CellWorld) -> dict[str, Any]:
    """What our own records say at the end."""
    settings = work.settings(world.home, world.url)
    ledger = SqlLedger(settings.ledger, FileStore(settings.store), settings.case_lease_s)
    try:
        rows = ledger.submissions(work.CASE)
        row = rows[-1] if rows else None
        result = None if row is None else ledger.find_result(row.key, ledger.find_work(row.key))
        spent = ledger.spent(work.CASE)
        return {
            "case": str(ledger.case(work.CASE).status),
            "submissions": len(rows),
            "state": "nothing" if row is None else str(row.state),
            "reason": "" if row is None else row.reason,
            "result": None if result is None else str(result.state),
            "bits": bool(result is not None and result.ok and result.files),
            "billed_s": spent.qpu_s,
            "incidents": [] if row is None else list(row.incidents),
            "events": ledger.verify(),
        }
    finally:
        ledger.close()
