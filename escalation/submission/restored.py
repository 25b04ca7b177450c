"""Work in a ledger that was put back from a back-up: it may have been sent since the back-up was taken.

So before anything is sent, and before a POST in doubt is seen to, the service is asked for jobs of its tag,
which is the same in a ledger and in its back-ups. Whoever sent it is gone: nobody restores a ledger that is
in use. What was sent last is listed the settling time after that.
"""

from escalation.model.submission import Submission, TagSearch
from escalation.model.submission_states import SubmissionState as S
from escalation.submission.context import Step, SubmissionContext
from escalation.submission.doubt import listing
from escalation.submission.posting import LEAVE_S

_BEFORE_A_POST = frozenset({S.AUTHORISED, S.FENCED, S.DOUBTED})
FOUND = "sent after the back-up that these records are from was taken: the bytes on record may be others"


def to_be_looked_for(ctx: SubmissionContext, row: Submission) -> bool:
    """Whether the service must be asked first: the ledger was put back since it was, if it was at all."""
    if row.state not in _BEFORE_A_POST:
        return False
    restored = ctx.ledger.restored_at()
    return restored is not None and not (row.search and row.search.after == restored and row.search.over)


def look(ctx: SubmissionContext, row: Submission) -> Step:
    """Adopts the job that was sent meanwhile; the work goes its way when none is listed any more."""
    restored = ctx.ledger.restored_at()
    assert restored is not None
    begun = row.search.since if row.search and row.search.after == restored else ()
    since = ctx.mark(begun)
    row = ctx.ledger.amend(row, search=TagSearch(after=restored, since=since))
    if step := listing(ctx, row, since, ctx.settings.settle_s + LEAVE_S, ""):
        if step.row.state is not S.SUBMITTED:
            return step
        line = f"job {step.row.job_id} was {FOUND}"
        return Step(ctx.ledger.amend(step.row, incidents=(*step.row.incidents, line)))
    return Step(ctx.ledger.amend(row, search=TagSearch(after=restored, since=since, over=True)))
