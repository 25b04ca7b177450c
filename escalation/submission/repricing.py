"""The price that a person approves is the price that is reserved, until another one is approved."""

from escalation.model.submission import Submission
from escalation.submission.context import SubmissionContext


def repriced(ctx: SubmissionContext, row: Submission) -> Submission:
    """The submission at what a second costs now; what was asked at less is thereby another question."""
    assert row.price is not None
    return ctx.ledger.amend(row, price=ctx.backend.repriced(row.price))


def dearer(ctx: SubmissionContext, row: Submission) -> str:
    """Says that a job would cost more now than was agreed to; empty where it would not."""
    assert row.price is not None
    agreed_usd, now_usd = row.price.cap.usd, ctx.backend.repriced(row.price).cap.usd
    if now_usd <= agreed_usd:
        return ""
    return f"the price rose from {agreed_usd:.2f} to {now_usd:.2f} USD at most since it was agreed to"
