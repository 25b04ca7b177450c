"""Signed heads: where chains ended at a moment, signed with the site's key.

Who can rewrite the whole database can rewrite every chain and checkpoint in it, but cannot sign. So heads are
signed, as an in-toto Statement whose subjects they are: that of the chain of checkpoints at every checkpoint,
which has the root over all others, and those of a case when it is closed. The envelope is an event of its
own; copies are in MLflow's run of the case and, of the last checkpoint, in a file of the home: what is cut
off in the database is missed by those.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain as chain_
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, or_, select

from escalation.inputs.whole_files import write_whole
from escalation.model.errors import CorruptRecord
from records.ledger import lineage
from records.ledger.chains import CHECKPOINTS, MONEY, append, decoded, named, now
from records.ledger.schema import events, heads
from records.signing.envelope import sign, signed, statement
from records.signing.keys import SigningKey, VerifyingKey

KIND = "head.signed"
PREDICATE = "urn:tierwise:ledger-head:v1"
FOLDER = "signed-heads"
"""In the home: the last signed head of each ledger that was written to from there."""

Envelope = Mapping[str, Any]
Place = tuple[str, int, str]
"""An event: chain, number in it, hash."""


class SignedHead(NamedTuple):
    """What a signed head says.

    Attributes:
        ledger: its name.
        at: when it was signed, ISO 8601, by the signer's clock.
        heads: the last events of chains.
        taken_at: where the ledger was put back then, when the back-up was taken, ISO 8601.
    """

    ledger: str
    at: str
    heads: tuple[Place, ...]
    taken_at: str | None = None

    def explains(self, other: "SignedHead") -> bool:
        """Whether what the other says was left behind when the ledger was put back."""
        return self.taken_at is not None and self.taken_at <= other.at <= self.at


class HeadSigner:
    """Signs heads for a site, and keeps the last one of the chain of checkpoints outside of the database."""

    def __init__(self, key: SigningKey, folder: Path) -> None:
        """Touches nothing yet.

        Args:
            key: the site's.
            folder: where the last signed head of each ledger is kept.
        """
        self.key, self.folder = key, folder

    def of_case(self, connection: Connection, case_id: str) -> None:
        """Signs where the case's chain, that of money and that of checkpoints end; one event of the case."""
        self._sign(connection, case_id, (case_id, MONEY, CHECKPOINTS))

    def of_checkpoint(self, connection: Connection) -> None:
        """Signs where the chain of checkpoints ends; nothing where heads are missing that were signed before.

        Otherwise whoever cut the ledger would have what is left signed by the next honest process.
        """
        if self._fits(connection):
            self._sign(connection, CHECKPOINTS, (CHECKPOINTS,))

    def of_restored(self, connection: Connection, taken_at: str) -> None:
        """Signs that the ledger was put back as of then: heads that were signed since are not missed."""
        self._sign(connection, CHECKPOINTS, (CHECKPOINTS,), taken_at=taken_at)

    def keep(self, connection: Connection) -> None:
        """Keeps the last signed head of the chain of checkpoints in the home, if that one is in its place."""
        name, last = lineage.name(connection), last_of(connection, CHECKPOINTS)
        if last is not None and self._fits(connection):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self._file(name), json.dumps(last).encode())

    def kept(self, ledger: str) -> Envelope | None:
        """The head that was signed last from this home, of the ledger of that name."""
        try:
            found = json.loads(self._file(ledger).read_bytes())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def lacking(self, connection: Connection, kept: Envelope | None) -> str:
        """What the ledger has not of the head that was kept in this home; "" where it has all of it.

        Nor is missed what a back-up left behind that was put back with the key.
        """
        if kept is None:
            return ""
        keys = [self.key.public]
        try:
            said = said_by(kept, keys)
        except CorruptRecord:  # of a key before this one
            return ""
        for chain, number, _ in missed(connection, said, keys):
            return (
                f"the ledger is older than this home, or was rewritten: it has not event {number} of "
                f"{named(chain)}, which was signed from here at {said.at}"
            )
        return ""

    def _fits(self, connection: Connection) -> bool:
        """Whether what was signed last from this home is in the ledger, or was left behind by a back-up."""
        return not self.lacking(connection, self.kept(lineage.name(connection)))

    def _file(self, ledger: str) -> Path:
        return self.folder / f"{ledger}.json"

    def _sign(self, connection: Connection, about: str, chains: Iterable[str], **more: str) -> None:
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


def said_by(envelope: Any, keys: Iterable[VerifyingKey]) -> SignedHead:
    """What a signed head says, once one of the keys signed it.

    Raises:
        CorruptRecord: when none of them did, or it is no signed head.
    """
    by_id = {key.key_id: key for key in keys}
    try:
        signers = [str(each["keyid"]) for each in envelope["signatures"]]
        key = next((by_id[each] for each in signers if each in by_id), None)
        if key is None:
            raise CorruptRecord(f"it is signed with key {', '.join(signers)}, which is not known here")
        said = signed(envelope, key)
        told = said["predicate"]
        hashes = {each["name"]: each["digest"]["sha256"] for each in said["subject"]}
        places = tuple((chain, int(number), str(hashes[chain])) for chain, number in told["heads"].items())
        if said["predicateType"] != PREDICATE:
            raise CorruptRecord(f"it says {said['predicateType']}, not where a ledger's chains end")
        return SignedHead(str(told["ledger"]), str(told["at"]), places, told.get("taken_at"))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise CorruptRecord("it is no signed head") from None


def gone(connection: Connection, places: Iterable[Place]) -> tuple[Place, ...]:
    """Those of some events that the ledger does not have."""
    wanted = tuple(places)
    if not wanted:
        return ()
    match = [and_(events.c.chain == chain, events.c.number == number) for chain, number, _ in wanted]
    query = select(events.c.chain, events.c.number, events.c.hash).where(or_(*match))
    has = {tuple(row) for row in connection.execute(query)}
    return tuple(each for each in wanted if each not in has)


def missed(connection: Connection, said: SignedHead, keys: Iterable[VerifyingKey]) -> tuple[Place, ...]:
    """The events of a signed head that the ledger does not have, and should."""
    found, keys = gone(connection, said.heads), tuple(keys)
    if not found:
        return ()
    query = select(events.c.body).where(events.c.chain == CHECKPOINTS, events.c.kind == KIND)
    for body in connection.execute(query).scalars():
        with suppress(CorruptRecord):
            if said_by(_envelope(body), keys).explains(said):
                return ()
    return found


def findings(
    connection: Connection, keys: Iterable[VerifyingKey], elsewhere: Iterable[tuple[str, Any]]
) -> Iterator[str]:
    """Compares what was signed, in the ledger and elsewhere, with what the ledger has.

    Args:
        connection: to the ledger.
        keys: of whoever may have signed; without any nothing is looked at.
        elsewhere: copies that are not in the ledger, by where they are.
    """
    keys, name = tuple(keys), lineage.name(connection)
    query = select(events.c.chain, events.c.number, events.c.body).where(events.c.kind == KIND)
    rows = connection.execute(query.order_by(events.c.position), execution_options={"yield_per": 1000})
    here = (
        (f"event {number} of {named(chain)}", _envelope(body))
        for chain, number, body in (rows if keys else ())
    )
    for where, envelope in chain_(here, elsewhere if keys else ()):
        try:
            said = said_by(envelope, keys)
        except CorruptRecord as error:
            yield f"the signed head in {where}: {error}"
            continue
        if said.ledger != name:
            yield f"the signed head in {where}: expected one of ledger {name}, got one of {said.ledger}"
        for chain, number, hash_ in missed(connection, said, keys):
            yield (
                f"expected event {number} of {named(chain)} with hash {hash_}, which was signed at {said.at} "
                f"({where}), got none: the ledger was cut, or rewritten"
            )


def last_of(connection: Connection, chain: str) -> Envelope | None:
    """The last signed head that is an event of that chain."""
    query = select(events.c.body).where(events.c.chain == chain, events.c.kind == KIND)
    found = connection.execute(query.order_by(events.c.number.desc()).limit(1)).scalar_one_or_none()
    return None if found is None else _envelope(found)


def _envelope(body: str) -> Any:
    """What an event of this kind holds; None where it is no JSON object."""
    return (decoded({"body": body}) or {}).get("envelope")
