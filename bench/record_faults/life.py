"""What a process of a cell does: takes the case up, and drives it as far as it goes or until it is killed."""

import importlib
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from bench.fault_matrix.points import Watched, die
from bench.record_faults import disk
from bench.record_faults.points import KillPoint, Victim
from bench.several_workers.plan import answer
from escalation.engine.case import Case
from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.inputs.settings import Settings
from escalation.model.case import Outcome
from escalation.model.errors import TierwiseError
from escalation.model.problem import Problem, Target
from escalation.policy.policy import parse_policy
from records.audit.audit import audit
from records.runtime import open_records, open_runtime
from records.tracking import tracking
from records.tracking.client import SETTINGS
from records.tracking.places import tracking_place

CASE, NEXT = "disturbed", "next"
PAUSE_S = 0.6
"""That each piece of work sleeps, so that there is something to be killed."""
SEEN_S = 10.0
"""Longest wait for the victim to be there."""
LEASE_S = 1.0
_PROGRAM = {Victim.RANK: "backends.mpi.rank", Victim.WORKER: "backends.local.worker"}
POLICY = """\
policy: disturbed
summary: two tiers that are both tried
tiers: [hpc, ai]
backends: {local_call: local, mpi_program: mpi}
"""


def case(case_id: str = CASE) -> Case:
    """The case: the same in every process; no tier reaches its target, so that both are tried."""
    problem = Problem(
        family="toy",
        instance={"numbers": [3, 1, 4, 1, 5, 9, 2, 6], "reach": 5, "pause_s": PAUSE_S},
        target=Target(metric="number", at_least=100),
        seed=7,
    )
    return prepare(problem, parse_policy(POLICY), case_id)


def settings(home: Path, tracked: bool) -> Settings:
    """Everything in one home; a lease that others need not wait for."""
    apart = str(disk.store(home)) if disk.store(home).is_dir() else None
    return Settings(home=home, store_url=apart, case_lease_s=LEASE_S, poll_s=0.05, tracking=float(tracked))


def import_mlflow() -> None:
    """What a process that forks does once, so that none that it forks has to."""
    os.environ.update(SETTINGS)
    importlib.import_module("mlflow.tracking")


def drive(home: Path, point: KillPoint | None, tracked: bool) -> dict[str, Any]:
    """Takes the case up; returns how it ended, and the digest of its answer where it is final."""
    watched = Watch(point, home)
    patched: Any = tracking
    opened = patched.open_client
    patched.open_client = lambda place: watched.wrap("mlflow", opened(place))
    with open_runtime(settings(home, tracked)) as runtime:
        runtime.ledger = watched.wrap("ledger", runtime.ledger)
        try:
            outcome = solve(runtime, case())
        except TierwiseError as error:
            return {"ended": "failed", "said": str(error), "struck": watched.struck}
    return {"ended": str(outcome.status), "final": outcome.status.final, "struck": watched.struck}


def drive_next(home: Path) -> dict[str, Any]:
    """Drives another case: whoever uses a home next also logs what MLflow was not told of."""
    tracking.MISSED_S = 0.0
    with open_runtime(settings(home, tracked=True)) as runtime:
        return {"ended": str(solve(runtime, case(NEXT)).status)}


def books(home: Path, tracked: bool) -> dict[str, Any]:
    """What the records say at the end, and everything in them that does not fit."""
    found = settings(home, tracked)
    with open_records(found) as (ledger, store):
        outcome = Outcome.model_validate(ledger.case(CASE).outcome)
        looked = audit(ledger, store, tracking_place(found) if tracked else None)
    return {"answer": answer(outcome), "findings": list(looked.findings), "runs": looked.runs}


class Watch:
    """Wraps what a process works with, so that the victim is killed at a point."""

    def __init__(self, point: KillPoint | None, home: Path) -> None:
        self._point, self._home, self._calls = point, home, Counter[str]()
        self._lock = threading.Lock()
        self.struck = False

    def wrap(self, name: str, real: Any) -> Any:
        """Returns the object with every call watched."""
        return Watched(name, real, self.call)

    def call(self, name: str, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """Passes a call on, and kills before or after it where that is the point."""
        point = self._point
        with self._lock:
            self._calls[name] += 1
            here = point is not None and point.call == name and point.nth == self._calls[name]
        if here and point is not None and point.when == "before":
            self._strike(point.victim)
        done = function(*args, **named)
        if here and point is not None and point.when == "after":
            self._strike(point.victim)
        return done

    def _strike(self, victim: Victim) -> None:
        self.struck = True
        if self._point is not None and self._point.mends:
            disk.take(self._home, victim)
            return
        if victim is Victim.DRIVER:
            die()
        os.kill(_awaited(victim), signal.SIGKILL)


def _awaited(victim: Victim) -> int:
    """The process id of a victim that is at work below this process; waits until there is one."""
    over = threading.Event()
    for _ in range(int(SEEN_S / 0.02)):
        for process in psutil.Process().children(recursive=True):
            try:
                if _is(victim, process):
                    return process.pid
            except psutil.NoSuchProcess:
                continue
        over.wait(0.02)
    raise RuntimeError(f"no {victim} was there to be killed")


def _is(victim: Victim, process: psutil.Process) -> bool:
    if victim is Victim.LAUNCHER:
        return process.name().startswith(("mpiexec", "mpirun"))
    return _PROGRAM[victim] in process.cmdline()
