"""Many problems: each a case of its own, and none in the way of another.

The id of a case follows from the batch's name and from what the case is about: problem, instance and policy.
So a batch that was killed and is run again finds what it did, goes on with what it left, and repeats nothing.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import copy_context
from functools import partial

from escalation.engine.allotments import Allotments
from escalation.engine.batch_plan import BatchPlan
from escalation.engine.batch_problem import Common, ProblemSolver, SolveOne
from escalation.engine.runtime import Runtime
from escalation.inputs.problem_lists import ProblemSource
from escalation.model.amounts import Amounts, Caps
from escalation.model.batch import BatchReport, BatchRow
from escalation.policy.policy import LoadedPolicy, load_policy

LOOK_S = 0.5
"""Seconds between two looks whether the whole batch is to end."""
Told = Callable[[BatchRow], None]
"""Is told each row as it comes, one after the other."""
CarryOut = Callable[[str, Callable[[], BatchRow]], BatchRow]
"""Has one problem treated, from reading it to its row, under a name: at once, or as a task run."""
Solving = Callable[[Runtime, BatchPlan, Common, int], AbstractContextManager[SolveOne]]
"""Where problems are solved, so many in all: in this process, or in several."""


def at_once(_name: str, do: Callable[[], BatchRow]) -> BatchRow:
    """Carries it out in the calling thread."""
    return do()


@contextmanager
def in_this_process(runtime: Runtime, plan: BatchPlan, common: Common, _problems: int) -> Iterator[SolveOne]:
    """The `Solving` of one process, whatever the plan says."""
    yield ProblemSolver(runtime, plan, common).row


class Batch:
    """A batch of problems; `run` solves them, and `report` says at any time how far it has come.

    It is the `Common` of its problems.
    """

    def __init__(
        self,
        runtime: Runtime,
        sources: Iterable[ProblemSource],
        plan: BatchPlan,
        told: Told = lambda row: None,
        carry_out: CarryOut = at_once,
        *,
        solving: Solving = in_this_process,
    ) -> None:
        """Touches nothing yet.

        Args:
            runtime: shared by all the cases of this process.
            sources: the problems.
            plan: how they are solved.
            told: called in a worker's thread, never twice at once.
            carry_out: treats one problem.
            solving: where.
        """
        self.plan, self.sources = plan, tuple(sources)
        self._runtime = runtime.alone()
        self._told, self._carry_out, self._solving = told, carry_out, solving
        self._allotments = Allotments(plan.budget)
        self._policies: dict[str, LoadedPolicy] = {}
        self._first: dict[str, int] = {}
        self._rows: list[BatchRow] = []
        self._lock = threading.Lock()

    @property
    def report(self) -> BatchReport:
        """The rows so far, in the order of the problems."""
        with self._lock:
            rows = sorted(self._rows, key=lambda row: row.number)
        return BatchReport(name=self.plan.name, problems=len(self.sources), rows=tuple(rows))

    def run(self) -> BatchReport:
        """Solves them all; returns when the last has ended.

        Raises:
            BadInput: when the policy that is asked for cannot be used.
            KeyboardInterrupt: and whatever else ends this process; what ran has been stopped by then, and is
                gone on with by the next run.
        """
        if self.plan.policy is not None:
            self.policy(self.plan.policy)  # one that is wrong is no row, it is the whole batch's
        if self._allotments.capped:
            self._count_what_was_charged()
        left, count = iter(enumerate(self.sources, 1)), self.plan.at_once(len(self.sources))
        with (
            self._solving(self._runtime, self.plan, self, len(self.sources)) as solve,
            ThreadPoolExecutor(count, thread_name_prefix="batch") as pool,
        ):
            # In a copy of the context each, by which an orchestrator knows the run.
            workers = [pool.submit(copy_context().run, self._work, left, solve) for _ in range(count)]
            try:
                while wait(workers, LOOK_S).not_done:  # a signal may have come to another thread
                    pass
                for worker in workers:
                    worker.result()
            except BaseException:
                self._runtime.stop.set()
                raise
        return self.report

    def policy(self, name: str) -> LoadedPolicy:
        """As in `Common`."""
        with self._lock:
            if name not in self._policies:
                self._policies[name] = load_policy(name)
            return self._policies[name]

    def met_before(self, case_id: str, number: int) -> str | None:
        """As in `Common`."""
        with self._lock:
            first = self._first.setdefault(case_id, number)
        return None if first == number else self.sources[first - 1].name

    def take(self, case_id: str, budget: Caps, *, may_spend: bool) -> Caps | str:
        """As in `Common`."""
        return self._allotments.take(case_id, budget, self._runtime.stop.is_set, may_spend=may_spend)

    def give_back(self, case_id: str, used: Amounts, charged: Amounts | None) -> None:
        """As in `Common`."""
        self._allotments.give_back(case_id, used, charged)

    def _work(self, left: Iterator[tuple[int, ProblemSource]], solve: SolveOne) -> None:
        try:
            while not self._runtime.stop.is_set():
                with self._lock:
                    number, source = next(left, (0, None))
                if source is None:
                    return
                row = self._carry_out(source.name, partial(solve, number, source))
                with self._lock:
                    self._rows.append(row)
                    self._told(row)
        except BaseException:
            self._runtime.stop.set()
            raise

    def _count_what_was_charged(self) -> None:
        solver = ProblemSolver(self._runtime, self.plan, self)
        for source in self.sources:
            with suppress(Exception):  # what is wrong with it will be its row
                case = solver.prepared(source)
                self._allotments.charged_before(case.case_id, solver.charged_before(case))
