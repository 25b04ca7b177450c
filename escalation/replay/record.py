"""A case as the ledger has it, read once and never written to."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from escalation.model.attempt import Attempt, Candidate, Done
from escalation.model.case import CaseRecord, CaseStatus, Outcome
from escalation.model.decision import Decision
from escalation.model.errors import BadInput, CorruptRecord
from escalation.model.pruned import PrunedFile
from escalation.ports.ledger.ledger import Ledger
from escalation.ports.store import Store
from escalation.text.pruning import amount, when_and_why


@dataclass(frozen=True)
class Record:
    """All that a replay is compared with.

    Attributes:
        case: with the outcome.
        decisions: in order.
        attempts: in order.
        candidates: by attempt, as they are kept with their files.
        works: by attempt, its pieces of work with their results, in order.
        store: the bytes; read alone.
    """

    case: CaseRecord
    outcome: Outcome
    decisions: Sequence[Decision]
    attempts: Sequence[Attempt]
    candidates: Mapping[int, Candidate | None]
    works: Mapping[int, Sequence[Done]]
    store: Store

    def done(self, attempt: int, ordinal: int) -> Done | None:
        """A piece of work and its result; None where the record has none."""
        found = self.works.get(attempt, ())
        return found[ordinal] if ordinal < len(found) else None

    def attempt(self, number: int) -> Attempt | None:
        """The attempt of that number; None where the record has none."""
        return next((attempt for attempt in self.attempts if attempt.number == number), None)

    def decision(self, number: int) -> Decision | None:
        """The decision of that number; None where the record has none."""
        return next((decision for decision in self.decisions if decision.number == number), None)


@contextmanager
def missing_named(what: str) -> Iterator[None]:
    """Says of bytes that are not in the store what they are.

    Raises:
        CorruptRecord: in place of the one that was raised in the block.
    """
    try:
        yield
    except CorruptRecord as error:
        raise type(error)(f"{what} cannot be had: {error}") from error


def pruned_parts(ledger: Ledger, store: Store, case_id: str) -> tuple[str, ...]:
    """A line on each part of a case without which it cannot be driven again, and which was given up."""
    found: dict[tuple[str, str], list[PrunedFile]] = {}
    for pruning in ledger.prunings(case_id):
        for file in pruning.files:
            if file.of.needed_to_replay and not store.has(file.sha256):
                found.setdefault((file.of, when_and_why(pruning)), []).append(file)
    return tuple(f"{what}: {amount(files)} {why}" for (what, why), files in found.items())


_TO_GO_ON = {
    CaseStatus.RUNNING: "a living process runs it",
    CaseStatus.WAITING: "it waits for a job: `tierwise reconcile --go-on` goes on with it",
    CaseStatus.HELD: "a person has to say something first: `tierwise approve {case}`",
}
_ELSE = "`tierwise solve --case {case}` goes on with it"


def read_record(ledger: Ledger, store: Store, case_id: str) -> Record:
    """Reads the record of a case that is over.

    Raises:
        BadInput: when there is no such case, or it is not over.
        CorruptRecord: when the record cannot be read, or the store has not what it names.
    """
    try:
        return _read(ledger, store, ledger.case(case_id))
    except (ValueError, LookupError, TypeError) as error:  # what no ledger of ours wrote
        line = " ".join(str(error).split())
        raise CorruptRecord(f"case {case_id}: its record cannot be read: {line:.300}") from error


def _read(ledger: Ledger, store: Store, case: CaseRecord) -> Record:
    case_id = case.info.case_id
    if not case.status.final:
        how = _TO_GO_ON.get(case.status, _ELSE).format(case=case_id)
        raise BadInput(f"case {case_id} is {case.status}: only a case that is over can be replayed; {how}")
    if case.outcome is None:
        raise CorruptRecord(f"case {case_id} is {case.status}, and its outcome is gone from the record")
    decided = ledger.decisions(case_id)
    with missing_named(f"case {case_id}: a candidate"):
        tried = ledger.attempts(case_id)
    works = {}
    for number in range(len(decided)):
        with missing_named(f"case {case_id}: work of attempt {number}, or its result,"):
            works[number] = ledger.works(case_id, number)
    return Record(
        case=case,
        outcome=Outcome.model_validate(case.outcome),
        decisions=decided,
        attempts=[attempt for attempt, _ in tried],
        candidates={attempt.number: candidate for attempt, candidate in tried},
        works=works,
        store=store,
    )
