"""Who waits to be verified again: all cases that are over, but those of which files were given up."""

from typing import NamedTuple

from escalation.replay.record import pruned_parts
from records.ledger.ledger import SqlLedger
from records.ledger.retention import PRUNED
from records.recheck.log import Tries, tries


class RecheckQueue(NamedTuple):
    """The ended cases of a ledger.

    Attributes:
        ended: by case that can be driven again, when it ended; ISO 8601 in UTC.
        pruned: those that cannot, because files of theirs were given up when their time was over.
        tries: when cases were tried and verified.
    """

    ended: dict[str, str]
    pruned: frozenset[str]
    tries: Tries

    @property
    def since(self) -> dict[str, str]:
        """By case that can be driven again, when it ended or was last tried, whichever is later."""
        return {each: max(at, self.tries.tried.get(each, "")) for each, at in self.ended.items()}


def waiting(ledger: SqlLedger) -> RecheckQueue:
    """Who waits now, by the ledger, and by the store where a case was pruned."""
    ended = ledger.ended_cases()
    some = ended.keys() & set(ledger.cases_with(PRUNED))
    pruned = frozenset(each for each in some if pruned_parts(ledger, ledger.store, each))
    left = {each: at for each, at in ended.items() if each not in pruned}
    return RecheckQueue(left, pruned, tries(ledger))
