"""Whether each case can have gone so: a decision rests on its facts, an attempt on its decision.

Hashes say that rows are as they were sealed. What an earlier version, or somebody with the program, sealed
that cannot be is found here; the order of approvals, jobs and bills is in the events, see
`records.ledger.past`.
"""

from collections.abc import Iterator, Sequence

from escalation.model.attempt import Attempt
from escalation.model.case import CaseRecord, CaseStatus
from escalation.model.decision import Action, Decision
from escalation.model.errors import CorruptRecord
from escalation.model.identity import digest_json
from records.ledger.ledger import SqlLedger

_ENDS = {
    CaseStatus.ACCEPTED: Action.ACCEPT,
    CaseStatus.ABSTAINED: Action.ABSTAIN,
    CaseStatus.REFUSED: Action.REFUSE,
}


def history_findings(ledger: SqlLedger) -> Iterator[str]:
    """What cannot be, case by case; of cases whose decisions say by which facts they were made."""
    broken: list[str] = []
    for record in ledger.each_case(broken=broken.append):
        try:
            attempts = ledger.attempt_records(record.info.case_id)  # first: a case may be running
            decisions = ledger.decisions(record.info.case_id)
        except CorruptRecord as error:
            broken.append(str(error))
            continue
        if decisions and all(decision.facts_hash for decision in decisions):
            for said in climbed(record, decisions, attempts):
                yield f"case {record.info.case_id}: {said}"
    yield from broken


def climbed(record: CaseRecord, decisions: Sequence[Decision], attempts: Sequence[Attempt]) -> Iterator[str]:
    """What cannot be in a case."""
    for place, decision in enumerate(decisions):
        which = f"decision {decision.number}"
        if decision.number != place:
            yield f"expected decision {place}, got {which}"
        facts = digest_json([fact.to_json() for fact in decision.facts])
        if decision.facts_hash != facts:
            yield f"{which} names the facts {decision.facts_hash}, and those that it has are {facts}"
        if decision.policy_hash != record.info.policy_digest:
            yield f"{which} is by policy {decision.policy_hash}, and the case by {record.info.policy_digest}"
        if decision.action is not Action.ATTEMPT and place + 1 < len(decisions):
            yield f"{which} ends the case ({decision.action}), and others follow it"
    yield from _attempts([each for each in decisions if each.action is Action.ATTEMPT], attempts)
    ends = _ENDS.get(record.status)
    if ends is not None and decisions[-1].action is not ends:
        yield f"it is {record.status}, and its last decision is to {decisions[-1].action}"


def _attempts(decided: Sequence[Decision], attempts: Sequence[Attempt]) -> Iterator[str]:
    for place, attempt in enumerate(attempts):
        which = f"attempt {attempt.number} ({attempt.tier} {attempt.method})"
        if attempt.number != place:
            yield f"expected attempt {place}, got {which}"
        elif place >= len(decided):
            yield f"{which} follows no decision to make it"
        elif (attempt.tier, attempt.method) != (decided[place].tier, decided[place].method):
            yield f"{which} follows the decision for {decided[place].tier} {decided[place].method}"
