"""The strategy `ChosenId`: there is never a second job of the id that we choose."""

from escalation.model.submission import Submission
from escalation.model.submission_states import SubmissionState as S
from escalation.submission.context import Step, SubmissionContext
from escalation.submission.doubt import keyed_listing, nothing_there, other_strategy
from escalation.submission.posting import keyed, not_yet, submit


def send(ctx: SubmissionContext, row: Submission) -> Step:
    """POSTs the frozen bytes with the id; the intention to do so is in the ledger before."""
    noted = {"settling": ctx.mark()}
    return not_yet(ctx, row) or submit(ctx, row, keyed(ctx, row), S.AUTHORISED, **noted)


def find_out(ctx: SubmissionContext, row: Submission) -> Step:
    """Asks for the job of the id; where there is none after the settling time, it is sent again."""
    return other_strategy(ctx, row) or keyed_listing(ctx, row) or nothing_there(ctx, row)
