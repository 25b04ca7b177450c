"""Replays a case from its record."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from escalation.engine.case import Case
from escalation.engine.opening import prepare_again
from escalation.engine.runtime import Runtime
from escalation.model.case import CaseInfo
from escalation.model.clock import boottime_s
from escalation.model.errors import BadInput, CorruptRecord
from escalation.ports.configuration import with_ranks
from escalation.ports.ledger.ledger import Ledger
from escalation.ports.store import Store
from escalation.replay.climbing import Climb
from escalation.replay.differences import differences
from escalation.replay.recomputing import Recomputing
from escalation.replay.record import Record, missing_named, pruned_parts, read_record
from escalation.replay.report import Difference, Mode, Replay
from escalation.replay.surroundings import other, worded_by

_OPENED_WITH = (
    "problem_digest", "problem", "files", "instance_digest", "instance", "about", "asked",
    "policy_name", "policy_digest",
)  # fmt: skip
"""Of a case's information, what comes out again: all but where it ran."""


def replay(
    ledger: Ledger,
    store: Store,
    case_id: str,
    scratch: Runtime | None = None,
    told: Callable[[str], None] = lambda line: None,
    *,
    alone: bool = False,
) -> Replay:
    """Drives the ladder of a case again with what is recorded fed back; nothing is written to its records.

    Args:
        ledger: read alone.
        store: read alone.
        case_id: of a case that is over.
        scratch: runs free work again, on records of its own; None takes every result from the record.
        told: is told what is run again, for who waits.
        alone: whether the ledger has this case alone: the chain of all that was spent is then not whole,
            and whoever checks what this is of checks the chains. Anybody can have written it: no work of it
            is run again but by processes of this machine.

    Raises:
        BadInput: when there is no such case, it is not over, or cannot be opened again.
        CorruptRecord: when bytes that the record names are missing or are not what it says.
    """
    began_s = boottime_s()
    if gone := pruned_parts(ledger, store, case_id):
        return Replay(
            case_id=case_id,
            mode=Mode.FROM_RESULTS if scratch is None else Mode.RECOMPUTE,
            status=ledger.case(case_id).status,
            pruned=gone,
            ledger="" if alone else _chains(ledger, case_id),
            seconds=boottime_s() - began_s,
        )
    record = read_record(ledger, store, case_id)
    with with_ranks(_ranks(record.case.info)):
        case = _opened_again(record)
        again = None if scratch is None else Recomputing(scratch, case, told, of_a_stranger=alone)
        climb = Climb(case, record, again)
        climb.run()
    return Replay(
        case_id=case_id,
        mode=Mode.FROM_RESULTS if again is None else Mode.RECOMPUTE,
        status=record.case.status,
        decisions=climb.decisions,
        attempts=climb.attempts,
        works=climb.works,
        run_again=again.run if again else 0,
        facts_again=climb.facts_again,
        facts_taken=tuple(sorted(climb.facts_taken)),
        surroundings=_surroundings(record.case.info.environment, case.info.environment, climb.worded),
        not_run_again=tuple(again.left) if again else (),
        stated=tuple(climb.stated),
        ledger="" if alone else _chains(ledger, case_id),
        differences=(*_opening(record.case.info, case.info), *climb.found),
        seconds=boottime_s() - began_s,
    )


def _opened_again(record: Record) -> Case:
    info = record.case.info
    try:
        with missing_named(f"case {info.case_id}: a file of its data"):
            return prepare_again(info, record.store, str(info.environment.get("engine", "plain")))
    except BadInput as error:
        raise BadInput(f"case {info.case_id} cannot be opened again: {error}") from error


def _surroundings(
    recorded: Mapping[str, Any], here: Mapping[str, Any], worded: Sequence[str]
) -> tuple[str, ...]:
    version = worded_by(recorded, here)
    texts = f"texts: {', '.join(worded)} worded by {version} of the code, otherwise here: not compared"
    return (*other(recorded, here), *([texts] if worded else []))


def _ranks(info: CaseInfo) -> int | None:
    """What methods asked for then; None where the record is older than to say."""
    ranks = info.environment.get("ranks")
    return ranks if isinstance(ranks, int) else None


def _opening(recorded: CaseInfo, again: CaseInfo) -> list[Difference]:
    before, now = recorded.to_json(), again.to_json()
    if worded_by(recorded.environment, again.environment):
        before["asked"] = now["asked"]
    return [
        each for name in _OPENED_WITH for each in differences("case", {name: before[name]}, {name: now[name]})
    ]


def _chains(ledger: Ledger, case_id: str) -> str:
    """What does not fit in the chains that the case rests on."""
    try:
        ledger.check(case_id)
    except CorruptRecord as error:
        return str(error)
    return ""
