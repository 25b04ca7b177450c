"""Replays a case from its record."""

from escalation.engine.case import Case
from escalation.engine.opening import prepare_again
from escalation.model.case import CaseInfo
from escalation.model.clock import boottime_s
from escalation.model.errors import BadInput, CorruptRecord
from escalation.ports.configuration import with_ranks
from escalation.ports.ledger.ledger import Ledger
from escalation.ports.store import Store
from escalation.replay.climbing import Climb
from escalation.replay.differences import differences
from escalation.replay.record import Record, read_record
from escalation.replay.report import Difference, Mode, Replay
from escalation.replay.surroundings import other

_OPENED_WITH = (
    "problem_digest", "problem", "files", "instance_digest", "instance", "about", "asked",
    "policy_name", "policy_digest",
)  # fmt: skip
"""Of a case's information, what comes out again: all but where it ran."""


def replay(ledger: Ledger, store: Store, case_id: str) -> Replay:
    """Drives the ladder of a case again with the recorded results fed back; nothing is written anywhere.

    Raises:
        BadInput: when there is no such case, it is not over, or cannot be opened again.
        CorruptRecord: when bytes that the record names are missing or are not what it says.
    """
    began_s = boottime_s()
    record = read_record(ledger, store, case_id)
    with with_ranks(_ranks(record.case.info)):
        case = _opened_again(record)
        climb = Climb(case, record)
        climb.run()
    return Replay(
        case_id=case_id,
        mode=Mode.FROM_RESULTS,
        status=record.case.status,
        decisions=climb.decisions,
        attempts=climb.attempts,
        works=climb.works,
        facts_again=climb.facts_again,
        facts_taken=tuple(sorted(climb.facts_taken)),
        surroundings=tuple(other(record.case.info.environment, case.info.environment)),
        ledger=_chains(ledger, case_id),
        differences=(*_opening(record.case.info, case.info), *climb.found),
        seconds=boottime_s() - began_s,
    )


def _opened_again(record: Record) -> Case:
    info = record.case.info
    try:
        return prepare_again(info, record.store, str(info.environment.get("engine", "plain")))
    except BadInput as error:
        raise BadInput(f"case {info.case_id} cannot be opened again: {error}") from error


def _ranks(info: CaseInfo) -> int | None:
    """What methods asked for then; None where the record is older than to say."""
    ranks = info.environment.get("ranks")
    return ranks if isinstance(ranks, int) else None


def _opening(recorded: CaseInfo, again: CaseInfo) -> list[Difference]:
    before, now = recorded.to_json(), again.to_json()
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
