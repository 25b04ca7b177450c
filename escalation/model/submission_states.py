"""The states of a submission, and the only transitions that there are: a table in code and documentation."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from escalation.model.errors import CaseConflict


class SubmissionState(StrEnum):
    """Where paid work stands, roughly in order; the last three are final."""

    WANTED = "wanted"
    FROZEN = "frozen"
    ASKED = "asked"
    AUTHORISED = "authorised"
    FENCED = "fenced"
    SENDING = "sending"
    DOUBTED = "doubted"
    PARKED = "parked"
    SUBMITTED = "submitted"
    FETCHED = "fetched"
    SETTLED = "settled"
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing more will happen."""
        return self in (SubmissionState.DONE, SubmissionState.REFUSED, SubmissionState.CANCELLED)

    @property
    def answered(self) -> bool:
        """Whether the case has its result; only the bill may still be open."""
        return self.final or self is SubmissionState.SETTLED

    @property
    def may_be_charged(self) -> bool:
        """Whether the service may have a job of it."""
        return self in _AT_THE_SERVICE


class Who(StrEnum):
    """Who may make a transition."""

    DRIVER = "driver"
    """The process that holds the case's lease: the one that solves it, or `reconcile`."""
    PERSON = "person"
    """Somebody at the command line."""


@dataclass(frozen=True)
class Transition:
    """A step that a submission may take: who may take it, and when."""

    source: SubmissionState
    target: SubmissionState
    who: Who
    when: str


_S, _D, _P = SubmissionState, Who.DRIVER, Who.PERSON

TRANSITIONS: tuple[Transition, ...] = (
    Transition(_S.WANTED, _S.FROZEN, _D, "the exact bytes to be sent are in the store"),
    Transition(_S.WANTED, _S.REFUSED, _D, "it cannot be priced, or the device cannot take it"),
    Transition(_S.WANTED, _S.CANCELLED, _D, "it was cancelled before anything was sent"),
    Transition(_S.FROZEN, _S.ASKED, _D, "the policy wants a person's word, and there is none yet"),
    Transition(_S.FROZEN, _S.AUTHORISED, _D, "budget reserved, approval (where needed) used"),
    Transition(_S.FROZEN, _S.REFUSED, _D, "no room in a budget or in the service's quota"),
    Transition(_S.FROZEN, _S.CANCELLED, _D, "it was cancelled before anything was sent"),
    Transition(_S.ASKED, _S.AUTHORISED, _D, "a person approved these bytes in time; budget reserved"),
    Transition(
        _S.ASKED, _S.REFUSED, _D, "a person refused, nobody answered in time, or a budget has no room"
    ),
    Transition(_S.ASKED, _S.CANCELLED, _D, "it was cancelled before anything was sent"),
    Transition(_S.AUTHORISED, _S.FENCED, _D, "a batch was opened at the service, and is recorded"),
    Transition(_S.AUTHORISED, _S.SENDING, _D, "no batch is used; the next thing that happens is the POST"),
    Transition(
        _S.AUTHORISED, _S.FROZEN, _D, "the price rose: what was set aside is released, and asked anew"
    ),
    Transition(_S.AUTHORISED, _S.REFUSED, _D, "the service definitely refuses for good"),
    Transition(_S.AUTHORISED, _S.CANCELLED, _D, "it was cancelled before anything was sent"),
    Transition(
        _S.AUTHORISED,
        _S.SUBMITTED,
        _D,
        "the ledger was put back from a back-up, and the service has a job of this tag",
    ),
    Transition(_S.FENCED, _S.SUBMITTED, _D, "the same, with a batch on record"),
    Transition(_S.FENCED, _S.SENDING, _D, "the next thing that happens is the POST"),
    Transition(_S.FENCED, _S.AUTHORISED, _D, "nothing was sent into the batch, and it has grown old"),
    Transition(_S.FENCED, _S.CANCELLED, _D, "it was cancelled before anything was sent"),
    Transition(_S.SENDING, _S.SUBMITTED, _D, "the service answered with a job id"),
    Transition(_S.SENDING, _S.FENCED, _D, "nothing left this machine, and may later"),
    Transition(_S.SENDING, _S.AUTHORISED, _D, "the same, where no batch is used"),
    Transition(_S.SENDING, _S.REFUSED, _D, "nothing left this machine, and nothing will"),
    Transition(_S.SENDING, _S.DOUBTED, _D, "any answer but a job's id, none, or the sender died"),
    Transition(_S.DOUBTED, _S.SUBMITTED, _D, "its job was found, or the same POST again named it"),
    Transition(
        _S.DOUBTED,
        _S.AUTHORISED,
        _D,
        "nothing can arrive any more, settling time over, nothing there: a new round",
    ),
    Transition(_S.DOUBTED, _S.REFUSED, _D, "the same, and the service had answered no for good"),
    Transition(_S.DOUBTED, _S.CANCELLED, _D, "the same, and nobody wants the work any more"),
    Transition(_S.DOUBTED, _S.PARKED, _D, "closing or listing not to be had, key too old, too many rounds"),
    Transition(_S.SUBMITTED, _S.FETCHED, _D, "the job is final; its raw text is in the store"),
    Transition(
        _S.SUBMITTED, _S.PARKED, _D, "the service does not know the job, or no answer about it can be used"
    ),
    Transition(_S.FETCHED, _S.SETTLED, _D, "the result is recorded and the case can go on"),
    Transition(_S.SETTLED, _S.DONE, _D, "usage is final and billed"),
    Transition(_S.SETTLED, _S.DONE, _P, "a person bills what the service's own bill says"),
    Transition(_S.SUBMITTED, _S.PARKED, _P, "a person takes it out of the machine's hands"),
    Transition(_S.DOUBTED, _S.PARKED, _P, "a person takes it out of the machine's hands"),
    Transition(_S.PARKED, _S.DOUBTED, _P, "a person has it looked for again"),
    Transition(_S.PARKED, _S.SUBMITTED, _P, "a person says which job it is"),
    Transition(
        _S.PARKED, _S.CANCELLED, _P, "a person gives it up; what was reserved stays reserved until billed"
    ),
)
"""Every transition; there are no others."""

_AT_THE_SERVICE = frozenset(
    {_S.SENDING, _S.DOUBTED, _S.PARKED, _S.SUBMITTED, _S.FETCHED, _S.SETTLED, _S.DONE}
)
_ALLOWED: Mapping[tuple[SubmissionState, SubmissionState], frozenset[Who]] = {
    (each.source, each.target): frozenset(
        other.who for other in TRANSITIONS if (other.source, other.target) == (each.source, each.target)
    )
    for each in TRANSITIONS
}


def check_transition(source: SubmissionState, target: SubmissionState, who: Who = Who.DRIVER) -> None:
    """Refuses every transition that is not in the table.

    Raises:
        CaseConflict: with what would have been possible.
    """
    if who not in _ALLOWED.get((source, target), frozenset()):
        possible = sorted(
            {str(each.target) for each in TRANSITIONS if each.source is source and each.who is who}
        )
        raise CaseConflict(
            f"a {who} cannot take a submission from {source} to {target}: "
            f"expected one of {', '.join(possible) or 'none, it is final or somebody else moves it'}"
        )
