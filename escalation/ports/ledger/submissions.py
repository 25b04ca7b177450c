"""What the domain expects of a ledger about submissions: each one a row that moves by the table of states."""

from collections.abc import Collection, Sequence
from typing import Any, Protocol

from escalation.model.amounts import Caps
from escalation.model.case import WorkKey
from escalation.model.result import RawResult
from escalation.model.submission import Approval, Authorisation, Submission
from escalation.model.submission_states import SubmissionState, Who


class SubmissionLedger(Protocol):
    """Submissions, and the moves that set money aside or bill it."""

    def want_submission(self, key: WorkKey, work: str, backend: str, now: float) -> Submission:
        """Opens the submission of paid work, or returns the one there is.

        Its tag is the same in this ledger and in every back-up of it, and in no other ledger.
        """

    def restored_at(self) -> float | None:
        """When the ledger was last put back from a back-up; seconds since the epoch. None: never."""

    def find_submission(self, key: WorkKey) -> Submission | None: ...

    def submissions(
        self, case_id: str | None = None, states: Collection[SubmissionState] | None = None
    ) -> Sequence[Submission]:
        """The submissions of one case or of all, in some states or any, in the order of their opening."""

    def move(
        self, before: Submission, target: SubmissionState, now: float, who: Who = Who.DRIVER, **changes: Any
    ) -> Submission:
        """Takes a submission to another state, if it still is as `before`; a driver needs the case's lease.

        Raises:
            CaseConflict: on a transition that is not in the table, or a lost lease.
            Moved: when somebody else changed it meanwhile.
        """

    def amend(self, before: Submission, **changes: Any) -> Submission:
        """Changes what is noted of a submission without moving it, if it still is as `before`.

        Only `cancel_wanted` may be set without the case's lease.
        """

    def authorise(
        self, before: Submission, question: Approval | None, limit: Caps, project: str, now: float
    ) -> tuple[Authorisation, Submission]:
        """Uses up the approval (where a question is given), reserves `before.price.cap`, moves to AUTHORISED.

        One transaction: all of it happens or nothing. The case's limit and every limit of the project and
        of all together (`*`) count, each over its period. ASK leaves the question in the ledger and moves
        to ASKED; REFUSED moves to REFUSED with the reason.
        """

    def settle_submission(
        self, before: Submission, result: RawResult, now: float, **changes: Any
    ) -> Submission:
        """Keeps the work's result and moves FETCHED to SETTLED, in one transaction."""

    def bill(self, before: Submission, qpu_s: float, usd: float, now: float, **changes: Any) -> Submission:
        """Replaces the reservation by what was charged and moves SETTLED to DONE, in one transaction."""

    def bill_by_hand(self, before: Submission, qpu_s: float, usd: float, by: str) -> Submission:
        """Replaces the reservation of given-up work by what a person read off the service's bill.

        Raises:
            BadInput: when the work was not given up, or the bill is negative.
        """
