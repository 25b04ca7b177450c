"""A person's word that keys changed, or a home's copy of heads was lost: the ledger counts as it is."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection

from escalation.model.errors import BadInput, CorruptRecord
from records.ledger import chains, lineage, walk
from records.ledger.chains import CHECKPOINTS
from records.ledger.database import Database
from records.ledger.head_signer import OLDER, HeadSigner, remedy
from records.ledger.home_heads import Kept, Trust
from records.ledger.signed_heads import findings, last_of, said_by, signers, unlike

if TYPE_CHECKING:
    from records.signing.keys import VerifyingKey

KIND = "key.accepted"


class Accepted(NamedTuple):
    """What counts in the home from now on.

    Attributes:
        trust: whose signatures.
        instead: what was wrong with what the home had; "" where nothing was.
        asked: whether the heads that MLflow has were compared too.
    """

    trust: Trust
    instead: str
    asked: bool


def accept(
    database: Database, signer: HeadSigner, keys: "Sequence[VerifyingKey]", lost: Iterable[str], known_as: str
) -> Accepted:
    """Has the site's key, further ones and those that counted before count, and the ledger as it is.

    What a key that counts signed must be in the ledger, here, in the home and in MLflow: none is passed over.

    Args:
        database: the ledger.
        signer: of the home.
        keys: public halves of further keys that signed the ledger's heads.
        lost: ids of keys whose public half nobody has: what they signed is passed over from now on.
        known_as: who says so, as the system knows it.

    Raises:
        CorruptRecord: when the ledger is older than a head, or does not fit in itself.
        BadInput: when a head cannot be checked with these keys, or nothing is signed yet.
    """
    with database.reading() as connection:
        kept = signer.home.read(name := lineage.name(connection))
        trust = _trust(signer, kept, keys, lost)
    told = signer.elsewhere(name, None)
    with database.reading() as connection:
        instead = signer.lacking(connection, kept)
        walk.check(connection)
        _check(connection, kept.head, trust, told or ())
    with database.writing() as connection:
        said = {"own": trust.own, "keys": sorted(trust.keys), "lost": [*trust.lost], "instead": instead}
        chains.append(connection, CHECKPOINTS, KIND, {**said, "known_as": known_as})
        if signer.key is not None:
            signer.sign(connection, CHECKPOINTS, (CHECKPOINTS,))
        signer.home.write(name, last_of(connection, CHECKPOINTS, trust.verifying()), trust)
    return Accepted(trust, instead, told is not None)


def _trust(signer: HeadSigner, kept: Kept, keys: "Sequence[VerifyingKey]", lost: Iterable[str]) -> Trust:
    before = kept.trust or Trust(None)
    own = () if signer.key is None else (signer.key.public,)
    known = dict(before.keys) | {key.key_id: key.pem for key in (*keys, *own)}
    gone = sorted({*before.lost, *lost} - {*known})
    return Trust(own[0].key_id if own else None, known, tuple(gone), looked=True)


def _check(connection: Connection, head: Any, trust: Trust, elsewhere: Iterable[tuple[str, Any]]) -> None:
    """Refuses to accept a ledger that lacks what was signed, or heads by keys that nobody named."""
    keys = trust.verifying()
    if last_of(connection, CHECKPOINTS, keys) is None and not trust.own:
        raise BadInput(
            "expected heads of the ledger that these keys signed, got none: there is nothing to accept"
        )
    by = signers(head)
    if by & {*trust.keys}:
        _refuse_older(connection, head, keys)
    elif by - {*trust.lost}:
        raise BadInput(
            f"the head that was signed last from this home is by key {', '.join(sorted(by))}: expected its "
            "public half with --key, or its id with --lost where nobody has it any more"
        )
    for line in findings(connection, keys, elsewhere, trust.lost):
        raise BadInput(f"{line}; where nobody has it any more, give the key's id with --lost")


def _refuse_older(connection: Connection, head: Any, keys: "Sequence[VerifyingKey]") -> None:
    try:
        said = said_by(head, keys)
    except CorruptRecord:  # it is damaged, and that is what is accepted
        return
    gap = unlike(connection, said, keys) if said.ledger == lineage.name(connection) else ""
    if gap:
        lacking = f"{OLDER}this home, or was rewritten: {gap}, which was signed from here at {said.at}"
        raise CorruptRecord(f"{lacking}: {remedy(lacking)}")
