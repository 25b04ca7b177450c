"""The ledger of cases: `escalation.ports.ledger.cases` in SQL."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from escalation.model.attempt import Attempt, Candidate
from escalation.model.canary import CanaryCount
from escalation.model.case import CaseInfo, CaseRecord, CaseStatus, Outcome
from escalation.model.cases_wanted import EVERY_CASE, CasesWanted
from escalation.model.decision import Decision
from escalation.model.elapsed import Elapsed
from escalation.model.errors import BadInput
from escalation.policy.backtest.past_case import PastCase
from escalation.text.wording import listed
from records.ledger import canaries, cases, history, leases, summaries
from records.ledger.chains import append
from records.ledger.codec import candidate_blobs
from records.ledger.events import bodies
from records.ledger.past_cases import past_case, past_page
from records.ledger.readable import Broken
from records.ledger.session import LedgerSession
from records.ledger.summaries import CaseSummary

NAMED = 10
"""Cases that are named where a beginning fits several."""
SHADOW = "shadow.decided"
"""The kind of events that say what a shadow policy would have decided."""


class SqlCases(LedgerSession):
    """Cases with their leases, decisions and attempts."""

    def open_case(self, info: CaseInfo) -> CaseRecord:
        """Opens a case and takes its lease, or takes up an unfinished one; a final one comes as it is.

        Raises:
            CaseConflict: when the id belongs to another problem, instance or policy, or a living process
                (this one included) is running the case.
        """
        with self._lock, self._database.writing(info.case_id) as connection:
            free = self._nobody_here_holds(info.case_id)
            record, token = cases.start(connection, info, self._lease_s, abandoned=free)
            if token is not None:
                self._tokens[info.case_id] = token
            return record

    def take_over(self, case_id: str) -> None:
        """Takes the lease of a case without driving it: its status stays, also when that is final.

        Raises:
            BadInput: when there is no such case.
            CaseConflict: when a living process (this one included) is running the case.
        """
        with self._lock, self._database.writing(case_id) as connection:
            cases.get(connection, case_id)
            free = self._nobody_here_holds(case_id)
            self._tokens[case_id] = leases.take(connection, case_id, self._lease_s, abandoned=free)

    def let_go(self, case_id: str) -> None:
        """Gives the case's lease back if this object has it; even where that fails, it has it no more."""
        with self._lock:
            token = self._tokens.pop(case_id, None)
            if token is not None:
                with self._database.writing(case_id) as connection:
                    leases.give_back(connection, case_id, token)

    def idle_s(self, case_id: str) -> float | None:
        """Seconds since anybody held the case's lease or renewed it; None where nobody ever did."""
        with self._database.reading() as connection:
            return leases.idle_s(connection, case_id)

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
        with self._database.writing(case_id) as connection:
            cases.link_run(connection, case_id, mlflow_run_id)

    def close_case(self, case_id: str, status: CaseStatus, outcome: Outcome | None) -> None:
        """Sets the status (final or not), keeps the outcome, gives the lease back."""
        with self._writing(case_id) as connection:
            cases.finish(connection, case_id, self._tokens[case_id], status, outcome)
            if self._signer is not None:
                self._signer.of_case(connection, case_id)
        self._tokens.pop(case_id, None)

    def case(self, case_id: str) -> CaseRecord:
        """Returns one case; raises `BadInput` when there is none."""
        with self._database.reading() as connection:
            return cases.get(connection, case_id)

    def ids_from(self, beginning: str, most: int) -> list[str]:
        """Ids that begin so, the newest cases first; one that is so itself comes alone."""
        with self._database.reading() as connection:
            return cases.ids_from(connection, beginning, most)

    def whole_id(self, beginning: str) -> str:
        """The id that a person means by its beginning; what begins no id comes back as it is.

        Raises:
            BadInput: where several begin so.
        """
        found = self.ids_from(beginning, NAMED + 1)
        if len(found) < 2:
            return found[0] if found else beginning
        shown = [*found[:NAMED], *(["more"] if len(found) > NAMED else [])]
        raise BadInput(
            f"case {beginning!r}: expected the beginning of one id, got that of {listed(shown, most=None)}"
        )

    def cases(self, wanted: CasesWanted = EVERY_CASE, broken: Broken | None = None) -> Sequence[CaseRecord]:
        """The cases wanted, newest first. One whose process is gone reads INTERRUPTED.

        `broken` is told of a case that cannot be read; without it `CorruptRecord` is raised.

        Raises:
            BadInput: when the case that the page begins after is not there.
        """
        return self._page(wanted, broken)

    def _page(self, wanted: CasesWanted, broken: Broken | None) -> Sequence[CaseRecord]:
        with self._database.reading() as connection:
            return cases.page(connection, wanted, broken)

    def each_case(
        self, wanted: CasesWanted = EVERY_CASE, broken: Broken | None = None
    ) -> Iterator[CaseRecord]:
        """The cases wanted, read a page at a time: no more than that is in memory.

        `broken` is told of a case that cannot be read; without it `CorruptRecord` is raised.
        """
        after, size = wanted.after, cases.PAGE
        while page := self._page(wanted.model_copy(update={"after": after, "limit": size}), broken):
            yield from page
            if len(page) < size:
                return
            after = page[-1].info.case_id

    def ended_cases(self) -> dict[str, str]:
        """When each case that is over was closed; ISO 8601 in UTC."""
        with self._database.reading() as connection:
            return cases.ended(connection)

    def summaries(self, since: str, until: str, unreadable: list[str]) -> Iterator[CaseSummary]:
        """As `records.ledger.summaries.opened_between` says, of one moment."""
        with self._database.reading() as connection:
            yield from summaries.opened_between(connection, since, until, unreadable)

    def cases_with(self, kind: str) -> Sequence[str]:
        """The cases that have an event of that kind."""
        with self._database.reading() as connection:
            return summaries.cases_with(connection, kind)

    def count_by_status(self) -> dict[str, int]:
        """How many cases there are in each state, as written."""
        with self._database.reading() as connection:
            return summaries.count_by_status(connection)

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

    def note_shadow(self, case_id: str, said: Mapping[str, Any]) -> None:
        """Records what a shadow policy says of a decision, as an event and nothing else."""
        with self._writing(case_id) as connection:
            append(connection, case_id, SHADOW, said)

    def shadows(self, case_id: str) -> Sequence[Mapping[str, Any]]:
        """What shadow policies said of the case's decisions, in order."""
        with self._database.reading() as connection:
            return bodies(connection, case_id, SHADOW)

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

    def past_cases(self, wanted: CasesWanted = EVERY_CASE, *, outcomes: bool = False) -> Iterator[PastCase]:
        """Cases as texts in the order in which they were opened, a page at a time.

        Of what is wanted, `family` and `since` count.
        """
        after: int | None = 0
        while after is not None:
            with self._database.reading() as connection:
                page, after = past_page(connection, wanted, after, outcomes=outcomes)
            yield from page

    def past_case(self, case_id: str) -> PastCase:
        """One case as texts; raises `BadInput` when there is none."""
        with self._database.reading() as connection:
            cases.get(connection, case_id)
            return past_case(connection, case_id)

    def begin_canary(self, digest: str, policy: str, acting: str) -> bool:
        """Records that a canary begins, unless it has; says whether it was new."""
        with self._database.reading() as connection:
            if canaries.began(connection, digest):
                return False
        with self._database.writing(canaries.SUBJECT) as connection:
            return canaries.begin(connection, digest, policy, acting)

    def canary_ended(self, digest: str) -> str | None:
        """Why a canary ended; None where it has not."""
        with self._database.reading() as connection:
            return canaries.ended(connection, digest)

    def end_canary(self, digest: str, because: str) -> bool:
        """Records that a canary ends, unless it has; says whether it was new."""
        with self._database.writing(canaries.SUBJECT) as connection:
            return canaries.end(connection, digest, because)

    def canary_count(self, digest: str, acting: str, bound: float) -> CanaryCount:
        """What the cases of canary and acting policy since the canary began come to."""
        with self._database.reading() as connection:
            found = canaries.look(connection, digest, acting, bound)
        if found.fresh >= canaries.KEPT_AFTER:
            with self._database.writing(canaries.SUBJECT) as connection:
                canaries.keep(connection, digest, acting, found)
        return found.count
