"""Many problems in one warm process: each a case of its own, and none in the way of another.

The id of a case follows from the batch's name and from what the case is about: problem, instance and policy.
So a batch that was killed and is run again finds what it did, goes on with what it left, and repeats nothing.
"""

import logging
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import partial

from escalation.engine.allotments import Allotments
from escalation.engine.case import Case
from escalation.engine.drive import solve
from escalation.engine.listening import Silent
from escalation.engine.opening import choose_policy, parse_with_policy, prepare, read_problem_file
from escalation.engine.runtime import Runtime
from escalation.inputs.problem_lists import ProblemSource
from escalation.model.amounts import Amounts, Caps
from escalation.model.batch import BatchReport, BatchRow, ProblemEnd
from escalation.model.case import Outcome
from escalation.model.decision import Decision
from escalation.model.errors import BadInput, CaseConflict, Interrupted, one_line
from escalation.model.identity import digest_json
from escalation.policy.policy import LoadedPolicy, load_policy
from escalation.submission.paid_work import paid_work

_log = logging.getLogger(__name__)
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,39}", re.ASCII)
LOOK_S = 0.5
"""Seconds between two looks whether the whole batch is to end."""
MOST_WORKERS = 256
DIGITS = 16
"""Of a digest in the id of a case: among 10⁸ cases two of 10¹⁹ are alike with a probability of 0.0003."""

_ENDINGS: tuple[tuple[type[Exception], ProblemEnd], ...] = (
    (CaseConflict, ProblemEnd.BUSY),
    (BadInput, ProblemEnd.BAD_INPUT),
    (Interrupted, ProblemEnd.INTERRUPTED),
    (Exception, ProblemEnd.FAILED),
)
"""How a problem ended that an error ended; the first that fits."""
Told = Callable[[BatchRow], None]
"""Is told each row as it comes, one after the other."""
CarryOut = Callable[[str, Callable[[], BatchRow]], BatchRow]
"""Has one problem treated, from reading it to its row, under a name: at once, or as a task run."""


def at_once(_name: str, do: Callable[[], BatchRow]) -> BatchRow:
    """Carries it out in the calling thread."""
    return do()


@dataclass(frozen=True)
class BatchPlan:
    """How a batch is run.

    Attributes:
        name: a batch of another name solves the same problems anew.
        policy: a policy file, or the name of one; wins over those that the problems name.
        workers: cases that run at once; 0: as many as there are processors.
        budget: of all its cases together.
        engine: who drives the ladder, for the record.
    """

    name: str = ""
    policy: str | None = None
    workers: int = 0
    budget: Caps = field(default_factory=Caps)
    engine: str = "plain"

    def __post_init__(self) -> None:
        if self.name and not _NAME.fullmatch(self.name):
            raise BadInput(
                f"the batch's name: expected up to 40 letters, digits, '-', '_' or '.', got {self.name!r}"
            )
        if not 0 <= self.workers <= MOST_WORKERS:
            raise BadInput(f"workers: expected 1 to {MOST_WORKERS}, got {self.workers}")

    def case_id(self, case: Case) -> str:
        """The same for the same problem, instance and policy, in every run of the batch."""
        about = [self.name, case.info.problem_digest, case.info.instance_digest, case.info.policy_digest]
        return f"{self.name or case.family.name}-{digest_json(about)[:DIGITS]}"


class Batch:
    """A batch of problems; `run` solves them, and `report` says at any time how far it has come."""

    def __init__(
        self,
        runtime: Runtime,
        sources: Iterable[ProblemSource],
        plan: BatchPlan,
        told: Told = lambda row: None,
        carry_out: CarryOut = at_once,
    ) -> None:
        """Touches nothing yet.

        Args:
            runtime: shared by all the cases.
            sources: the problems.
            plan: how they are solved.
            told: called in a worker's thread, never twice at once.
            carry_out: treats one problem.
        """
        self.plan, self.sources = plan, tuple(sources)
        self._runtime = runtime.alone()
        self._told, self._carry_out = told, carry_out
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
            self._policy(self.plan.policy)  # one that is wrong is no row, it is the whole batch's
        if self._allotments.capped:
            self._count_what_was_charged()
        left = iter(enumerate(self.sources, 1))
        count = min(self.plan.workers or len(os.sched_getaffinity(0)), len(self.sources))
        with ThreadPoolExecutor(count, thread_name_prefix="batch") as pool:
            # In a copy of the context each, by which an orchestrator knows the run.
            workers = [pool.submit(copy_context().run, self._work, left) for _ in range(count)]
            try:
                while wait(workers, LOOK_S).not_done:  # a signal may have come to another thread
                    pass
                for worker in workers:
                    worker.result()
            except BaseException:
                self._runtime.stop.set()
                raise
        return self.report

    def _work(self, left: Iterator[tuple[int, ProblemSource]]) -> None:
        try:
            while not self._runtime.stop.is_set():
                with self._lock:
                    number, source = next(left, (0, None))
                if source is None:
                    return
                row = self._carry_out(source.name, partial(self._row, number, source))
                with self._lock:
                    self._rows.append(row)
                    self._told(row)
        except BaseException:
            self._runtime.stop.set()
            raise

    def _row(self, number: int, source: ProblemSource) -> BatchRow:
        """What one problem comes to; whatever goes wrong with it is its row, and stops no other."""
        case_id = None
        try:
            case = self._prepared(source)
            case_id = case.case_id
            with self._lock:
                first = self._first.setdefault(case_id, number)
            if first != number:
                status, why = ProblemEnd.DUPLICATE, f"the same as {self.sources[first - 1].name}"
            else:
                outcome, earlier = self._outcome(case)
                if not isinstance(outcome, str):
                    return BatchRow.of(number, source.name, outcome, earlier=earlier)
                status, why = ProblemEnd.NOT_STARTED, outcome
        except Exception as error:
            _log.debug("%s", source.name, exc_info=True)
            status = next(ending for kind, ending in _ENDINGS if isinstance(error, kind))
            why = one_line(error)
        return BatchRow(number=number, problem=source.name, status=status, case_id=case_id, why=why)

    def _outcome(self, case: Case) -> tuple[Outcome | str, bool]:
        """The case's outcome, or why it was not begun; and whether it had ended earlier."""
        if self.plan.budget == Caps():
            return self._solved(case)
        ended = self._recorded(case.case_id)
        if ended is not None:
            return ended, True
        allotted = self._allotments.take(case, self._runtime.stop.is_set, may_spend=self._may_spend(case))
        if isinstance(allotted, str):
            return allotted, False
        used, charged = Amounts(), None
        try:
            outcome, earlier = self._solved(replace(case, allotted=allotted))
            used = outcome.cost
            charged = self._charged(case, outcome) if outcome.status.final else None
            return outcome, earlier
        finally:
            self._allotments.give_back(case.case_id, used, charged)

    def _solved(self, case: Case) -> tuple[Outcome, bool]:
        heard = _Heard()
        outcome = solve(self._runtime, case, heard)
        return outcome, not heard.anything

    def _prepared(self, source: ProblemSource) -> Case:
        """Reads and checks a problem; its case has the id that follows from the batch."""
        try:
            if source.path is None:
                problem, named = parse_with_policy(source.data())
            else:
                problem, named = read_problem_file(source.path)
            policy = self._policy(str(choose_policy(self.plan.policy, named, source.folder)))
            case = prepare(problem, policy, None, source.folder, self.plan.engine)
        except BadInput as error:
            if source.name in str(error):
                raise
            raise BadInput(f"{source.name}: {error}") from None
        environment = {**case.info.environment, "batch": self.plan.name}
        named_so = {"case_id": self.plan.case_id(case), "environment": environment}
        return replace(case, info=case.info.model_copy(update=named_so))

    def _policy(self, name: str) -> LoadedPolicy:
        """Read once, so that all of a batch is decided under the same policy."""
        if name not in self._policies:
            self._policies[name] = load_policy(name)
        return self._policies[name]

    def _recorded(self, case_id: str) -> Outcome | None:
        """The outcome of a case that has ended; None of one that has not, or was never begun."""
        try:
            record = self._runtime.ledger.case(case_id)
        except BadInput:
            return None
        return Outcome.model_validate(record.outcome) if record.status.final and record.outcome else None

    def _count_what_was_charged(self) -> None:
        for source in self.sources:
            with suppress(Exception):  # what is wrong with it will be its row
                case = self._prepared(source)
                charged = self._spent(case, self._recorded(case.case_id))
                self._allotments.charged_before(case.case_id, charged)

    def _may_spend(self, case: Case) -> bool:
        """Whether work of the case could go where work, nodes or cores are paid for."""
        return case.may_spend or any(map(self._runtime.charges, case.policy.backends.values()))

    def _charged(self, case: Case, outcome: Outcome) -> Amounts | None:
        """What the case was charged; None while that may still become more."""
        open_still = any(each.may_be_charged for each in paid_work(self._runtime.ledger, case.case_id))
        return None if open_still else self._spent(case, outcome)

    def _spent(self, case: Case, outcome: Outcome | None) -> Amounts:
        """By the ledger for paid work; where nodes or cores have a price, no less than the outcome's cost."""
        spent = self._runtime.ledger.spent(case.case_id)
        if outcome is None or not any(map(self._runtime.charges, case.policy.backends.values())):
            return spent
        return Amounts.each(lambda name: max(spent[name], outcome.cost[name]))


class _Heard(Silent):
    """Knows whether a case was driven, or had ended before."""

    anything = False

    def decided(self, decision: Decision) -> None:
        self.anything = True
