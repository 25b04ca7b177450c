"""Whose store it is: one that a site names says of which ledger, so that no other place is taken for it."""

from escalation.model.errors import BadInput
from escalation.ports.store import AuditedStore
from records.ledger.ledger import SqlLedger
from records.store.places import SETTING

LOOKED_FOR = 100
"""Digests of a ledger's bytes that are asked for in a store that says nothing."""


def check_belonging(ledger: SqlLedger, store: AuditedStore) -> None:
    """Refuses a store that is not this ledger's, and marks one that is new, or from before there were marks.

    A folder that a file system should be mounted on is there without it, and empty.

    Raises:
        BadInput: in one line.
        StoreAway: when the store cannot be asked.
    """
    name, owner = ledger.name(), store.owner()
    if owner is None:
        named = ledger.named(LOOKED_FOR)
        if named and not any(store.has(digest) for digest in named):
            raise BadInput(
                f"{SETTING}: expected the store of this ledger, which has cases already, got {store.where} "
                "without any of their bytes: mount the file system, name the right place, or copy the old "
                "store there"
            )
        store.own(name)
        owner = store.owner()
    if owner != name:
        raise BadInput(
            f"{SETTING}: expected the store of this ledger, got {store.where}, which is another ledger's: "
            "name its own, or an empty place for a ledger that is new"
        )


def check_alone(ledger: SqlLedger, store: AuditedStore) -> None:
    """Refuses a store whose bytes another ledger may name too: nothing can be given up of it.

    Raises:
        BadInput: in one line.
        StoreAway: when the store cannot be asked.
    """
    others = store.users() - {ledger.name()}
    if others:
        raise BadInput(
            f"expected a store of this ledger alone, got {store.where}, which ledger {min(others)} uses too: "
            "nobody can tell from here which bytes that one still needs; give each ledger a home or a "
            f"{SETTING} of its own"
        )
