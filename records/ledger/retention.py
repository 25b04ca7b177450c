"""What is kept of cases and for how long: bytes that were given up, and legal holds, as events of the cases.

Rows and events are never given up. That bytes are is in the case's own chain before they go, so that what
is missing afterwards was either given up in so many words, or lost.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, RowMapping, select

from escalation.model.case import CaseStatus
from escalation.model.errors import CaseConflict, CorruptRecord
from escalation.model.problem import DataClass
from escalation.model.pruned import BytesOf, LegalHold, PrunedFile, Pruning
from escalation.model.submission import ApprovalState
from escalation.model.submission_states import SubmissionState
from escalation.text.pruning import when_and_why
from records.ledger import events, naming
from records.ledger.budgets import BudgetState
from records.ledger.chains import append, decoded
from records.ledger.readable import UNREADABLE, Broken, of_row
from records.ledger.schema import approvals, budgets, cases, submissions
from records.ledger.schema import events as events_table
from records.ledger.session import LedgerSession
from records.ledger.shared_clock import database_time_s

PRUNED, HOLD, RELEASE = "case.pruned", "case.hold", "case.release"
_ORDER = list(BytesOf)
_ANSWERS = {SubmissionState.DONE, SubmissionState.REFUSED, SubmissionState.CANCELLED}


@dataclass
class CaseBytes:
    """A case, and what the store is to have for it.

    Attributes:
        case_id: its id.
        status: as its row says.
        ended_at: ISO 8601; None before that.
        data_class: of its data.
        named: what its rows name, by digest.
        pruned: what was given up of it.
        hold: the legal hold, if there is one.
        open: what is not settled yet, in words.
    """

    case_id: str
    status: CaseStatus
    ended_at: str | None
    data_class: DataClass
    named: dict[str, BytesOf] = field(default_factory=dict)
    pruned: frozenset[str] = frozenset()
    hold: LegalHold | None = None
    open: str = ""

    @property
    def owed(self) -> str:
        """Why nothing of it may be given up, however old it is; empty where something may."""
        if self.hold is not None:
            return f"legal hold since {self.hold.at[:10]} by {self.hold.by}: {self.hold.because}"
        if not self.status.final or self.ended_at is None:
            return f"is not over ({self.status})"
        return self.open


@dataclass(frozen=True)
class NamedBytes:
    """Who the store's bytes are named by, at one moment of the ledger.

    Attributes:
        cases: by id.
        of_devices: digests of calibrations, which belong to no case.
        now_s: seconds since the epoch, by the ledger's clock.
    """

    cases: Mapping[str, CaseBytes]
    of_devices: frozenset[str]
    now_s: float


class SqlRetention(LedgerSession):
    """What is kept of cases, and for how long."""

    def named_bytes(self) -> NamedBytes:
        """Which bytes every case names; raises `CorruptRecord` where a row cannot be read."""
        with self._database.reading() as connection:
            found = _cases(connection, None)
            return NamedBytes(found, frozenset(naming.of_devices(connection)), database_time_s(connection))

    def digests(self, broken: Broken = naming.refused) -> frozenset[str]:
        """The digests of all bytes that must be in the store: those that the ledger names and nobody gave up.

        `broken` is told of a row that cannot be read; by default it is refused with `CorruptRecord`.
        """
        with self._database.reading() as connection:
            gone = {
                case_id: _digests(found) for case_id, found in _prunings(connection, None, broken).items()
            }
            owed = (
                digest
                for case_id, _, digest in naming.named(connection, broken=broken)
                if digest not in gone.get(case_id, ())
            )
            return frozenset(owed).union(naming.of_devices(connection))

    def pruned_files(self) -> int:
        """How many files were given up, of all cases; what cannot be read, the walk tells."""
        with self._database.reading() as connection:
            told = _prunings(connection, None, lambda said: None)
            return len(frozenset[str]().union(*map(_digests, told.values())))

    def prunings(self, case_id: str) -> Sequence[Pruning]:
        """What was given up of a case, in order."""
        with self._database.reading() as connection:
            return _prunings(connection, case_id).get(case_id, ())

    def why_gone(self, digest: str) -> Pruning | None:
        """The last time that bytes of that digest were given up, of any case; None where they never were."""
        with self._database.reading() as connection:
            found = [
                each
                for told in _prunings(connection, None).values()
                for each in told
                if any(file.sha256 == digest for file in each.files)
            ]
        return max(found, key=lambda each: each.at, default=None)

    def legal_hold(self, case_id: str) -> LegalHold | None:
        """The legal hold on a case; None where there is none."""
        with self._database.reading() as connection:
            return _holds(connection, case_id).get(case_id)

    def prune(self, case_id: str, files: Sequence[PrunedFile], rule: str, by: str) -> int:
        """Says in the case's chain that files are given up, but for those of which it was said before.

        Returns:
            How many that are; the caller takes them from the store afterwards.

        Raises:
            CaseConflict: when the case is not over, is not settled, or a legal hold is on it.
            CorruptRecord: when its row is not as it was sealed, or a file is not one of those to be given up.
        """
        with self._database.writing(case_id) as connection:
            events.check(connection, cases, (case_id,), events.by_key(connection, cases, (case_id,)))
            case = _one(connection, case_id)
            if case.owed:
                raise CaseConflict(f"case {case_id} is kept: {case.owed}")
            new = [file for file in files if file.sha256 not in case.pruned]
            for file in new:
                if case.named.get(file.sha256) in (None, BytesOf.PAID):
                    raise CorruptRecord(f"case {case_id} has no file {file.sha256} that may be given up")
            if new:
                said = {"rule": rule, "by": by, "files": [file.to_json() for file in new]}
                append(connection, case_id, PRUNED, said)
            return len(new)

    def hold(self, case_id: str, because: str, by: str) -> None:
        """Puts a legal hold on a case, whatever its state; raises `CaseConflict` where there is one."""
        with self._database.writing(case_id) as connection:
            found = _one(connection, case_id).hold
            if found is not None:
                raise CaseConflict(f"case {case_id} has a legal hold since {found.at[:10]} by {found.by}")
            append(connection, case_id, HOLD, {"by": by, "because": because})

    def release(self, case_id: str, because: str, by: str) -> None:
        """Takes the legal hold from a case; raises `CaseConflict` where there is none."""
        with self._database.writing(case_id) as connection:
            if _one(connection, case_id).hold is None:
                raise CaseConflict(f"case {case_id} has no legal hold")
            append(connection, case_id, RELEASE, {"by": by, "because": because})


def why_gone(ledger: SqlRetention, digest: str) -> str:
    """When and why bytes were given up, in words; empty where they never were."""
    told = ledger.why_gone(digest)
    return "" if told is None else when_and_why(told)


def _one(connection: Connection, case_id: str) -> CaseBytes:
    found = _cases(connection, case_id).get(case_id)
    if found is None:
        raise CaseConflict(f"there is no case {case_id!r}: `tierwise cases` lists them")
    return found


def _cases(connection: Connection, case_id: str | None) -> dict[str, CaseBytes]:
    query = select(cases) if case_id is None else select(cases).where(cases.c.case_id == case_id)
    found = {row["case_id"]: _of_row(row) for row in connection.execute(query).mappings()}
    for whose, what, digest in naming.named(connection, case_id):
        named = found[whose].named
        named[digest] = min(what, named.get(digest, what), key=_ORDER.index)
    for whose, told in _prunings(connection, case_id).items():
        found[whose].pruned = _digests(told)
    for whose, hold in _holds(connection, case_id).items():
        found[whose].hold = hold
    for whose, words in _open(connection, case_id):
        found[whose].open = words
    return found


@of_row(cases)
def _of_row(row: RowMapping) -> CaseBytes:
    problem = json.loads(row["info"])["problem"]
    return CaseBytes(
        row["case_id"], CaseStatus(row["status"]), row["closed_at"], DataClass(problem["data_class"])
    )


def _open(connection: Connection, case_id: str | None) -> list[tuple[str, str]]:
    """What is not settled yet: submissions, money set aside, questions to persons."""
    found = []
    for table, done, words in (
        (submissions, _ANSWERS, "a paid job of it is not settled"),
        (budgets, {BudgetState.SPENT, BudgetState.RELEASED}, "money is set aside for it"),
        (approvals, set(ApprovalState) - {ApprovalState.ASKED}, "a question to a person is open"),
    ):
        query = select(table.c.case_id).where(table.c.state.not_in(sorted(done)))
        if case_id is not None:
            query = query.where(table.c.case_id == case_id)
        found += [(whose, words) for whose in connection.execute(query).scalars()]
    return found


def _prunings(
    connection: Connection, case_id: str | None, broken: Broken = naming.refused
) -> dict[str, list[Pruning]]:
    found: dict[str, list[Pruning]] = {}
    for row in _told(connection, case_id, PRUNED):
        try:
            found.setdefault(row["case_id"], []).append(Pruning.of(row["at"], decoded(row) or {}))
        except UNREADABLE:
            broken(_unreadable(row))
    return found


def _holds(connection: Connection, case_id: str | None) -> dict[str, LegalHold | None]:
    """By case the last word on a legal hold."""
    found: dict[str, LegalHold | None] = {}
    for row in _told(connection, case_id, HOLD, RELEASE):
        try:
            said = decoded(row) or {}
            held = LegalHold(at=row["at"], by=said["by"], because=said["because"])
        except UNREADABLE:
            raise CorruptRecord(_unreadable(row)) from None
        found[row["case_id"]] = held if row["kind"] == HOLD else None
    return found


def _told(connection: Connection, case_id: str | None, *kinds: str) -> Sequence[RowMapping]:
    query = select(events_table).where(events_table.c.kind.in_(kinds))
    if case_id is not None:
        query = query.where(events_table.c.case_id == case_id)
    return connection.execute(query.order_by(events_table.c.position)).mappings().all()


def _unreadable(row: RowMapping) -> str:
    return f"event {row['number']} of chain {row['chain']} does not say what {row['kind']} says"


def _digests(told: Sequence[Pruning]) -> frozenset[str]:
    return frozenset(file.sha256 for each in told for file in each.files)
