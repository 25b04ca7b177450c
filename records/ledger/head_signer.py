"""Signs a ledger's heads for a site, and compares the ledger with what was signed before.

A signed head that is there and cannot be checked counts as a gap: whoever damages it, or takes the key away,
would otherwise have an older ledger spent on.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from escalation.model.errors import CorruptRecord
from records.ledger import lineage
from records.ledger.chains import CHECKPOINTS, MONEY, append, named, now
from records.ledger.home_heads import HomeHeads, Kept, Trust
from records.ledger.locking import file_lock
from records.ledger.schema import heads
from records.ledger.signed_heads import KIND, PREDICATE, last_of, missed, said_by, signers, unlike

if TYPE_CHECKING:  # what verifies is slow to import, and who has no key needs it where there are heads alone
    from records.signing.keys import SigningKey, VerifyingKey

OLDER = "the ledger is older than "
"""How what is said of a gap begins; all else is of heads that cannot be checked."""
LATE_S = 86400.0
"""Seconds by which what is told MLflow may be late."""

Reading = Callable[[], AbstractContextManager[Connection]]
Elsewhere = Callable[[str, float | None], Iterable[tuple[str, Any]] | None]
"""Signed heads of the ledger of that name outside of it, told since then; None where nobody can be asked."""


class HeadSigner:
    """Signs heads for a site, and compares the ledger with those signed before, wherever they are."""

    def __init__(
        self, key: "SigningKey | None", folder: Path, elsewhere: Elsewhere = lambda ledger, since_s: ()
    ) -> None:
        """Touches nothing yet.

        Args:
            key: the site's; without one nothing is signed, and what others signed is compared all the same.
            folder: where the last signed head of each ledger is kept.
            elsewhere: heads of a ledger outside of it, told since then (None: all), by where they are.
        """
        self.key, self.home, self.elsewhere = key, HomeHeads(folder), elsewhere

    def of_case(self, connection: Connection, case_id: str) -> None:
        """Signs where the case's chain, that of money and that of checkpoints end; one event of the case.

        Neither this nor a checkpoint is signed where heads are missing that were signed before: whoever cut
        the ledger would have what is left signed by the next honest process.
        """
        if self._fits(connection):
            self.sign(connection, case_id, (case_id, MONEY, CHECKPOINTS))

    def of_checkpoint(self, connection: Connection) -> None:
        """Signs where the chain of checkpoints ends."""
        if self._fits(connection):
            self.sign(connection, CHECKPOINTS, (CHECKPOINTS,))

    def of_restored(self, connection: Connection, taken_at: str) -> None:
        """Signs that the ledger was put back as of then: heads that were signed since are not missed."""
        if self.key is not None:
            self.sign(connection, CHECKPOINTS, (CHECKPOINTS,), taken_at=taken_at)

    def keep(self, reading: Reading) -> None:
        """Keeps the last head of the chain of checkpoints that the site signed in the home, if it goes on
        from the one there, of which each event up to it is read."""
        if self.key is None:
            return
        with self._turn(), reading() as connection:
            name = lineage.name(connection)
            kept, last = self.home.read(name), last_of(connection, CHECKPOINTS, (self.key.public,))
            if last is not None and last != kept.head and not self.lacking(connection, kept):
                self.home.write(name, last, kept.trust or _of_own(self.key.public))

    def note_looked(self, ledger: str) -> None:
        """Notes that all heads elsewhere were compared with the ledger."""
        with self._turn():
            kept = self.home.read(ledger)
            if kept.trust is not None and not kept.wrong and not kept.trust.looked:
                self.home.write(ledger, None, replace(kept.trust, looked=True))

    def known(self, kept: Kept) -> "tuple[VerifyingKey, ...]":
        """The keys whose signatures count here."""
        trusted = () if kept.trust is None else kept.trust.verifying()
        own = () if self.key is None else (self.key.public,)
        return trusted or own

    def lacking(self, connection: Connection, kept: Kept, also: "Iterable[VerifyingKey]" = ()) -> str:
        """What the ledger has not of the head that was kept in this home, or why it cannot be told; else "".

        Nor is missed what a back-up left behind that was put back with the key. Further keys may count.
        """
        keys = () if kept.wrong else (*self.known(kept), *also)
        if kept.wrong or (kept.head is None and kept.trust is None):
            return kept.wrong or self._unknown(connection, keys)
        where = "the head that was signed last from this home"
        try:
            said = said_by(kept.head, keys)
        except CorruptRecord as error:
            return f"{where}: {error}"
        name = lineage.name(connection)
        if said.ledger != name:
            return f"{where}: expected one of ledger {name}, got one of {said.ledger}"
        if gap := unlike(connection, said, keys):
            return f"{OLDER}this home, or was rewritten: {gap}, which was signed from here at {said.at}"
        return self._changed(kept.trust)

    def astray(self, connection: Connection, kept: Kept, found: Iterable[tuple[str, Any]]) -> str:
        """What the ledger has not of heads that are elsewhere, or why it cannot be told; else ""."""
        keys, name = self.known(kept), lineage.name(connection)
        lost = () if kept.trust is None else kept.trust.lost
        for where, envelope in found:
            if signers(envelope) and signers(envelope) <= {*lost}:
                continue
            try:
                said = said_by(envelope, keys)
            except CorruptRecord as error:
                return f"the signed head in {where}: {error}"
            if said.ledger != name:
                return f"the signed head in {where}: expected one of ledger {name}, got one of {said.ledger}"
            for chain, number, _ in missed(connection, said, keys):
                return (
                    f"{OLDER}MLflow, or was rewritten: it has not event {number} of "
                    f"{named(chain)}, which was signed at {said.at} ({where})"
                )
        return ""

    def since_s(self, kept: Kept) -> float | None:
        """Since when heads elsewhere are to be looked at; None: all. The one here rests on those before."""
        if kept.trust is None or not kept.trust.looked or kept.wrong:
            return None
        return datetime.fromisoformat(said_by(kept.head, self.known(kept)).at).timestamp() - LATE_S

    def _unknown(self, connection: Connection, keys: "Iterable[VerifyingKey]") -> str:
        """What is wrong where the home keeps nothing: an unknown key signed the last head in the ledger."""
        last = last_of(connection, CHECKPOINTS)
        try:
            if last is not None:
                said_by(last, keys)
        except CorruptRecord as error:
            return f"the last signed head in the ledger: {error}"
        return ""

    def _changed(self, trust: Trust | None) -> str:
        """Whether the home's key is another than it was."""
        own = None if self.key is None else self.key.public.key_id
        if trust is None or own == trust.own or own in trust.keys:
            return ""
        now_ = "is gone" if own is None else f"was replaced by {own}"
        return f"the key {trust.own} with which this home signed the ledger's heads {now_}"

    def _fits(self, connection: Connection) -> bool:
        """Whether there is a key, and nothing is lacking."""
        if self.key is None:
            return False
        return not self.lacking(connection, self.home.read(lineage.name(connection)))

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Holds the home's heads."""
        self.home.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with file_lock(self.home.folder / ".lock"):
            yield

    def sign(self, connection: Connection, about: str, chains: Iterable[str], **more: str) -> None:
        """Signs where some chains end, whatever was signed before; one event of `about`."""
        from records.signing.envelope import sign, statement

        assert self.key is not None
        found = connection.execute(
            select(heads.c.chain, heads.c.number, heads.c.hash).where(heads.c.chain.in_(chains))
        )
        ends = {chain: (number, hash_) for chain, number, hash_ in found if number}
        said = {
            "ledger": lineage.name(connection),
            "at": now(),
            "heads": {chain: number for chain, (number, _) in ends.items()},
            **more,
        }
        subjects = {chain: {"sha256": hash_} for chain, (_, hash_) in ends.items()}
        append(connection, about, KIND, {"envelope": sign(statement(subjects, PREDICATE, said), self.key)})


def _of_own(key: "VerifyingKey") -> Trust:
    return Trust(key.key_id, {key.key_id: key.pem})


def remedy(lacking: str) -> str:
    """What to do about what `HeadSigner.lacking` says."""
    if lacking.startswith(OLDER):
        return (
            "put the newest one back, or a back-up with `tierwise restore`, which signs that it was put back"
        )
    return "see `tierwise ledger check`; where that is as it should be, say so with `tierwise keys accept`"
