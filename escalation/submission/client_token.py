"""The strategy `ClientToken`: the service takes a second POST under a key that it remembers for the first."""

from escalation.model.submission import Submission
from escalation.model.submission_states import SubmissionState as S
from escalation.ports.exactly_once import ClientToken
from escalation.ports.paid import NotSent
from escalation.submission.context import Step, SubmissionContext, end, move, park
from escalation.submission.doubt import keyed_listing, lost, not_wanted, other_strategy, patience
from escalation.submission.evidence import kept_payload
from escalation.submission.posting import LEAVE_S, answered, forbidden, held, keyed, not_yet, submit


def send(ctx: SubmissionContext, row: Submission) -> Step:
    """POSTs the frozen bytes under the key; the intention to do so is in the ledger before."""
    now = ctx.mark()
    noted = {"settling": now, "first_post": now}
    return not_yet(ctx, row) or submit(ctx, row, keyed(ctx, row), S.AUTHORISED, **noted)


def find_out(ctx: SubmissionContext, row: Submission) -> Step:
    """Sends the same again under the same key, as long as the service remembers it; then it is looked for.

    Work that nobody wants any more, or that may not be sent at this price, is not sent again but looked for.
    What is not there then ends; of wanted work under a key that may be forgotten a person decides.
    """
    if changed := other_strategy(ctx, row):
        return changed
    why = forbidden(ctx, row)
    if not (why or row.cancel_wanted or row.declined or lost(row)) and _remembered(ctx, row):
        row, left_s = held(ctx, row)
        return Step(row, left_s) if left_s > 0 else _again(ctx, row)
    if listed := keyed_listing(ctx, row):
        return listed
    if over := not_wanted(ctx, row):
        return over
    if why:
        return end(ctx, row, S.REFUSED, why)
    cause = "too many POSTs were lost" if lost(row) else "the service may have forgotten the key"
    return park(ctx, row, f"nothing is listed, and {cause} ({row.reason or 'no answer'})")


def _remembered(ctx: SubmissionContext, row: Submission) -> bool:
    """Whether a POST that leaves now arrives while the service still remembers the first one's key."""
    strategy, age_s = ctx.backend.exactly_once, ctx.age_s(row.first_post)
    assert isinstance(strategy, ClientToken)
    return age_s is not None and age_s + LEAVE_S + ctx.settings.settle_s < strategy.lifetime_s


def _again(ctx: SubmissionContext, row: Submission) -> Step:
    """POSTs the same once more, in doubt, so that a crash leaves the doubt that there was."""
    payload, before = kept_payload(ctx.store, row), row
    post = keyed(ctx, row)
    row = ctx.ledger.amend(
        row, sends=row.sends + 1, round=row.round + 1, settling=ctx.mark(), held=(), held_s=0.0
    )
    try:
        job = post(payload)
    except NotSent as error:
        return patience(ctx, ctx.ledger.amend(row, round=before.round), str(error))
    except Exception as error:  # whatever it was, the POST may have got through
        return Step(ctx.ledger.amend(row, **answered(ctx, error)), ctx.settings.poll_s * 2**row.round)
    return Step(move(ctx, row, S.SUBMITTED, job_id=job.job_id, reason=""))
