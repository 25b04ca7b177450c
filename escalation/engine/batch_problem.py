"""One problem of a batch, from reading it to its row."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from escalation.engine.batch_plan import BatchPlan
from escalation.engine.case import Case
from escalation.engine.drive import solve
from escalation.engine.listening import Silent
from escalation.engine.opening import choose_policy, parse_with_policy, prepare, read_problem_file
from escalation.engine.runtime import Runtime
from escalation.inputs.problem_lists import ProblemSource
from escalation.model.amounts import Amounts, Caps
from escalation.model.batch import BatchRow, ProblemEnd
from escalation.model.case import Outcome
from escalation.model.decision import Decision
from escalation.model.errors import BadInput, CaseConflict, Interrupted, one_line
from escalation.policy.policy import LoadedPolicy
from escalation.submission.paid_work import paid_work

_log = logging.getLogger(__name__)
_ENDINGS: tuple[tuple[type[Exception], ProblemEnd], ...] = (
    (CaseConflict, ProblemEnd.BUSY),
    (BadInput, ProblemEnd.BAD_INPUT),
    (Interrupted, ProblemEnd.INTERRUPTED),
    (Exception, ProblemEnd.FAILED),
)
"""How a problem ended that an error ended; the first that fits."""
SolveOne = Callable[[int, ProblemSource], BatchRow]
"""What the problem of that number comes to; called by several threads at once."""


class Common(Protocol):
    """What the problems of a batch share, wherever each is solved. Safe with several threads."""

    def policy(self, name: str) -> LoadedPolicy:
        """Read once, so that all of a batch is decided under the same policy; raises `BadInput`."""

    def met_before(self, case_id: str, number: int) -> str | None:
        """Where the problem of the case stands that was met before the one of this number, if one was."""

    def take(self, case_id: str, budget: Caps, *, may_spend: bool) -> Caps | str:
        """As `Allotments.take`."""

    def give_back(self, case_id: str, used: Amounts, charged: Amounts | None) -> None:
        """As `Allotments.give_back`."""


@dataclass(frozen=True)
class ProblemSolver:
    """Solves problems of a batch with the runtime of this process."""

    runtime: Runtime
    plan: BatchPlan
    common: Common

    def row(self, number: int, source: ProblemSource) -> BatchRow:
        """What one problem comes to; whatever goes wrong with it is its row, and stops no other."""
        case_id = None
        try:
            case = self.prepared(source)
            case_id = case.case_id
            first = self.common.met_before(case_id, number)
            if first is not None:
                status, why = ProblemEnd.DUPLICATE, f"the same as {first}"
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

    def prepared(self, source: ProblemSource) -> Case:
        """Reads and checks a problem; its case has the id that follows from the batch.

        Raises:
            BadInput: with one line that names the problem.
        """
        try:
            if source.path is None:
                problem, named = parse_with_policy(source.data())
            else:
                problem, named = read_problem_file(source.path)
            policy = self.common.policy(str(choose_policy(self.plan.policy, named, source.folder)))
            case = prepare(problem, policy, None, source.folder, self.plan.engine)
        except BadInput as error:
            if source.name in str(error):
                raise
            raise BadInput(f"{source.name}: {error}") from None
        environment = {**case.info.environment, "batch": self.plan.name}
        named_so = {"case_id": self.plan.case_id(case), "environment": environment}
        return replace(case, info=case.info.model_copy(update=named_so))

    def charged_before(self, case: Case) -> Amounts:
        """What the case was charged in earlier runs of the batch."""
        return self._spent(case, self._recorded(case.case_id))

    def _outcome(self, case: Case) -> tuple[Outcome | str, bool]:
        """The case's outcome, or why it was not begun; and whether it had ended earlier."""
        if self.plan.budget == Caps():
            return self._solved(case)
        ended = self._recorded(case.case_id)
        if ended is not None:
            return ended, True
        allotted = self.common.take(case.case_id, case.budget, may_spend=self._may_spend(case))
        if isinstance(allotted, str):
            return allotted, False
        used, charged = Amounts(), None
        try:
            outcome, earlier = self._solved(replace(case, allotted=allotted))
            used = outcome.cost
            charged = self._charged(case, outcome) if outcome.status.final else None
            return outcome, earlier
        finally:
            self.common.give_back(case.case_id, used, charged)

    def _solved(self, case: Case) -> tuple[Outcome, bool]:
        heard = _Heard()
        outcome = solve(self.runtime, case, heard)
        return outcome, not heard.anything

    def _recorded(self, case_id: str) -> Outcome | None:
        """The outcome of a case that has ended; None of one that has not, or was never begun."""
        try:
            record = self.runtime.ledger.case(case_id)
        except BadInput:
            return None
        return Outcome.model_validate(record.outcome) if record.status.final and record.outcome else None

    def _may_spend(self, case: Case) -> bool:
        """Whether work of the case could go where work, nodes or cores are paid for."""
        return case.may_spend or any(map(self.runtime.charges, case.policy.places))

    def _charged(self, case: Case, outcome: Outcome) -> Amounts | None:
        """What the case was charged; None while that may still become more."""
        open_still = any(each.may_be_charged for each in paid_work(self.runtime.ledger, case.case_id))
        return None if open_still else self._spent(case, outcome)

    def _spent(self, case: Case, outcome: Outcome | None) -> Amounts:
        """By the ledger for paid work; where nodes or cores have a price, no less than the outcome's cost."""
        spent = self.runtime.ledger.spent(case.case_id)
        if outcome is None or not any(map(self.runtime.charges, case.policy.places)):
            return spent
        return Amounts.each(lambda name: max(spent[name], outcome.cost[name]))


class _Heard(Silent):
    """Knows whether a case was driven, or had ended before."""

    anything = False

    def decided(self, decision: Decision) -> None:
        self.anything = True
