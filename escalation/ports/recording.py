"""What the domain expects of the records: a ledger that is the truth, a store of bytes, a tracking view."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from escalation.model.attempt import Attempt, Candidate, Cost, Done
from escalation.model.case import CaseInfo, CaseRecord, CaseStatus, Outcome, WorkKey
from escalation.model.decision import Decision
from escalation.model.elapsed import Elapsed
from escalation.model.problem import Budget
from escalation.model.submission import Approval, Authorisation, Limit, Period, Submission
from escalation.model.submission_states import SubmissionState, Who
from escalation.model.work import Blob, Lost, RawResult, Usage, Work


class Store(Protocol):
    """Bytes by their SHA-256."""

    def put(self, data: bytes) -> str:
        """Keeps the bytes, durably and atomically; returns their digest."""

    def get(self, digest: str) -> bytes:
        """Returns the bytes.

        Raises:
            CorruptRecord: when they are missing or do not match.
        """

    def has(self, digest: str) -> bool: ...


class Ledger(Protocol):
    """The truth about cases, decisions, attempts, intents, budgets; safe from many processes.

    Every write also appends to a hash-chained event table, in the same transaction.
    """

    def open_case(self, info: CaseInfo) -> CaseRecord:
        """Opens a case and takes its lease, or takes up an unfinished one; a final one comes as it is.

        Raises:
            CaseConflict: when the id belongs to another problem, instance or policy,
                or a living process is running the case.
        """

    def heartbeat(self, case_id: str, elapsed: Elapsed | None = None) -> None:
        """Renews this process's lease, and notes how long the case has taken."""

    def elapsed(self, case_id: str) -> Elapsed:
        """How long the case had taken when that was last noted."""

    def link_run(self, case_id: str, mlflow_run_id: str) -> None: ...

    def close_case(self, case_id: str, status: CaseStatus, outcome: Outcome | None) -> None:
        """Sets the status (final or not), keeps the outcome, gives the lease back."""

    def case(self, case_id: str) -> CaseRecord:
        """Returns one case; raises `BadInput` when there is none."""

    def cases(self) -> Sequence[CaseRecord]:
        """All cases, newest first. One whose process is gone reads INTERRUPTED."""

    def find_decision(self, case_id: str, number: int) -> Decision | None: ...

    def add_decision(self, case_id: str, decision: Decision) -> None: ...

    def decisions(self, case_id: str) -> Sequence[Decision]: ...

    def find_attempt(self, case_id: str, number: int) -> tuple[Attempt, Candidate | None] | None:
        """Returns a finished attempt, its candidate's bytes read from the store."""

    def add_attempt(self, case_id: str, attempt: Attempt, candidate: Candidate | None) -> None:
        """Records a finished attempt, its candidate's bytes put into the store first."""

    def attempts(self, case_id: str) -> Sequence[tuple[Attempt, Candidate | None]]: ...

    def intend(self, key: WorkKey, work: Work, backend: str) -> None:
        """Writes down, before it is sent, that this work is wanted; its inputs go to the store.

        Idempotent for the same digest.

        Raises:
            CaseConflict: when the key was used for work of another digest.
        """

    def submitted(self, key: WorkKey, handle: Mapping[str, Any]) -> None: ...

    def find_handle(self, key: WorkKey) -> Mapping[str, Any] | None:
        """Returns the handle of work that was submitted and is not settled."""

    def lose(self, key: WorkKey, lost: Lost) -> None:
        """Notes that a try came to nothing, and what it used: the work is wanted again."""

    def lost(self, key: WorkKey) -> Sequence[Lost]:
        """Returns the tries that came to nothing, in order."""

    def used(self, case_id: str, attempt: int) -> Usage:
        """What an attempt has used so far: settled work, and lost tries of work that is not settled."""

    def settle(self, key: WorkKey, result: RawResult) -> None:
        """Records the final result of the work, its bytes put into the store first."""

    def find_result(self, key: WorkKey, work: Work) -> RawResult | None:
        """Returns the result already had for this key.

        Raises:
            CaseConflict: when the key was used for work of another digest.
        """

    def spent(self, case_id: str) -> Cost:
        """What the case has used so far (not what is reserved)."""

    def reserved_for(self, key: WorkKey) -> Cost:
        """What is set aside for one piece of work; nothing once it is billed or released."""

    def find_work(self, key: WorkKey) -> Work:
        """Returns work that was written down, its inputs read from the store; raises `BadInput` on none."""

    def take_over(self, case_id: str) -> None:
        """Takes the lease of an unfinished case without driving it; the case's status stays as it is.

        Raises:
            CaseConflict: when a living process is running the case.
        """

    def let_go(self, case_id: str) -> None:
        """Gives the case's lease back if this object has it; even where that fails, it has it no more."""

    def idle_s(self, case_id: str) -> float | None:
        """Seconds since anybody held the case's lease or renewed it; None where nobody ever did."""

    def want_submission(self, key: WorkKey, work: str, backend: str, now: float) -> Submission:
        """Opens the submission of paid work under a new random tag, or returns the one there is."""

    def find_submission(self, key: WorkKey) -> Submission | None: ...

    def submissions(self, case_id: str | None = None) -> Sequence[Submission]:
        """All submissions, of one case or of all, in the order in which they were opened."""

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
        self, before: Submission, question: Approval | None, limit: Budget, project: str, now: float
    ) -> tuple[Authorisation, Submission]:
        """Uses up the approval (where a question is given), reserves `before.price.cap`, moves to AUTHORISED.

        One transaction: all of it happens or nothing. The case's limit and every limit of the project and
        of all together (`*`) count, each over its period. ASK leaves the question in the ledger and moves
        to ASKED; REFUSED moves to REFUSED with the reason.
        """

    def consult(self, question: Approval, now: float) -> Authorisation:
        """The same for work that is not paid for: uses an approval up, asks, or refuses; idempotent."""

    def approvals(self, case_id: str | None = None) -> Sequence[Approval]: ...

    def answer(
        self, approval_id: str, *, granted: bool, by: str, reason: str, now: float, known_as: str = ""
    ) -> Approval:
        """A person's word: `by` is what they call themselves, `known_as` what the system knows of them.

        Raises:
            BadInput: when there is no such question, it was answered, or is too old.
        """

    def bill(self, before: Submission, qpu_s: float, usd: float, now: float) -> Submission:
        """Replaces the reservation by what was charged and moves SETTLED to DONE, in one transaction."""

    def bill_by_hand(self, before: Submission, qpu_s: float, usd: float, by: str) -> Submission:
        """Replaces the reservation of given-up work by what a person read off the service's bill.

        Raises:
            BadInput: when the work was not given up, or the bill is negative.
        """

    def set_limit(self, limit: Limit) -> None:
        """Sets what a project may spend in a period; replaces the limit there was."""

    def limits(self) -> Sequence[Limit]: ...

    def spending(
        self, project: str, period: Period, now: float, *, practice: bool = False
    ) -> tuple[Cost, Cost]:
        """What a project (`*`: all) has reserved and spent in the period that `now` lies in.

        Practice money, which nobody is charged, is left out, or told alone.
        """

    def events(self, case_id: str | None = None) -> Sequence[Mapping[str, Any]]:
        """The events in order: number, at, case_id, kind, body, previous hash, hash."""

    def verify(self) -> int:
        """Recomputes the chain; returns the number of events.

        Raises:
            CorruptRecord: at the first event that does not fit.
        """

    def check(self) -> None:
        """Refuses a ledger that was changed behind its back, in rows, events or history.

        Raises:
            CorruptRecord: with the first thing that does not fit.
        """

    def close(self) -> None: ...


class Tracker(Protocol):
    """The view that people browse. Its failure never fails the case; it says so once and goes on."""

    def case_opened(self, record: CaseRecord, instance_blob: Blob | None) -> str | None:
        """Opens (or on resume re-opens) the parent run; returns its id, None when tracking failed."""

    def run_id(self, case_id: str, timeout_s: float) -> str | None:
        """Waits until the case's parent run is open; returns its id, None when there is none by then."""

    def drain(self, timeout_s: float) -> bool | None:
        """Waits until everything so far is logged; False when the time is up first."""

    def decided(self, case_id: str, decision: Decision) -> None: ...

    def attempt_finished(
        self, case_id: str, attempt: Attempt, candidate: Candidate | None, done: Sequence[Done]
    ) -> None:
        """Logs a child run: parameters, metrics, seeds, raw results, circuits, calibration, models."""

    def case_closed(
        self, case_id: str, status: CaseStatus, outcome: Outcome | None, report: bytes | None
    ) -> None:
        """Ends the parent run with the status that fits: FINISHED, FAILED or KILLED."""

    def sweep(self) -> None:
        """Logs what happened while nobody logged: bills that came late, cases whose process is gone."""

    def close(self) -> None: ...
