"""The steps that the ladder yields: data, each answered by what came of carrying it out."""

from dataclasses import dataclass

from escalation.model.amounts import Amounts
from escalation.model.attempt import Attempt, Candidate, Done
from escalation.model.case import WorkKey
from escalation.model.decision import Closed
from escalation.model.quote import Quote
from escalation.model.work import Work
from escalation.policy.ladder_state import LadderState


@dataclass(frozen=True)
class Decide:
    """Asks for the next decision; answered with the `Decision`, which names its quote."""

    state: LadderState
    spent: Amounts


@dataclass(frozen=True)
class Item:
    """One piece of work to perform.

    Attributes:
        key: its name in the ledger.
        work: what to run.
        backend: where.
        quote: what the whole attempt may use; None where a person is asked because it is more.
        wall_s_left: elapsed seconds that the case's budget leaves it; None is unlimited.
        usd_left: US dollars that the case's budget leaves the work of its step; None is unlimited.
        beside: work of the same step that comes first, each with its backend.
        label: tier and method, for people.
        asks: rules by which a person must approve before the work is sent.
        why: the attempt was decided on, for who is asked.
    """

    key: WorkKey
    work: Work
    backend: str
    quote: Quote | None
    wall_s_left: float | None
    label: str
    asks: tuple[Closed, ...] = ()
    why: str = ""
    usd_left: float | None = None
    beside: tuple[tuple[Work, str], ...] = ()


@dataclass(frozen=True)
class Perform:
    """Asks for work to be performed, the items at once; answered with their results in order."""

    items: tuple[Item, ...]


@dataclass(frozen=True)
class Certify:
    """Asks for the verifier's finding on an attempt that ended; answered with the `Attempt`."""

    draft: Attempt
    candidate: Candidate | None
    done: tuple[Done, ...]
    alpha: float


Step = Decide | Perform | Certify
