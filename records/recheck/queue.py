"""Who waits to be verified again: all cases that are over, but those of which files were given up."""

from typing import NamedTuple

from escalation.replay.record import pruned_parts
from records.ledger.ledger import SqlLedger
from records.ledger.retention import PRUNED
from records.recheck.log import tries


class RecheckQueue(NamedTuple):
    """The ended cases of a ledger.

    Attributes:
        since: by case that can be driven again, when it ended or was last tried; ISO 8601 in UTC.
        pruned: those that cannot, because files of theirs were given up when their time was over.
    """

    since: dict[str, str]
    pruned: frozenset[str]


def waiting(ledger: SqlLedger) -> RecheckQueue:
    """Who waits now, by the ledger, and by the store where a case was pruned."""
    ended, tried = ledger.ended_cases(), tries(ledger).tried
    some = ended.keys() & set(ledger.cases_with(PRUNED))
    pruned = frozenset(each for each in some if pruned_parts(ledger, ledger.store, each))
    since = {each: max(at, tried.get(each, "")) for each, at in ended.items() if each not in pruned}
    return RecheckQueue(since, pruned)
