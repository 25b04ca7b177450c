"""Solves a batch in several processes, each with a runtime of its own that stays warm.

One interpreter drives one case at a time, however many threads it has; several drive several. A problem goes
to whichever is free. One that dies takes the cases that it ran with it, which then read INTERRUPTED as those
of any process that died, and a new one takes its place.
"""

import subprocess
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from queue import SimpleQueue
from signal import Signals
from typing import Any

from escalation.engine.batch import LOOK_S, in_this_process
from escalation.engine.batch_plan import BatchPlan
from escalation.engine.batch_problem import Common, SolveOne
from escalation.engine.runtime import Runtime
from escalation.inputs.problem_lists import ProblemSource
from escalation.model.amounts import Amounts
from escalation.model.batch import BatchRow, ProblemEnd
from records.batches.starting import start
from records.batches.wire import Message, answer, plan_message, receive, send, source_message

DEATHS = 3
"""Processes that may die in a row, with no problem solved in between, before no more are started."""
END_S = 5.0
"""Seconds in which a process that broke off can end by itself."""
_GONE = (EOFError, OSError)


class _Died(Exception):
    """A process has died under a case; says how."""


class _NoMore(Exception):
    """No process is started any more; says why."""


class SolverProcess:
    """A process, and its connections: one to tell it what to do, and one for each case that it runs."""

    def __init__(self, runtime: Runtime, plan: BatchPlan, cases: int) -> None:
        ours, theirs = zip(*(Pipe() for _ in range(cases + 1)), strict=True)
        self._control, *self.cases = ours
        self._process = start("records.batches.worker", theirs)
        self._lock = threading.Lock()
        self._death = ""
        self._tell(settings=runtime.settings, plan=plan_message(plan))

    def stop(self) -> None:
        """Tells it to stop what it runs."""
        self._tell(do="stop")

    def end(self) -> None:
        """Has it end, and waits until it has: until MLflow shows what it solved."""
        self._tell(do="end")
        self._process.wait()
        self._close()

    def buried(self) -> str:
        """Ends it, where it is not gone by now; says how it ended."""
        with self._lock:
            if not self._death:
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(END_S)
                self._process.kill()
                self._death = self._last_words() or _in_words(self._process.wait())
                self._close()
            return self._death

    def _tell(self, **message: object) -> None:
        with self._lock, suppress(OSError):
            send(self._control, message)

    def _last_words(self) -> str:
        with suppress(*_GONE):
            if self._control.poll():
                return str(receive(self._control)["ended"])
        return ""

    def _close(self) -> None:
        for each in (self._control, *self.cases):
            each.close()


def _in_words(code: int) -> str:
    by = f"by signal {-code} ({Signals(-code).name})" if code < 0 else f"with code {code}"
    return f"it ended {by}"


@dataclass(frozen=True)
class _Place:
    """Of one case at a time: which of the processes it runs in, and by which of its connections."""

    process: int
    case: int


@dataclass
class _Elsewhere:
    """What is known here of a problem that is solved elsewhere, should that end."""

    case_id: str | None = None
    holds: str | None = None
    """The case that something of the batch's budget may be set aside for."""

    def note(self, asked: str, given: Sequence[Any]) -> None:
        match asked:
            case "met_before":
                self.case_id = given[0]
            case "take":
                self.holds = given[0]
            case "give_back":
                self.holds = None


class Processes:
    """The processes of a batch; each is started when it is first given a problem."""

    def __init__(self, runtime: Runtime, plan: BatchPlan, common: Common, problems: int) -> None:
        self._runtime, self._plan, self._common = runtime, plan, common
        cases, count = plan.at_once(problems), plan.processes_for(problems)
        self._shares = [len(range(place, cases, count)) for place in range(count)]
        self._at: dict[int, SolverProcess] = {}
        self._deaths: list[str] = []
        self._lock = threading.Lock()
        self._free: SimpleQueue[_Place] = SimpleQueue()
        for number in range(cases):
            self._free.put(_Place(number % count, number // count))

    def row(self, number: int, source: ProblemSource) -> BatchRow:
        """What the problem comes to, in whichever process is free."""
        place, elsewhere = self._free.get(), _Elsewhere()
        row = partial(BatchRow, number=number, problem=source.name)
        try:
            return self._solved(place, source_message(number, source), elsewhere)
        except TypeError as error:
            return row(status=ProblemEnd.BAD_INPUT, why=f"{source.name}: {error}")
        except _NoMore as none:
            return row(status=ProblemEnd.NOT_STARTED, why=str(none))
        except _Died as death:
            if elsewhere.holds is not None:  # nobody knows yet what it was charged
                self._common.give_back(elsewhere.holds, Amounts(), None)
            why = f"the process that solved it is gone: {death}"
            return row(status=ProblemEnd.INTERRUPTED, case_id=elsewhere.case_id, why=why)
        finally:
            self._free.put(place)

    def _solved(self, place: _Place, problem: Message, elsewhere: _Elsewhere) -> BatchRow:
        worker = self._given(place, problem)
        connection = worker.cases[place.case]
        try:
            while True:
                self._await(worker, connection)
                said = receive(connection)
                if "row" in said:
                    self._deaths.clear()
                    return BatchRow.model_validate(said["row"])
                elsewhere.note(said["ask"], said["given"])
                send(connection, answer(self._common, said))
        except _GONE:
            raise _Died(self._bury(place, worker)) from None

    def _given(self, place: _Place, problem: Message) -> SolverProcess:
        """Gives the problem to the process of that place; to a new one where that has died meanwhile."""
        while True:
            worker = self._worker(place.process)
            try:
                send(worker.cases[place.case], problem)
            except OSError:
                self._bury(place, worker)
            else:
                return worker

    def _worker(self, process: int) -> SolverProcess:
        with self._lock:
            if len(self._deaths) >= DEATHS:
                raise _NoMore(f"{DEATHS} processes died one after the other, the last: {self._deaths[-1]}")
            if process not in self._at:
                self._at[process] = SolverProcess(self._runtime, self._plan, self._shares[process])
            return self._at[process]

    def _await(self, worker: SolverProcess, connection: Connection) -> None:
        """Waits for a message; where the batch is stopped meanwhile, the process is told once."""
        while not connection.poll(LOOK_S):
            if self._runtime.stop.is_set():
                worker.stop()
                connection.poll(None)
                return

    def _bury(self, place: _Place, worker: SolverProcess) -> str:
        death = worker.buried()
        with self._lock:
            if self._at.get(place.process) is worker:
                del self._at[place.process]
                self._deaths.append(death)
        return death

    def end(self) -> None:
        """Has all of them end, and waits for it."""
        with ThreadPoolExecutor(len(self._shares)) as pool:
            list(pool.map(SolverProcess.end, self._at.values()))


@contextmanager
def in_processes(
    runtime: Runtime, plan: BatchPlan, common: Common, problems: int, *, wait_for_view: bool = True
) -> Iterator[SolveOne]:
    """The `escalation.engine.batch.Solving` of as many processes as the plan is for.

    Args:
        runtime: of this process; the others open what its settings name.
        plan: how the batch is run.
        common: what its problems share.
        problems: how many it has.
        wait_for_view: whether the end waits for MLflow; if not, the end of this process does.
    """
    if plan.processes_for(problems) == 1:
        with in_this_process(runtime, plan, common, problems) as solve:
            yield solve
        return
    processes = Processes(runtime, plan, common, problems)
    try:
        yield processes.row
    finally:
        ending = threading.Thread(target=processes.end, name="batch-processes")
        ending.start()
        if wait_for_view:
            ending.join()
