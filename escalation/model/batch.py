"""A batch: many problems solved by one process, a row each, and what they came to together."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import Field

from escalation.model.amounts import Amounts
from escalation.model.case import CaseStatus, Outcome
from escalation.model.frozen import Frozen
from escalation.model.problem import Target, Tier

if TYPE_CHECKING:
    import pandas as pd


class ProblemEnd(StrEnum):
    """How one problem of a batch ended, in the order in which it is told; what is wrong comes first."""

    FAILED = "failed"
    INTERRUPTED = "interrupted"
    BUSY = "busy"
    BAD_INPUT = "bad input"
    HELD = "held"
    WAITING = "waiting"
    NOT_STARTED = "not started"
    REFUSED = "refused"
    ABSTAINED = "abstained"
    DUPLICATE = "duplicate"
    ACCEPTED = "accepted"

    @property
    def code(self) -> int:
        """The exit code of a command that a problem ended so for."""
        return _CODES[self]

    @property
    def wants_a_person(self) -> bool:
        """Whether somebody has to do something: running the batch again would not help."""
        return self in (ProblemEnd.FAILED, ProblemEnd.BAD_INPUT, ProblemEnd.HELD)


_CODES = {
    ProblemEnd.FAILED: 1,
    ProblemEnd.INTERRUPTED: 6,
    ProblemEnd.BUSY: 6,
    ProblemEnd.BAD_INPUT: 2,
    ProblemEnd.HELD: 4,
    ProblemEnd.WAITING: 5,
    ProblemEnd.NOT_STARTED: 3,
    ProblemEnd.REFUSED: 3,
    ProblemEnd.ABSTAINED: 3,
    ProblemEnd.DUPLICATE: 0,
    ProblemEnd.ACCEPTED: 0,
}


class BatchRow(Frozen):
    """What one problem of a batch came to."""

    number: int = Field(description="Its place in the batch, from 1.")
    problem: str = Field(description="Where it was read: a file, or a line of a list.")
    status: ProblemEnd
    case_id: str | None = Field(None, description="The handle for `show`, `explain` and `solve --case`.")
    tier: Tier | None = Field(None, description="Of the best attempt.")
    method: str | None = Field(None, description="Of the best attempt.")
    value: float | None = Field(None, description="The value that the certificate bounds.")
    estimate: float | None = Field(None, description="The point estimate that the value belongs to.")
    target: Target | None = Field(None, description="What was to be reached.")
    cost: Amounts = Field(Amounts(), description="Of the whole case.")
    why: str = Field("", description="What is wrong, what is waited for, or what it is a duplicate of.")
    earlier: bool = Field(False, description="The case had ended before: nothing was done for it now.")

    @classmethod
    def of(cls, number: int, problem: str, outcome: Outcome, *, earlier: bool) -> "BatchRow":
        """The row of a case that was driven, now or earlier."""
        because = outcome.decisions[-1].because if outcome.decisions else ""
        accepted = outcome.status is CaseStatus.ACCEPTED
        return cls(
            number=number,
            problem=problem,
            status=ProblemEnd(outcome.status),
            case_id=outcome.case_id,
            tier=outcome.tier,
            method=outcome.method,
            value=outcome.value,
            estimate=outcome.certificate.estimate if outcome.certificate else None,
            target=outcome.target,
            cost=outcome.cost,
            why=outcome.paused or ("" if accepted else because),
            earlier=earlier,
        )


class BatchReport(Frozen):
    """A batch as far as it has come."""

    name: str = Field("", description="The batch's name; empty where it was given none.")
    problems: int = Field(description="How many it has; rows that are missing were not come to.")
    rows: tuple[BatchRow, ...] = Field((), description="In the order of the problems.")

    @property
    def counts(self) -> dict[str, int]:
        """How many ended how, what is wrong first; those that were not come to are `not started`."""
        found = Counter(row.status for row in self.rows)
        found[ProblemEnd.NOT_STARTED] += self.problems - len(self.rows)
        return {str(ending): found[ending] for ending in ProblemEnd if found[ending]}

    @property
    def cost(self) -> Amounts:
        """What all the cases have cost, those that had ended earlier among them."""
        return Amounts.total(row.cost for row in self.rows)

    def frame(self) -> "pd.DataFrame":
        """The rows as a table, one a problem, in their order, for reckoning on.

        Columns: `problem`, `status`, `tier`, `method`, `value` (what was estimated), `bound` (what is proven
        of it, on which the status rests), each resource that any of them used (`wall_s`, `cpu_s`, `qpu_s`,
        `usd`, …), `case`, `why`. What there is none of is missing, as pandas has it.
        """
        import pandas as pd

        used = [each.name for each, _ in self.cost.told()]
        columns = ["problem", "status", "tier", "method", "value", "bound", *used, "case", "why"]
        return pd.DataFrame([_cells(row, used) for row in self.rows], columns=columns)

    @property
    def for_a_person(self) -> tuple[BatchRow, ...]:
        """The rows that somebody has to do something about."""
        return tuple(row for row in self.rows if row.status.wants_a_person)

    @property
    def code(self) -> int:
        """The exit code: of the ending that is told first."""
        first = next(iter(self.counts), None)
        return 0 if first is None else ProblemEnd(first).code

    @property
    def in_words(self) -> str:
        """The counts in a line: `2 bad input, 1 held, 997 accepted`."""
        return ", ".join(f"{count} {status}" for status, count in self.counts.items()) or "no problems"

    def summary(self) -> dict[str, Any]:
        """The object that `tierwise batch --json` prints last."""
        return {
            "batch": self.name,
            "problems": self.problems,
            "counts": self.counts,
            "cost": self.cost.to_json(),
            "earlier": sum(row.earlier for row in self.rows),
            "for_a_person": [row.number for row in self.for_a_person],
        }


def _cells(row: BatchRow, used: Sequence[str]) -> dict[str, Any]:
    """The row by the columns of `BatchReport.frame`."""
    nothing = float("nan")
    return {
        "problem": row.problem,
        "status": str(row.status),
        "tier": row.tier and str(row.tier),
        "method": row.method,
        "value": next((each for each in (row.estimate, row.value) if each is not None), nothing),
        "bound": nothing if row.value is None else row.value,
        **{name: row.cost[name] if row.case_id else nothing for name in used},
        "case": row.case_id,
        "why": row.why,
    }
