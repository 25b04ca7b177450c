"""The ledger: the truth about cases, decisions, work, submissions, approvals, budgets, in a SQL database."""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from escalation.model.errors import CorruptRecord
from records.ledger import chains, checkpoints, events, lineage, summaries, walk
from records.ledger.budget_ledger import SqlBudgets
from records.ledger.case_ledger import SqlCases
from records.ledger.checkpoints import Checkpoint
from records.ledger.excerpt import CaseExcerpt, excerpt
from records.ledger.retention import SqlRetention
from records.ledger.submission_ledger import SqlSubmissions
from records.ledger.work_ledger import SqlWork

if TYPE_CHECKING:
    from records.ledger.accepting import Accepted
    from records.signing.keys import VerifyingKey


class SqlLedger(SqlCases, SqlWork, SqlSubmissions, SqlBudgets, SqlRetention):
    """`escalation.ports.ledger.ledger.Ledger` on SQLite or, by its URL, PostgreSQL.

    Safe from several threads and processes. The object that opened a case, or took it over, holds its
    lease: it alone writes to the case, until it closes the case, lets it go, or closes itself. Without the
    lease there are bills and budgets, because a bill may come late and workers may run elsewhere, and what a
    person says: answers, limits, moves that are a person's. Every write but the lease's own appends an event
    in the same transaction. Bytes are in the store before a row names them.
    """

    def events(self, case_id: str | None = None) -> Sequence[Mapping[str, Any]]:
        """The events in order: chain, number in it, position, at, case_id, kind, body, previous, hash."""
        with self._database.reading() as connection:
            return events.read(connection, case_id)

    def subjects_under(self, beginning: str) -> Sequence[str]:
        """What events are about and begins so: `device/`; in order."""
        with self._database.reading() as connection:
            return summaries.subjects_under(connection, beginning)

    def signing_key(self) -> str | None:
        """Id of the key with which this process signs heads; None where it has none."""
        key = None if self._signer is None else self._signer.key
        return None if key is None else key.public.key_id

    def note(self, about: str, kind: str, body: Mapping[str, Any]) -> bool:
        """Appends an event about what is no case, unless the last one said the same; says whether."""
        with self._database.writing(about) as connection:
            told = events.read(connection, about)
            new = not told or told[-1]["body"] != dict(body)
            if new:
                chains.append(connection, about, kind, body)
        return new

    def verify(self) -> int:
        """Recomputes all chains and every row's digest; raises `CorruptRecord` where one does not fit."""
        report = walk.LedgerWalk()
        with self._database.reading() as connection:
            for finding in walk.everything(connection, report, history=False):
                raise CorruptRecord(finding)
        return report.events

    def findings(self) -> tuple[str, ...]:
        """What does not fit: events and rows against their hashes, and the history against itself."""
        return tuple(self.walked().findings)

    def walked(self, say: Callable[[int], None] = lambda _: None) -> walk.LedgerWalk:
        """The same, and what was gone over to find it; `say` is told the number of events so far."""
        report = walk.LedgerWalk(say=say)
        with self._database.reading() as connection:
            report.findings.extend(walk.everything(connection, report))
        return report

    def case_findings(self, *case_ids: str, whole: bool = True) -> tuple[str, ...]:
        """What does not fit in the events and rows of some cases alone, which is quickly looked at.

        A ledger that is not `whole` is the excerpt that an export holds.
        """
        with self._database.reading() as connection:
            return tuple(walk.of_subjects(connection, case_ids, walk.LedgerWalk(), whole=whole))

    def excerpt(self, case_id: str) -> CaseExcerpt:
        """All that there is of a case, as it is at one moment; raises `BadInput` when there is none."""
        with self._database.reading() as connection:
            return excerpt(connection, case_id)

    def name(self) -> str:
        """The ledger's own name, which a copy of it keeps."""
        with self._database.reading() as connection:
            return lineage.name(connection)

    def named(self, most: int) -> tuple[str, ...]:
        """Some of `digests`, at most so many."""
        return tuple(islice(self.digests(), most))

    def check(self, case_id: str | None = None) -> None:
        """Refuses a ledger that was changed behind its back, or is older than what was signed from this home.

        With a case: changed in what spending for it rests on, which is the case and all that is said of
        money. Raises `CorruptRecord` with what is wrong.
        """
        self._check_not_older()
        with self._database.reading() as connection:
            walk.check(connection, case_id, anew=True)

    def signed_head(self, case_id: str, over: Mapping[str, Any] | None = None) -> Mapping[str, Any] | None:
        """The envelope with the head of the case that was signed last; None where none was.

        Where one that was told earlier is not in the ledger, or cannot be checked, it stays: `over`.
        """
        from records.ledger.signed_heads import last_of

        with self._database.reading() as connection:
            if over is not None and self._signer is not None:
                kept = self._signer.home.read(lineage.name(connection))
                if self._signer.astray(connection, kept, [("MLflow", over)]):
                    return over
            return last_of(connection, case_id)

    def accept_heads(self, keys: "Sequence[VerifyingKey]", lost: Sequence[str], known_as: str) -> "Accepted":
        """As `records.ledger.accepting.accept` says, in the home that this ledger was opened from."""
        from records.ledger.accepting import accept

        assert self._signer is not None
        return accept(self._database, self._signer, keys, lost, known_as)

    def head_findings(
        self, keys: "Sequence[VerifyingKey]", elsewhere: Sequence[tuple[str, Any]] = ()
    ) -> tuple[str, ...]:
        """What was signed and the ledger does not have any more, or that nobody here can check.

        Args:
            keys: that count besides those which count in this home.
            elsewhere: signed heads that are not in the ledger, by where they are; that of the home is added.
        """
        from records.ledger.signed_heads import findings

        if self._signer is None:
            with self._database.reading() as connection:
                return tuple(findings(connection, keys, elsewhere))
        lacking, kept = self._compared(self._signer, keys)
        known = (*self._signer.known(kept), *keys)
        lost = () if kept.trust is None else kept.trust.lost
        with self._database.reading() as connection:
            found = tuple(findings(connection, known, elsewhere, lost))
        return (*([lacking] if lacking else []), *found)

    def guard_findings(self) -> tuple[str, ...]:
        """What is wrong with the triggers that refuse changes to events; those that are gone are put back."""
        return self._database.guard_findings()

    def left_behind(self, at_s: float) -> bool:
        """Whether what happened then was left behind when the ledger was put back from a back-up."""
        with self._database.reading() as connection:
            return lineage.left_behind(connection, at_s)

    def make_checkpoint(self) -> Checkpoint:
        """Writes down where all chains end, so that none can end earlier unnoticed from now on.

        Returns:
            The last checkpoint. Who keeps its root elsewhere can tell whether the ledger was ever rewritten.
        """
        self._database.make_checkpoint()
        with self._database.reading() as connection:
            return checkpoints.last(connection)
