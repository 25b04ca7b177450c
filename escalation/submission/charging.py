"""Charges as the service states them, believed only as far as a person who approved a price can."""

from dataclasses import dataclass

from escalation.model.submission import Submission
from escalation.ports.paid import Malformed
from escalation.submission.context import SubmissionContext
from escalation.text.rounding import Way, rounded

BELIEVED = 10.0
"""Times the approved cap; more than that is not billed before a person has read the service's own bill."""


@dataclass(frozen=True)
class Charge:
    """Charge of a job, as far as it is known.

    Attributes:
        row: the submission, with an incident where there is one.
        usage_s: seconds charged; None where they are not known.
        pending: whether they may be known later.
    """

    row: Submission
    usage_s: float | None = None
    pending: bool = False


def charge(ctx: SubmissionContext, row: Submission) -> Charge:
    """Asks what was charged; notes as incidents a charge above the approved cap, and one that is none.

    Raises:
        BackendError: when the service cannot be asked.
    """
    assert row.job_id is not None
    assert row.price is not None
    try:
        usage_s = ctx.backend.usage_qpu_s(row.job_id)
    except Malformed as error:
        return Charge(_left(ctx, row, f"{error}; {_BY_HAND}"))
    cap_s = row.price.cap.qpu_s
    if usage_s is None:
        return Charge(row, pending=True)
    if usage_s <= cap_s:
        return Charge(row, usage_s)
    charged = f"{rounded(usage_s, Way.UP)} s, {row.price.usd_for(usage_s):.2f} USD"
    above = (
        f"the service says that it charged {charged}, "
        f"approved were at most {rounded(cap_s)} s, {row.price.cap.usd:.2f} USD"
    )
    if usage_s > BELIEVED * cap_s:
        return Charge(_left(ctx, row, f"{above}; not billed, {_BY_HAND}"))
    return Charge(_noted(ctx, row, f"{above}; billed as charged"), usage_s)


_BY_HAND = "read the service's own bill, and say what it has with `tierwise jobs bill`"


def _left(ctx: SubmissionContext, row: Submission, line: str) -> Submission:
    """Leaves the bill to a person, and says so once, whatever the service goes on to say."""
    return row if any(_BY_HAND in incident for incident in row.incidents) else _noted(ctx, row, line)


def _noted(ctx: SubmissionContext, row: Submission, line: str) -> Submission:
    return row if line in row.incidents else ctx.ledger.amend(row, incidents=(*row.incidents, line))
