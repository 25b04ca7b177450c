"""The ledger of submissions: `escalation.ports.ledger.submissions` in SQL."""

from collections.abc import Collection, Sequence
from typing import Any

from escalation.model.amounts import Caps
from escalation.model.case import WorkKey
from escalation.model.result import RawResult
from escalation.model.submission import Approval, Authorisation, Submission
from escalation.model.submission_states import SubmissionState, Who
from records.ledger import intents, lineage, paying, submissions
from records.ledger.codec import result_blobs
from records.ledger.session import LedgerSession


class SqlSubmissions(LedgerSession):
    """Submissions, and the moves that set money aside or bill it."""

    def want_submission(self, key: WorkKey, work: str, backend: str, now: float) -> Submission:
        """Opens a submission under the tag that `lineage` gives it, or returns the one there is."""
        with self._writing(key.case_id) as connection:
            return submissions.want(connection, key, work, backend, now)

    def restored_at(self) -> float | None:
        """When the ledger was last put back from a back-up; None where it never was."""
        with self._database.reading() as connection:
            return lineage.restored_at(connection)

    def find_submission(self, key: WorkKey) -> Submission | None:
        """Returns the submission of that work."""
        with self._database.reading() as connection:
            return submissions.find(connection, key)

    def submissions(
        self, case_id: str | None = None, states: Collection[SubmissionState] | None = None
    ) -> Sequence[Submission]:
        """The submissions of one case or of all, in some states or any, in the order of their opening."""
        with self._database.reading() as connection:
            return submissions.list_all(connection, case_id, states)

    def move(
        self, before: Submission, target: SubmissionState, now: float, who: Who = Who.DRIVER, **changes: Any
    ) -> Submission:
        """Takes a submission to another state, if it still is as `before`; a driver needs the case's lease.

        To REFUSED, and to CANCELLED from any state but PARKED, it also releases what was reserved.

        Raises:
            CaseConflict: on a transition that is not in the table or belongs to `authorise` or `bill`, or
                when somebody else moved it meanwhile.
        """
        writing = self._writing if who is Who.DRIVER else self._database.writing
        with writing(before.case_id) as connection:
            return submissions.move(connection, before, target, now, who, **changes)

    def amend(self, before: Submission, **changes: Any) -> Submission:
        """Changes what is noted of a submission without moving it; `cancel_wanted` needs no lease.

        Where nothing changes, nothing is written, and nobody is kept waiting for the ledger.
        """
        if all(getattr(before, name) == value for name, value in changes.items()):
            with self._database.reading() as connection:
                submissions.check_is(connection, before)
            return before
        of_anybody = set(changes) <= {"cancel_wanted"}
        writing = self._database.writing if of_anybody else self._writing
        with writing(before.case_id) as connection:
            return submissions.amend(connection, before, **changes)

    def authorise(
        self, before: Submission, question: Approval | None, limit: Caps, project: str, now: float
    ) -> tuple[Authorisation, Submission]:
        """Uses up the approval, reserves the cap and moves to AUTHORISED; or asks, or refuses; at once."""
        self._check_not_older()
        with self._writing(before.case_id) as connection:
            return paying.authorise(connection, before, question, limit=limit, project=project, now=now)

    def settle_submission(
        self, before: Submission, result: RawResult, now: float, **changes: Any
    ) -> Submission:
        """Keeps the work's result and moves FETCHED to SETTLED, at once."""
        self._keep(result_blobs(result))
        with self._writing(before.case_id) as connection:
            intents.settle(connection, before.key, result)
            return submissions.move(connection, before, SubmissionState.SETTLED, now, Who.DRIVER, **changes)

    def bill(self, before: Submission, qpu_s: float, usd: float, now: float, **changes: Any) -> Submission:
        """Replaces the reservation by what was charged and moves SETTLED to DONE; needs no lease."""
        with self._sharing(before.case_id) as connection:
            return paying.bill(connection, before, qpu_s, usd, now, **changes)

    def bill_by_hand(self, before: Submission, qpu_s: float, usd: float, by: str) -> Submission:
        """Replaces the reservation of given-up work by what a person read off the service's bill."""
        with self._sharing(before.case_id) as connection:
            return paying.bill_by_hand(connection, before, qpu_s, usd, by)
