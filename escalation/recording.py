"""What the domain expects of the records: a ledger that is the truth, a store of bytes, a tracking view."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from escalation.attempt import Attempt, Candidate, Cost, Done
from escalation.case import CaseInfo, CaseRecord, CaseStatus, Outcome, WorkKey
from escalation.decision import Decision
from escalation.problem import Budget
from escalation.work import Blob, RawResult, Work


class Store(Protocol):
    """Bytes by their SHA-256."""

    def put(self, data: bytes) -> str:
        """Keeps the bytes, durably and atomically; returns their digest."""

    def get(self, digest: str) -> bytes:
        """Returns the bytes.

        Raises:
            escalation.errors.CorruptRecord: when they are missing or do not match.
        """

    def has(self, digest: str) -> bool: ...


class Ledger(Protocol):
    """The truth about cases, decisions, attempts, intents, budgets; safe from many processes.

    Every write also appends to a hash-chained event table, in the same transaction.
    """

    def open_case(self, info: CaseInfo) -> CaseRecord:
        """Opens a case and takes its lease, or takes up an unfinished one; a final one comes as it is.

        Raises:
            escalation.errors.CaseConflict: when the id belongs to another problem, instance or policy,
                or a living process is running the case.
        """

    def heartbeat(self, case_id: str) -> None:
        """Renews this process's lease."""

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
            escalation.errors.CaseConflict: when the key was used for work of another digest.
        """

    def submitted(self, key: WorkKey, handle: Mapping[str, Any]) -> None: ...

    def find_handle(self, key: WorkKey) -> Mapping[str, Any] | None:
        """Returns the handle of work that was submitted and is not settled."""

    def settle(self, key: WorkKey, result: RawResult) -> None:
        """Records the final result of the work, its bytes put into the store first."""

    def find_result(self, key: WorkKey, work: Work) -> RawResult | None:
        """Returns the result already had for this key.

        Raises:
            escalation.errors.CaseConflict: when the key was used for work of another digest.
        """

    def reserve(self, key: WorkKey, amount: Cost, limit: Budget) -> bool:
        """Sets `amount` aside in one transaction; False when spent + reserved + amount would pass `limit`.

        Counts USD and QPU seconds of the case. Idempotent by key.
        """

    def spend(self, key: WorkKey, amount: Cost) -> None:
        """Replaces the key's reservation by what was really used; with zero cost it is released."""

    def spent(self, case_id: str) -> Cost:
        """What the case has used so far (not what is reserved)."""

    def events(self, case_id: str | None = None) -> Sequence[Mapping[str, Any]]:
        """The events in order: number, at, case_id, kind, body, previous hash, hash."""

    def verify(self) -> int:
        """Recomputes the chain; returns the number of events.

        Raises:
            escalation.errors.CorruptRecord: at the first event that does not fit.
        """

    def close(self) -> None: ...


class Tracker(Protocol):
    """The view that people browse. Its failure never fails the case; it says so once and goes on."""

    def case_opened(self, record: CaseRecord, instance_blob: Blob | None) -> str | None:
        """Opens (or on resume re-opens) the parent run; returns its id, None when tracking failed."""

    def run_id(self, case_id: str, timeout_s: float) -> str | None:
        """Waits until the case's parent run is open; returns its id, None when there is none by then."""

    def decided(self, case_id: str, decision: Decision) -> None: ...

    def attempt_finished(
        self, case_id: str, attempt: Attempt, candidate: Candidate | None, done: Sequence[Done]
    ) -> None:
        """Logs a child run: parameters, metrics, seeds, raw results, circuits, calibration, models."""

    def case_closed(
        self, case_id: str, status: CaseStatus, outcome: Outcome | None, report: bytes | None
    ) -> None:
        """Ends the parent run with the status that fits: FINISHED, FAILED or KILLED."""

    def close(self) -> None: ...
