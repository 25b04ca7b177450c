"""Signed heads: where chains ended at a moment, signed with the site's key.

Who can rewrite the whole database can rewrite every chain and checkpoint in it, but cannot sign. So heads are
signed, as an in-toto Statement whose subjects they are: that of the chain of checkpoints at every checkpoint,
which has the root over all others, and those of a case when it is closed. The envelope is an event of its
own; copies are in MLflow's run of the case and, of the last checkpoint, in a file of the home: what is cut
off in the database is missed by those.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain as chain_
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, and_, or_, select

from escalation.model.errors import CorruptRecord
from escalation.text.wording import counted
from records.ledger import lineage
from records.ledger.chains import CHECKPOINTS, Head, decoded, link_finding, named
from records.ledger.schema import events, heads

if TYPE_CHECKING:  # what verifies is slow to import, and who has no key needs it where there are heads alone
    from records.signing.keys import VerifyingKey

KIND = "head.signed"
PREDICATE = "urn:tierwise:ledger-head:v1"
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


def said_by(envelope: Any, keys: "Iterable[VerifyingKey]") -> SignedHead:
    """What a signed head says, once one of the keys signed it.

    Raises:
        CorruptRecord: when none of them did, or it is no signed head.
    """
    from records.signing.envelope import signed

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


def signers(envelope: Any) -> frozenset[str]:
    """The ids of the keys that an envelope says it is signed with; of what is no envelope none."""
    try:
        return frozenset(str(each["keyid"]) for each in envelope["signatures"])
    except (KeyError, TypeError):
        return frozenset()


def gone(connection: Connection, places: Iterable[Place]) -> tuple[Place, ...]:
    """Those of some events that the ledger does not have, or not with what was hashed."""
    wanted = tuple(places)
    if not wanted:
        return ()
    match = [and_(events.c.chain == chain, events.c.number == number) for chain, number, _ in wanted]
    rows = connection.execute(select(events).where(or_(*match))).mappings()
    has = {(row["chain"], row["number"], row["hash"]) for row in rows if _is_whole(row)}
    return tuple(each for each in wanted if each not in has)


def _is_whole(row: Any) -> bool:
    return not link_finding(row, decoded(row), Head(row["number"] - 1, row["previous"]))


def unlike(connection: Connection, said: SignedHead, keys: "Iterable[VerifyingKey]") -> str:
    """What of a signed head the ledger has not, or where what follows does not hang on it; else ""."""
    for chain, number, _ in missed(connection, said, keys):
        return f"it has not event {number} of {named(chain)}"
    lost = gone(connection, said.heads)  # in a back-up that was put back
    for chain, number, hash_ in said.heads:
        if chain == CHECKPOINTS and (chain, number, hash_) not in lost:
            return _broken(connection, chain, number)
    return ""


def _broken(connection: Connection, chain: str, number: int) -> str:
    """Where a chain breaks from that event on to its head; "" where it does not."""
    query = select(events).where(events.c.chain == chain, events.c.number >= number)
    before = None
    for row in connection.execute(query.order_by(events.c.number)).mappings():
        before = before or Head(row["number"] - 1, row["previous"])
        if found := link_finding(row, decoded(row), before):
            return found
        before = Head(row["number"], row["hash"])
    head = connection.execute(
        select(heads.c.number, heads.c.hash).where(heads.c.chain == chain)
    ).one_or_none()
    return (
        ""
        if head is not None and before == Head(*head)
        else f"{named(chain)} does not end with its last event"
    )


def missed(connection: Connection, said: SignedHead, keys: "Iterable[VerifyingKey]") -> tuple[Place, ...]:
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
    connection: Connection,
    keys: "Iterable[VerifyingKey]",
    elsewhere: Iterable[tuple[str, Any]],
    lost: Iterable[str] = (),
) -> Iterator[str]:
    """Compares what was signed, in the ledger and elsewhere, with what the ledger has.

    Args:
        connection: to the ledger.
        keys: of whoever may have signed.
        elsewhere: copies that are not in the ledger, by where they are.
        lost: ids of keys whose public half nobody has: what they signed is passed over.
    """
    keys, name = tuple(keys), lineage.name(connection)
    known, lost = {key.key_id for key in keys}, {*lost}
    query = select(events.c.chain, events.c.number, events.c.body).where(events.c.kind == KIND)
    rows = connection.execute(query.order_by(events.c.position), execution_options={"yield_per": 1000})
    here = ((f"event {number} of {named(chain)}", _envelope(body)) for chain, number, body in rows)
    unknown: dict[str, list[str]] = {}
    for where, envelope in chain_(here, elsewhere):
        by = signers(envelope)
        if by and not by & known:
            unknown.setdefault(", ".join(sorted(by)), []).append(where)
            continue
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
    for by_, places in unknown.items():
        if by_ not in lost:
            yield (
                f"{counted(len(places), 'signed head', 'signed heads')}, the first in {places[0]}, cannot be "
                f"checked: signed with key {by_}, which is not known here; give its public half: --key FILE"
            )


def last_of(
    connection: Connection, chain: str, keys: "Iterable[VerifyingKey] | None" = None
) -> Envelope | None:
    """The last signed head that is an event of that chain, by one of the keys where some are given."""
    query = select(events.c.body).where(events.c.chain == chain, events.c.kind == KIND)
    known = None if keys is None else {key.key_id for key in keys}
    rows = connection.execute(query.order_by(events.c.number.desc()), execution_options={"yield_per": 20})
    for body in rows.scalars():
        envelope: Envelope | None = _envelope(body)
        if known is None or signers(envelope) & known:
            rows.close()
            return envelope
    return None


def _envelope(body: str) -> Any:
    """What an event of this kind holds; None where it is no JSON object."""
    return (decoded({"body": body}) or {}).get("envelope")
