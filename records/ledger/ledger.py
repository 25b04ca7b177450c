"""The ledger: the truth about cases, decisions, work, submissions, approvals, budgets, in a SQL database."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any
from weakref import WeakSet

from sqlalchemy import Connection

from escalation.model.attempt import Attempt, Candidate, Cost, Done
from escalation.model.case import CaseInfo, CaseRecord, CaseStatus, Outcome, WorkKey
from escalation.model.decision import Decision
from escalation.model.elapsed import Elapsed
from escalation.model.problem import Budget
from escalation.model.submission import Approval, Authorisation, Limit, Period, Submission
from escalation.model.submission_states import SubmissionState, Who
from escalation.model.work import Lost, RawResult, Usage, Work
from escalation.ports.recording import Store
from records.ledger import (
    approvals,
    budgets,
    cases,
    events,
    history,
    intents,
    leases,
    limits,
    paying,
    submissions,
    walk,
)
from records.ledger.codec import candidate_blobs, result_blobs, work_blobs
from records.ledger.database import Database

_OPEN: "WeakSet[SqlLedger]" = WeakSet()
"""The ledgers of this process: who asks them knows whether a lease in its name is still anybody's."""


class SqlLedger:
    """`escalation.ports.recording.Ledger` on SQLite or, by its URL, PostgreSQL.

    Safe from several threads and processes. The object that opened a case, or took it over, holds its
    lease: it alone writes to the case, until it closes the case, lets it go, or closes itself. Without the
    lease there are bills and budgets, because a bill may come late and workers may run elsewhere, and what a
    person says: answers, limits, moves that are a person's. Every write but the lease's own appends an event
    in the same transaction. Bytes are in the store before a row names them.
    """

    def __init__(self, url: str, store: Store, lease_s: float = 30.0) -> None:
        """Opens the ledger, and creates it where there is none.

        Args:
            url: of SQLAlchemy.
            store: keeps the bytes.
            lease_s: seconds after which a silent process on another host counts as gone.

        Raises:
            BadInput: when the database cannot be used.
        """
        self.store = store
        self._lease_s = lease_s
        self._database = Database(url)
        self._tokens: dict[str, int] = {}
        self._lock = Lock()
        _OPEN.add(self)

    def open_case(self, info: CaseInfo) -> CaseRecord:
        """Opens a case and takes its lease, or takes up an unfinished one; a final one comes as it is.

        Raises:
            CaseConflict: when the id belongs to another problem, instance or policy, or a living process
                (this one included) is running the case.
        """
        with self._lock, self._database.writing() as connection:
            free = self._nobody_here_holds(info.case_id)
            record, token = cases.start(connection, info, self._lease_s, abandoned=free)
            if token is not None:
                self._tokens[info.case_id] = token
            return record

    def heartbeat(self, case_id: str, elapsed: Elapsed | None = None) -> None:
        """Renews the lease, and keeps how long the case has taken; raises `CaseConflict` when it is lost."""
        with self._writing(case_id) as connection:
            if elapsed is not None:
                leases.note_elapsed(connection, case_id, elapsed)

    def elapsed(self, case_id: str) -> Elapsed:
        """How long the case had taken when that was last noted."""
        with self._database.reading() as connection:
            return leases.elapsed(connection, case_id)

    def link_run(self, case_id: str, mlflow_run_id: str) -> None:
        """Notes the MLflow run that shows the case; needs no lease, it may come late."""
        with self._database.writing() as connection:
            cases.link_run(connection, case_id, mlflow_run_id)

    def close_case(self, case_id: str, status: CaseStatus, outcome: Outcome | None) -> None:
        """Sets the status (final or not), keeps the outcome, gives the lease back."""
        with self._writing(case_id) as connection:
            cases.finish(connection, case_id, self._tokens[case_id], status, outcome)
        self._tokens.pop(case_id, None)

    def case(self, case_id: str) -> CaseRecord:
        """Returns one case; raises `BadInput` when there is none."""
        with self._database.reading() as connection:
            return cases.get(connection, case_id)

    def cases(self) -> Sequence[CaseRecord]:
        """All cases, newest first. One whose process is gone reads INTERRUPTED."""
        with self._database.reading() as connection:
            return cases.list_all(connection)

    def find_decision(self, case_id: str, number: int) -> Decision | None:
        """Returns the case's decision of that number."""
        with self._database.reading() as connection:
            return history.find_decision(connection, case_id, number)

    def add_decision(self, case_id: str, decision: Decision) -> None:
        """Writes a decision; raises `CaseConflict` when there is another of that number."""
        with self._writing(case_id) as connection:
            history.add_decision(connection, case_id, decision)

    def decisions(self, case_id: str) -> Sequence[Decision]:
        """Returns the case's decisions in order."""
        with self._database.reading() as connection:
            return history.all_decisions(connection, case_id)

    def find_attempt(self, case_id: str, number: int) -> tuple[Attempt, Candidate | None] | None:
        """Returns a finished attempt, its candidate's bytes read from the store."""
        with self._database.reading() as connection:
            return history.find_attempt(connection, self.store, case_id, number)

    def add_attempt(self, case_id: str, attempt: Attempt, candidate: Candidate | None) -> None:
        """Writes a finished attempt; raises `CaseConflict` when there is another of that number."""
        self._keep(() if candidate is None else candidate_blobs(candidate))
        with self._writing(case_id) as connection:
            history.add_attempt(connection, case_id, attempt, candidate)

    def attempts(self, case_id: str) -> Sequence[tuple[Attempt, Candidate | None]]:
        """Returns the case's finished attempts in order."""
        with self._database.reading() as connection:
            return history.all_attempts(connection, self.store, case_id)

    def attempt_records(self, case_id: str) -> Sequence[Attempt]:
        """Returns the case's finished attempts in order, without their candidates: the store is not read."""
        with self._database.reading() as connection:
            return history.attempt_records(connection, case_id)

    def intend(self, key: WorkKey, work: Work, backend: str) -> None:
        """Writes down that the work is wanted; raises `CaseConflict` when the key names other work."""
        self._keep(work_blobs(work))
        with self._writing(key.case_id) as connection:
            intents.want(connection, key, work, backend)

    def submitted(self, key: WorkKey, handle: Mapping[str, Any]) -> None:
        """Keeps the handle of work that was sent; raises `CaseConflict` when it is settled or unknown."""
        with self._writing(key.case_id) as connection:
            intents.submit(connection, key, handle)

    def find_handle(self, key: WorkKey) -> Mapping[str, Any] | None:
        """Returns the handle of work that was submitted and is not settled."""
        with self._database.reading() as connection:
            return intents.find_handle(connection, key)

    def lose(self, key: WorkKey, lost: Lost) -> None:
        """Notes that a try came to nothing; raises `CaseConflict` when the work is settled or unknown."""
        with self._writing(key.case_id) as connection:
            intents.lose(connection, key, lost)

    def lost(self, key: WorkKey) -> Sequence[Lost]:
        """Returns the tries that came to nothing, in order."""
        with self._database.reading() as connection:
            return intents.find_lost(connection, key)

    def used(self, case_id: str, attempt: int) -> Usage:
        """What an attempt has used so far: settled work, and lost tries of work that is not settled."""
        with self._database.reading() as connection:
            return intents.used(connection, case_id, attempt)

    def settle(self, key: WorkKey, result: RawResult) -> None:
        """Keeps the final result; raises `CaseConflict` when there is another."""
        self._keep(result_blobs(result))
        with self._writing(key.case_id) as connection:
            intents.settle(connection, key, result)

    def find_result(self, key: WorkKey, work: Work) -> RawResult | None:
        """Returns the result already had; raises `CaseConflict` when the key names other work."""
        with self._database.reading() as connection:
            return intents.find_result(connection, self.store, key, work)

    def works(self, case_id: str, attempt: int) -> Sequence[Done]:
        """Returns the attempt's settled work and its results in order, rebuilt from ledger and store."""
        with self._database.reading() as connection:
            return intents.all_done(connection, self.store, case_id, attempt)

    def reserve(self, key: WorkKey, amount: Cost, limit: Budget) -> bool:
        """Sets the amount aside; False when the case's spent + reserved + amount would pass the limit."""
        with self._sharing(key.case_id) as connection:
            return budgets.reserve(connection, key, amount, limit)

    def spend(self, key: WorkKey, amount: Cost) -> None:
        """Replaces the key's reservation by what was really used; zero releases it."""
        with self._sharing(key.case_id) as connection:
            budgets.spend(connection, key, amount)

    def spent(self, case_id: str) -> Cost:
        """What the case has used so far, as told to `spend`."""
        with self._database.reading() as connection:
            return budgets.spent(connection, case_id)

    def spent_for(self, key: WorkKey) -> Cost:
        """What was billed for one piece of work; nothing where nothing was, or not yet."""
        with self._database.reading() as connection:
            return budgets.spent_for(connection, key)

    def reserved_for(self, key: WorkKey) -> Cost:
        """What is set aside for one piece of work; nothing once it is billed or released."""
        with self._database.reading() as connection:
            return budgets.reserved_for(connection, key)

    def find_work(self, key: WorkKey) -> Work:
        """Returns work that was written down, its inputs read from the store; raises `BadInput` on none."""
        with self._database.reading() as connection:
            return intents.find_work(connection, self.store, key)

    def take_over(self, case_id: str) -> None:
        """Takes the lease of a case without driving it: its status stays, also when that is final.

        Raises:
            BadInput: when there is no such case.
            CaseConflict: when a living process (this one included) is running the case.
        """
        with self._lock, self._database.writing() as connection:
            cases.get(connection, case_id)
            free = self._nobody_here_holds(case_id)
            self._tokens[case_id] = leases.take(connection, case_id, self._lease_s, abandoned=free)

    def let_go(self, case_id: str) -> None:
        """Gives the case's lease back if this object has it; even where that fails, it has it no more."""
        with self._lock:
            token = self._tokens.pop(case_id, None)
            if token is not None:
                with self._database.writing() as connection:
                    leases.give_back(connection, case_id, token)

    def idle_s(self, case_id: str) -> float | None:
        """Seconds since anybody held the case's lease or renewed it; None where nobody ever did."""
        with self._database.reading() as connection:
            return leases.idle_s(connection, case_id)

    def want_submission(self, key: WorkKey, work: str, backend: str, now: float) -> Submission:
        """Opens a submission under a new random tag, or returns the one there is."""
        with self._writing(key.case_id) as connection:
            return submissions.want(connection, key, work, backend, now)

    def find_submission(self, key: WorkKey) -> Submission | None:
        """Returns the submission of that work."""
        with self._database.reading() as connection:
            return submissions.find(connection, key)

    def submissions(self, case_id: str | None = None) -> Sequence[Submission]:
        """All submissions, of one case or of all, in the order in which they were opened."""
        with self._database.reading() as connection:
            return submissions.list_all(connection, case_id)

    def move(
        self, before: Submission, target: SubmissionState, now: float, who: Who = Who.DRIVER, **changes: Any
    ) -> Submission:
        """Takes a submission to another state, if it still is as `before`; a driver needs the case's lease.

        To REFUSED, and to CANCELLED from any state but PARKED, it also releases what was reserved.

        Raises:
            CaseConflict: on a transition that is not in the table or belongs to `authorise` or `bill`, or
                when somebody else moved it meanwhile.
        """
        of_driver = who is Who.DRIVER
        with self._writing(before.case_id) if of_driver else self._database.writing() as connection:
            return submissions.move(connection, before, target, now, who, **changes)

    def amend(self, before: Submission, **changes: Any) -> Submission:
        """Changes what is noted of a submission without moving it; `cancel_wanted` needs no lease."""
        of_anybody = set(changes) <= {"cancel_wanted"}
        with self._database.writing() if of_anybody else self._writing(before.case_id) as connection:
            return submissions.amend(connection, before, **changes)

    def authorise(
        self, before: Submission, question: Approval | None, limit: Budget, project: str, now: float
    ) -> tuple[Authorisation, Submission]:
        """Uses up the approval, reserves the cap and moves to AUTHORISED; or asks, or refuses; at once."""
        with self._writing(before.case_id) as connection:
            return paying.authorise(connection, before, question, limit=limit, project=project, now=now)

    def consult(self, question: Approval, now: float) -> Authorisation:
        """The same for work that is not paid for; idempotent."""
        with self._writing(question.case_id) as connection:
            return paying.consult(connection, question, now)

    def approvals(self, case_id: str | None = None) -> Sequence[Approval]:
        """All questions to persons, of one case or of all, in the order in which they were asked."""
        with self._database.reading() as connection:
            return approvals.list_all(connection, case_id)

    def answer(
        self, approval_id: str, *, granted: bool, by: str, reason: str, now: float, known_as: str = ""
    ) -> Approval:
        """A person's word; raises `BadInput` when there is no such question, or no longer."""
        said = {"by": by, "known_as": known_as, "reason": reason}
        with self._database.writing() as connection:
            return approvals.answer(connection, approval_id, granted=granted, said=said, now=now)

    def bill(self, before: Submission, qpu_s: float, usd: float, now: float) -> Submission:
        """Replaces the reservation by what was charged and moves SETTLED to DONE; needs no lease."""
        with self._sharing(before.case_id) as connection:
            return paying.bill(connection, before, qpu_s, usd, now)

    def bill_by_hand(self, before: Submission, qpu_s: float, usd: float, by: str) -> Submission:
        """Replaces the reservation of given-up work by what a person read off the service's bill."""
        with self._sharing(before.case_id) as connection:
            return paying.bill_by_hand(connection, before, qpu_s, usd, by)

    def set_limit(self, limit: Limit) -> None:
        """Sets what a project may spend in a period; replaces the limit there was."""
        with self._database.writing() as connection:
            limits.put(connection, limit)

    def limits(self) -> Sequence[Limit]:
        """All limits, by project and period."""
        with self._database.reading() as connection:
            return limits.list_all(connection)

    def spending(
        self, project: str, period: Period, now: float, *, practice: bool = False
    ) -> tuple[Cost, Cost]:
        """What a project (`*`: all) has reserved and spent in the period that `now` lies in.

        Practice money, which nobody is charged, is left out, or told alone.
        """
        with self._database.reading() as connection:
            return limits.spending(connection, project, period, now, practice=practice)

    def events(self, case_id: str | None = None) -> Sequence[Mapping[str, Any]]:
        """The events in order: number, at, case_id, kind, body, previous (hash), hash."""
        with self._database.reading() as connection:
            return events.read(connection, case_id)

    def verify(self) -> int:
        """Recomputes the chain and every row's digest; raises `CorruptRecord` where one does not fit."""
        with self._database.reading() as connection:
            return events.verify(connection)

    def findings(self) -> tuple[str, ...]:
        """What does not fit: events and rows against their hashes, and the history against itself."""
        with self._database.reading() as connection:
            return tuple(walk.everything(connection))

    def digests(self) -> frozenset[str]:
        """The digests of all bytes that the ledger's rows name; they must be in the store."""
        with self._database.reading() as connection:
            return frozenset(walk.digests(connection))

    def check(self) -> None:
        """Refuses a ledger that was changed behind its back; raises `CorruptRecord` with what is wrong."""
        with self._database.reading() as connection:
            walk.check(connection)

    def close(self) -> None:
        """Gives back the leases still held (their cases then read INTERRUPTED) and disconnects."""
        with self._lock:
            if self._tokens:
                with self._database.writing() as connection:
                    for case_id, token in self._tokens.items():
                        leases.give_back(connection, case_id, token)
                self._tokens.clear()
        self._database.close()

    def _nobody_here_holds(self, case_id: str) -> bool:
        return not any(
            case_id in each._tokens for each in tuple(_OPEN) if each._database.url == self._database.url
        )

    @contextmanager
    def _writing(self, case_id: str) -> Iterator[Connection]:
        with self._database.writing() as connection:
            leases.renew(connection, case_id, self._tokens.get(case_id))
            yield connection

    @contextmanager
    def _sharing(self, case_id: str) -> Iterator[Connection]:
        with self._database.writing() as connection:
            leases.check_not_stale(connection, case_id, self._tokens.get(case_id))
            yield connection

    def _keep(self, blobs: Iterable[bytes]) -> None:
        for data in blobs:
            self.store.put(data)
