"""Real cases whose processes are killed one by one: the answer is that of the undisturbed case."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from escalation.engine.case import Case
from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.engine.runtime import Runtime
from escalation.engine.steps import Item
from escalation.inputs.settings import Settings
from escalation.model.attempt import Attempt
from escalation.model.case import CaseStatus, Outcome
from escalation.model.decision import Decision
from escalation.model.job_state import JobState
from escalation.model.problem import Problem, Target
from escalation.policy.policy import parse_policy
from escalation.ports.configuration import with_ranks
from escalation.ports.machines import Progress
from escalation.testing.guarded import guarded
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
from records.views.report import render
from tests.escalation.untracked import Untracked

POLICY = """\
policy: one
summary: one method of the toy family
tiers: [hpc, ai, quantum]
backends: {local_call: local, mpi_program: mpi, circuit_batch: aer}
methods: {toy: [METHOD]}
"""
PAUSE_S = 0.6


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    monkeypatch.setattr("escalation.engine.executing._WAIT_S", 0.02)
    settings = Settings(home=tmp_path)
    store = FileStore(settings.store)
    made = Runtime(settings, SqlLedger(settings.ledger, store), store, Untracked(), render)
    yield made
    made.close()


def case_of(method: str, pause_s: float, case_id: str) -> Case:
    problem = Problem(
        family="toy",
        instance={"numbers": [3, 1, 4, 1, 5, 9, 2, 6], "reach": 3, "pause_s": pause_s},
        target=Target(metric="number", at_least=9),
        seed=1,
    )
    return prepare(problem, parse_policy(POLICY.replace("METHOD", method)), case_id=case_id)


class Killer:
    """A listener that kills a process while work runs, so many times."""

    def __init__(self, victim: Callable[[], psutil.Process | None], times: int = 1) -> None:
        self.victim, self.times, self.killed = victim, times, set[int]()
        self._one_at_a_time = threading.Lock()  # pieces of work that run beside each other tell of it at once

    def decided(self, decision: Decision) -> None: ...

    def attempted(self, attempt: Attempt) -> None: ...

    def progress(self, item: Item, progress: Progress) -> None:
        if progress.state is JobState.RUNNING and progress.fraction is not None:
            with (
                self._one_at_a_time,
                suppress(psutil.NoSuchProcess),
            ):  # those of the try before are just going
                self._kill()

    def _kill(self) -> None:
        victim = self.victim() if len(self.killed) < self.times else None
        if victim is not None and victim.pid not in self.killed:
            victim.kill()
            self.killed.add(victim.pid)


def below(command: str, level: int) -> Callable[[], psutil.Process | None]:
    """The process so many levels below the newest guard of the command.

    Older ones may belong to runtimes of other tests, which are open as long as these run.
    """

    def find() -> psutil.Process | None:
        first = [each for each in guarded(command) if each.ppid() == os.getpid()]
        found = max(first, key=lambda each: each.create_time(), default=None)
        for _ in range(level):
            children = found.children() if found else []
            found = children[0] if children else None
        return found

    return find


MPI, LOCAL = "backends.mpi.rank", "backends.local.worker"


def works_of(outcome: Outcome) -> list[Any]:
    return [work for attempt in outcome.attempts for work in attempt.works]


def answer(outcome: Outcome) -> Any:
    """What must not depend on what was killed: status, candidate, and what each piece of work returned."""
    works = [(work["state"], work["result"]) for work in works_of(outcome)]
    return outcome.status, outcome.value, [attempt.candidate for attempt in outcome.attempts], works


@pytest.mark.parametrize(
    ("method", "command", "level"),
    [
        pytest.param("scan", MPI, 0, id="first guard of an MPI program"),
        pytest.param("scan", MPI, 1, id="second guard"),
        pytest.param("scan", MPI, 2, id="mpiexec"),
        pytest.param("scan", MPI, 3, id="proxy"),
        pytest.param("scan", MPI, 4, id="rank"),
        pytest.param("two_looks", LOCAL, 0, id="first guard of a pool worker"),
        pytest.param("two_looks", LOCAL, 1, id="its second guard"),
        pytest.param("two_looks", LOCAL, 2, id="pool worker"),
    ],
)
def test_one_killed_process_changes_no_answer(
    runtime: Runtime, method: str, command: str, level: int
) -> None:
    killer = Killer(below(command, level))
    disturbed = solve(runtime, case_of(method, PAUSE_S, "disturbed"), killer)
    assert len(killer.killed) == 1
    assert answer(disturbed) == answer(solve(runtime, case_of(method, 0.0, "quiet")))
    lost = [each for work in works_of(disturbed) for each in work["lost"]]
    assert len(lost) == 1
    assert lost[0]["usage"]["wall_s"] > 0
    assert lost[0]["usage"]["cpu_s"] > 0
    used = [work["usage"] for work in works_of(disturbed)]
    cpu_s = sum(usage["cpu_s"] for usage in (*used, lost[0]["usage"]))
    assert disturbed.cost.cpu_s == pytest.approx(cpu_s)
    assert [event["kind"] for event in runtime.ledger.events("disturbed")].count("work.lost") == 1


def test_a_killed_simulator_changes_no_answer(runtime: Runtime) -> None:
    """It is killed between two quotes; what is sent next finds it dead."""
    worker = below("backends.circuits.worker", 2)
    aer: Any = runtime.backend("aer")
    ask, killed = aer.quoted, list[int]()

    def quoted(work: Any) -> Any:
        if not killed:
            ask(work)  # now the worker is up
            aer._quotes.clear()
            victim = worker()
            assert victim is not None
            victim.kill()
            killed.append(victim.pid)
        return ask(work)

    aer.quoted = quoted
    disturbed = solve(runtime, case_of("dice", 0.0, "disturbed"))
    assert len(killed) == 1
    assert answer(disturbed) == answer(solve(runtime, case_of("dice", 0.0, "quiet")))


def test_a_method_that_is_killed_every_time_ends_interrupted_and_goes_on_when_that_is_over(
    runtime: Runtime,
) -> None:
    killer = Killer(below(MPI, 4), times=3)
    stopped = solve(runtime, case_of("scan", PAUSE_S, "c"), killer)
    assert (stopped.status, stopped.attempts) == (CaseStatus.INTERRUPTED, ())
    assert "Killed (signal 9)" in stopped.paused
    assert "\n" not in stopped.paused
    assert stopped.cost.wall_s > 0
    ended = solve(runtime, case_of("scan", PAUSE_S, "c"))
    assert answer(ended) == answer(solve(runtime, case_of("scan", 0.0, "quiet")))
    assert len(works_of(ended)[0]["lost"]) == 3
    assert ended.cost.wall_s > stopped.cost.wall_s


def test_a_case_that_its_machine_refuses_says_why_and_goes_on_when_less_is_asked(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"SLURM_JOB_ID": "9", "SLURM_CPUS_ON_NODE": "2"}.items():
        monkeypatch.setenv(name, value)
    with with_ranks(4):
        outcome = solve(runtime, case_of("scan", 0.0, "wide"))
    assert outcome.status is CaseStatus.INTERRUPTED
    assert "at most 2 cores (ranks x threads), got 4" in str(outcome.paused)
    record = runtime.ledger.case("wide")
    assert record.status is CaseStatus.INTERRUPTED
    assert record.outcome is not None
    assert record.outcome["paused"] == outcome.paused
    with with_ranks(2):
        again = solve(runtime, case_of("scan", 0.0, "wide"))
    assert [work["state"] for work in works_of(again)] == ["done"]
    assert runtime.ledger.verify()
