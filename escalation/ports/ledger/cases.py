"""What the domain expects of a ledger about cases: who runs them, what was decided and tried."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from escalation.model.attempt import Attempt, Candidate
from escalation.model.canary import CanaryCount
from escalation.model.case import CaseInfo, CaseRecord, CaseStatus, Outcome
from escalation.model.cases_wanted import EVERY_CASE, CasesWanted
from escalation.model.decision import Decision
from escalation.model.elapsed import Elapsed
from escalation.model.pruned import Pruning


class CaseLedger(Protocol):
    """Cases with their leases, decisions and attempts."""

    def open_case(self, info: CaseInfo) -> CaseRecord:
        """Opens a case and takes its lease, or takes up an unfinished one; a final one comes as it is.

        The record says whether it is `new`.

        Raises:
            CaseConflict: when the id belongs to another problem, instance or policy,
                or a living process is running the case.
        """

    def take_over(self, case_id: str) -> None:
        """Takes the lease of an unfinished case without driving it; the case's status stays as it is.

        Raises:
            CaseConflict: when a living process is running the case.
        """

    def let_go(self, case_id: str) -> None:
        """Gives the case's lease back if this object has it; even where that fails, it has it no more."""

    def idle_s(self, case_id: str) -> float | None:
        """Seconds since anybody held the case's lease or renewed it; None where nobody ever did."""

    def heartbeat(self, case_id: str, elapsed: Elapsed | None = None) -> None:
        """Renews this process's lease, and notes how long the case has taken."""

    def elapsed(self, case_id: str) -> Elapsed:
        """How long the case had taken when that was last noted."""

    def link_run(self, case_id: str, mlflow_run_id: str) -> None: ...

    def close_case(self, case_id: str, status: CaseStatus, outcome: Outcome | None) -> None:
        """Sets the status (final or not), keeps the outcome, gives the lease back."""

    def case(self, case_id: str) -> CaseRecord:
        """Returns one case; raises `BadInput` when there is none."""

    def cases(self, wanted: CasesWanted = EVERY_CASE) -> Sequence[CaseRecord]:
        """The cases wanted, newest first. One whose process is gone reads INTERRUPTED."""

    def each_case(self, wanted: CasesWanted = EVERY_CASE) -> Iterator[CaseRecord]:
        """The same, read a page at a time."""

    def find_decision(self, case_id: str, number: int) -> Decision | None: ...

    def add_decision(self, case_id: str, decision: Decision) -> None: ...

    def decisions(self, case_id: str) -> Sequence[Decision]: ...

    def note_shadow(self, case_id: str, said: Mapping[str, Any]) -> None:
        """Records what a shadow policy says of a decision, as an event and nothing else."""

    def shadows(self, case_id: str) -> Sequence[Mapping[str, Any]]:
        """What shadow policies said of the case's decisions, in order."""

    def find_attempt(self, case_id: str, number: int) -> tuple[Attempt, Candidate | None] | None:
        """Returns a finished attempt, its candidate's bytes read from the store."""

    def add_attempt(self, case_id: str, attempt: Attempt, candidate: Candidate | None) -> None:
        """Records a finished attempt, its candidate's bytes put into the store first."""

    def attempts(self, case_id: str) -> Sequence[tuple[Attempt, Candidate | None]]: ...

    def attempt_records(self, case_id: str) -> Sequence[Attempt]:
        """The case's finished attempts in order, without their candidates: the store is not read."""

    def prunings(self, case_id: str) -> Sequence[Pruning]:
        """What was given up of a case, in order."""

    def begin_canary(self, digest: str, policy: str, acting: str) -> bool:
        """Records that a canary begins, unless it has; says whether it was new."""

    def canary_ended(self, digest: str) -> str | None:
        """Why a canary ended; None where it has not."""

    def end_canary(self, digest: str, because: str) -> bool:
        """Records that a canary ends, unless it has; says whether it was new."""

    def canary_count(self, digest: str, acting: str, bound: float) -> CanaryCount:
        """What the cases of canary and acting policy since the canary began come to."""
