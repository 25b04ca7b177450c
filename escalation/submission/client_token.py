"""The strategy `ClientToken`: the service takes a second POST under a key that it remembers for the first."""

from escalation.model.submission import Submission
from escalation.model.submission_states import SubmissionState as S
from escalation.ports.exactly_once import ClientToken
from escalation.ports.paid import NotSent
from escalation.submission.context import Handing, Step, end, move, park
from escalation.submission.doubt import keyed_listing, lost, not_wanted, other_strategy, patience
from escalation.submission.keeping import kept_payload
from escalation.submission.posting import LEAVE_S, answered, forbidden, held, keyed, not_yet, submit

NAME = "client token"


def send(h: Handing, row: Submission) -> Step:
    """POSTs the frozen bytes under the key; the intention to do so is in the ledger before."""
    now = h.mark()
    noted = {"exactly_once": NAME, "settling": now, "first_post": now}
    return not_yet(h, row) or submit(h, row, keyed(h, row), S.AUTHORISED, **noted)


def find_out(h: Handing, row: Submission) -> Step:
    """Sends the same again under the same key, as long as the service remembers it; then it is looked for.

    Work that nobody wants any more, or that may not be sent at this price, is not sent again but looked for.
    What is not there then ends; of wanted work under a key that may be forgotten a person decides.
    """
    if changed := other_strategy(h, row, NAME):
        return changed
    why = forbidden(h, row)
    if not (why or row.cancel_wanted or row.declined or lost(row)) and _remembered(h, row):
        row, left_s = held(h, row)
        return Step(row, left_s) if left_s > 0 else _again(h, row)
    if found := keyed_listing(h, row):
        return found
    if over := not_wanted(h, row):
        return over
    if why:
        return end(h, row, S.REFUSED, why)
    said = "too many POSTs were lost" if lost(row) else "the service may have forgotten the key"
    return park(h, row, f"nothing is listed, and {said} ({row.reason or 'no answer'})")


def _remembered(h: Handing, row: Submission) -> bool:
    """Whether a POST that leaves now arrives while the service still remembers the first one's key."""
    strategy, age_s = h.backend.exactly_once, h.age_s(row.first_post)
    assert isinstance(strategy, ClientToken)
    return age_s is not None and age_s + LEAVE_S + h.settings.settle_s < strategy.lifetime_s


def _again(h: Handing, row: Submission) -> Step:
    """POSTs the same once more, in doubt, so that a crash leaves the doubt that there was."""
    payload, before = kept_payload(h.store, row), row
    post = keyed(h, row)
    row = h.ledger.amend(
        row, sends=row.sends + 1, round=row.round + 1, settling=h.mark(), held=(), held_s=0.0
    )
    try:
        job = post(payload)
    except NotSent as error:
        return patience(h, h.ledger.amend(row, round=before.round), str(error))
    except Exception as error:  # whatever it was, the POST may have got through
        return Step(h.ledger.amend(row, **answered(h, error)), h.settings.poll_s * 2**row.round)
    return Step(move(h, row, S.SUBMITTED, job_id=job.job_id, reason=""))
