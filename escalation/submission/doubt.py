"""A POST that nobody knows the fate of: what the strategies have in common in finding it out."""

from escalation.model.errors import BackendError
from escalation.model.submission import Marks, Submission
from escalation.model.submission_states import SubmissionState as S
from escalation.submission.adoption import adopt
from escalation.submission.context import Handing, Step, end, move, park
from escalation.submission.posting import LEAVE_S

ROUNDS = 3
"""POSTs in doubt before a person is asked: a service that loses three in a row is not well."""


def listing(h: Handing, row: Submission, settling: Marks, settle_s: float, unsettled: str) -> Step | None:
    """Adopts the job that the service lists; None where it lists none and can list none any more.

    Args:
        h: the submission's context.
        row: the submission.
        settling: since when no POST can leave or enter any more.
        settle_s: seconds after which one that did is listed.
        unsettled: what a person is told where that is not known to have begun.
    """
    settled_s = h.age_s(settling)  # at the listing, which takes its time
    try:
        jobs = h.backend.find(row.tag, row.batches)
    except BackendError as error:
        return patience(h, row, str(error))
    if jobs:
        return Step(adopt(h, row, jobs))
    if settled_s is None:
        return patience(h, row, unsettled)
    left_s = settle_s - settled_s
    return Step(row, min(left_s, h.settings.poll_s * 4)) if left_s > 0 else None


def keyed_listing(h: Handing, row: Submission) -> Step | None:
    """The same where no batch keeps a late POST out: settled is what was sent long enough ago."""
    row = h.ledger.amend(row, settling=h.mark(row.settling))
    return listing(h, row, row.settling, h.settings.settle_s + LEAVE_S, "")


def nothing_there(h: Handing, row: Submission) -> Step:
    """The service has no job, and will have none of what was sent: another POST, or the end."""
    if over := not_wanted(h, row):
        return over
    if lost(row):
        return park(h, row, f"{ROUNDS} POSTs were lost one after the other ({row.reason})")
    return Step(move(h, row, S.AUTHORISED, round=row.round + 1))


def not_wanted(h: Handing, row: Submission) -> Step | None:
    """Ends work that nobody wants any more, or that the service refused for good."""
    if row.cancel_wanted:
        return end(h, row, S.CANCELLED, "cancelled; the service has no job of it")
    return end(h, row, S.REFUSED, row.reason) if row.declined else None


def lost(row: Submission) -> bool:
    """Whether no further POST is made; a person who has it looked for again allows one more."""
    return row.round + 1 >= ROUNDS and bool(row.reason)


def other_strategy(h: Handing, row: Submission, now: str) -> Step | None:
    """What was sent in another way than the machine has now is looked for, and never sent again."""
    if row.exactly_once == now:
        return None
    said = f"it was sent by way of {row.exactly_once}, and the backend has {now} now"
    return keyed_listing(h, row) or park(h, row, said)


def patience(h: Handing, row: Submission, why: str) -> Step:
    """Tries again later, or leaves it to a person where that has gone on for too long."""
    row = h.ledger.amend(row, entered=h.mark(row.entered))
    ages = [h.age_s(row.entered), h.age_s((h.since,)) if h.since else None]
    if min(age for age in ages if age is not None) > h.settings.doubt_s:
        return park(h, row, why)
    return Step(row, h.settings.poll_s * 2)
