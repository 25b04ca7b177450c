"""The strategy `ChosenId`: there is never a second job of the id that we choose."""

from escalation.model.submission import Submission
from escalation.model.submission_states import SubmissionState as S
from escalation.submission.context import Handing, Step
from escalation.submission.doubt import keyed_listing, nothing_there, other_strategy
from escalation.submission.posting import keyed, not_yet, submit

NAME = "chosen id"


def send(h: Handing, row: Submission) -> Step:
    """POSTs the frozen bytes with the id; the intention to do so is in the ledger before."""
    noted = {"exactly_once": NAME, "settling": h.mark()}
    return not_yet(h, row) or submit(h, row, keyed(h, row), S.AUTHORISED, **noted)


def find_out(h: Handing, row: Submission) -> Step:
    """Asks for the job of the id; where there is none after the settling time, it is sent again."""
    return other_strategy(h, row, NAME) or keyed_listing(h, row) or nothing_there(h, row)
