"""What MLflow shows of a case by the records alone: the values that its runs must have, nothing else written.

What MLflow makes up itself (ids, times, who wrote) and what people add to a run is no part of it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from escalation.model.attempt import Attempt
from escalation.model.case import CaseInfo, CaseStatus, Outcome
from records.tracking import attempts as of_attempts
from records.tracking import cases as of_cases
from records.tracking import submissions as of_submissions
from records.tracking.writing import shown_metrics, shown_params, shown_tags

CASE = "case"
_MOST_SHOWN = 200
"""Characters of a value in a line."""


@dataclass(frozen=True)
class ShownRun:
    """A run as MLflow has it.

    Attributes:
        name: `case`, or `attempt` and its number.
        status: as MLflow calls it.
        params: parameters by name.
        metrics: their last values by name.
        tags: by name.
    """

    name: str
    status: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        return {
            "run": self.name,
            "status": self.status,
            "params": dict(self.params),
            "metrics": dict(self.metrics),
            "tags": dict(self.tags),
        }


@dataclass(frozen=True)
class CaseInView:
    """What the records say of a case, as far as MLflow shows it.

    Attributes:
        ledger: its name.
        info: what the case was opened with.
        status: where it stands.
        outcome: what it came to.
        attempts: in order.
        paid: submissions by attempt.
        shadows: what shadow policies said.
    """

    ledger: str
    info: CaseInfo
    status: CaseStatus
    outcome: Outcome | None
    attempts: Sequence[Attempt] = ()
    paid: Mapping[int, of_submissions.Paid] = field(default_factory=dict)
    shadows: Sequence[Mapping[str, Any]] = ()

    def runs(self) -> Iterator[ShownRun]:
        """Of the case, then of each attempt."""
        yield self._case()
        yield from map(self._attempt, self.attempts)

    def _case(self) -> ShownRun:
        tags: dict[str, Any] = of_cases.case_tags(self.info)
        tags |= {of_cases.LEDGER: self.ledger, "tierwise.status": self.status}
        tags |= of_cases.shadow_tags(self.shadows)
        metrics: Mapping[str, float | None] = {}
        if self.outcome is not None:
            tags |= of_cases.answer_tags(self.info, self.outcome)
            metrics = of_cases.case_metrics(self.outcome)
        status = of_cases.RUN_STATUS.get(self.status, "RUNNING")
        params = shown_params(of_cases.case_params(self.info))
        return ShownRun(CASE, status, params, shown_metrics(metrics), shown_tags(tags))

    def _attempt(self, attempt: Attempt) -> ShownRun:
        paid = self.paid.get(attempt.number, {})
        params = of_attempts.attempt_params(attempt) | of_submissions.submission_params(paid)
        metrics = of_attempts.attempt_metrics(attempt) | of_submissions.submission_metrics(paid)
        tags = of_attempts.attempt_tags(self.info, attempt) | of_submissions.bill_tag(paid)
        return ShownRun(
            f"attempt {attempt.number}",
            of_attempts.RUN_STATUS[attempt.status],
            shown_params(params),
            shown_metrics(metrics),
            shown_tags(tags | {of_cases.LEDGER: self.ledger}),
        )


def differing(expected: ShownRun, run: Any, whose: str) -> Iterator[str]:
    """What MLflow's run says otherwise, in a line each.

    Args:
        expected: as the records have it.
        run: as MLflow's client returns it.
        whose: `the ledger` or `the export`.
    """
    billed = run.data.tags.get(of_submissions.BILL) == expected.tags.get(of_submissions.BILL)
    states = ({"status": expected.status}, {"status": run.info.status})
    parts = ((expected.params, run.data.params), (expected.metrics, run.data.metrics))
    for wanted, got in (*parts, (expected.tags, run.data.tags), states):
        for name, value in wanted.items():
            late = name == of_submissions.BILL or name.startswith("submission.")
            if got.get(name) != value and (billed or not late):  # a bill is shown at the next sweep
                yield f"expected {name} {_short(value)} as in {whose}, got {_short(got.get(name))}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
