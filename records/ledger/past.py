"""What the events of a case come to: whether they follow from each other, whatever their hashes say.

What was changed behind the ledger's back and then built upon has a good chain and good seals, and yet a
history that cannot have happened: an approval used twice, a bill of what was never sent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from escalation.model.amounts import Amounts
from escalation.model.case import CaseStatus
from escalation.model.errors import CaseConflict
from escalation.model.pruned import Pruning
from escalation.model.submission_states import SubmissionState, Who, check_transition
from records.ledger import budgets

Body = Mapping[str, Any]
Key = tuple[str, int, int]
_BEFORE = {"asked": None, "granted": "asked", "denied": "asked", "used": "granted"}
"""By what became of a question, what it was before."""
_KEEPING = ("pruned", "hold", "release")
_ONCE = ("case.opened", "decision.added", "attempt.added", "handoff.wanted")
_BILLABLE = (SubmissionState.SETTLED, SubmissionState.DONE, SubmissionState.CANCELLED)
_S = SubmissionState
_B = budgets.BudgetState


@dataclass
class Past:
    """What the events so far come to.

    Attributes:
        approvals: by case and id, what became of the question.
        used: approvals used up for a piece of work, and not spent upon yet.
        submissions: states by work.
        money: by work, what became of its reservation.
        taken: by work, project and what is taken from the budgets.
        once: what can happen only once, and did.
        works: by work, what became of it last.
        status: of the case, empty before it was opened.
        held: whether a legal hold is on it.
    """

    approvals: dict[tuple[str, str], str] = field(default_factory=dict)
    used: dict[Key, int] = field(default_factory=dict)
    submissions: dict[Key, str] = field(default_factory=dict)
    money: dict[Key, str] = field(default_factory=dict)
    taken: dict[Key, Amounts] = field(default_factory=dict)
    once: set[tuple[Any, ...]] = field(default_factory=set)
    works: dict[Key, str] = field(default_factory=dict)
    status: str = ""
    held: bool = False


def event(past: Past, case_id: str, kind: str, body: Body) -> Iterator[str]:
    """Takes an event in; yields what cannot be after those before it."""
    try:
        yield from _event(past, case_id, kind, body)
    except (LookupError, ValueError, TypeError):  # what no ledger of ours wrote
        yield f"it does not say what {kind} says"


def _event(past: Past, case_id: str, kind: str, body: Body) -> Iterator[str]:
    what, _, verb = kind.partition(".")
    if kind in _ONCE:
        name = (kind, case_id, body.get("number"), body.get("attempt"), body.get("ordinal"))
        if name in past.once:
            yield "it happened before, and can happen only once"
        past.once.add(name)
    match what:
        case "case":
            yield from _case(past, verb, body)
        case "approval":
            yield from _approval(past, case_id, verb, body)
        case "handoff":
            yield from _submission(past, _key(case_id, body), verb, body)
        case "budget":
            yield from _budget(past, _key(case_id, body), verb, body)
        case "work":
            yield from _work(past, _key(case_id, body), verb)


def _case(past: Past, verb: str, body: Body) -> Iterator[str]:
    """A case is closed once for each time that it was opened or taken up again, and stays closed if final."""
    before, running = past.status, str(CaseStatus.RUNNING)
    if verb in ("opened", "resumed"):
        if verb == "resumed" and (body["was"] != before or CaseStatus(before).final):
            yield f"the case was taken up again as {body['was']}, and it was {before or 'never there'}"
        past.status = running
    elif verb == "closed":
        if before != running:
            yield f"the case was closed, and it was {before or 'never there'}, not {running}"
        past.status = body["status"]
    elif verb in _KEEPING:
        yield from _keeping(past, verb, body)


def _keeping(past: Past, verb: str, body: Body) -> Iterator[str]:
    """Bytes are given up of a case that is over, and while no legal hold is on it."""
    if verb == "pruned":
        Pruning.of("", body)  # raises where it says less
        if past.held or not past.status or not CaseStatus(past.status).final:
            is_ = "under a legal hold" if past.held else past.status or "never there"
            yield f"bytes of the case were given up, and it was {is_}"
        return
    if past.held == (verb == "hold"):
        yield f"a legal hold was {'put on' if past.held else 'taken from'} the case a second time"
    past.held = verb == "hold"


def _approval(past: Past, case_id: str, verb: str, body: Body) -> Iterator[str]:
    name = (case_id, str(body["approval_id"]))
    before = past.approvals.get(name)
    if before != _BEFORE.get(verb, verb):
        yield f"approval {name[1]} was {verb} after it was {before or 'never asked'}"
    past.approvals[name] = verb
    if verb == "used":
        key = _key(case_id, body)
        past.used[key] = past.used.get(key, 0) + 1


def _submission(past: Past, key: Key, verb: str, body: Body) -> Iterator[str]:
    if verb == "wanted":
        past.submissions[key] = _S.WANTED
        return
    before, said = past.submissions.get(key), body["from"]
    if before != said:
        yield f"submission {_named(key)} was {before or 'never wanted'}, and is said to have been {said}"
    if verb == "moved":
        after = body["changed"]["state"]
        yield from _move(past, key, SubmissionState(said), SubmissionState(after), Who(body["by"]))
        past.submissions[key] = after


def _move(past: Past, key: Key, before: SubmissionState, after: SubmissionState, who: Who) -> Iterator[str]:
    try:
        check_transition(before, after, who)
    except CaseConflict as error:
        yield str(error)
    if after is not _S.AUTHORISED or before not in (_S.FROZEN, _S.ASKED):
        return
    if past.money.get(key) != budgets.BudgetState.RESERVED:
        yield f"submission {_named(key)} was authorised, and nothing was set aside for it"
    if before is _S.ASKED and not past.used.get(key):
        yield f"submission {_named(key)} was authorised, and no approval was used up for it"
    past.used[key] = 0


def _work(past: Past, key: Key, verb: str) -> Iterator[str]:
    """Work is wanted before anything comes of it, and nothing comes of it any more once it is settled."""
    before = past.works.get(key)
    if before is None and verb != "wanted":
        yield f"work {_named(key)} was {verb}, and was never wanted"
    if before == "settled" and verb != "migrated":
        yield f"work {_named(key)} was {verb} after it was settled"
    if verb != "migrated":
        past.works[key] = verb


def _budget(past: Past, key: Key, verb: str, body: Body) -> Iterator[str]:
    state = past.submissions.get(key)
    if verb == budgets.BudgetState.SPENT and state is not None and state not in _BILLABLE:
        yield f"work {_named(key)} was billed, and its submission is {state}: nothing was settled or given up"
    if verb == budgets.BudgetState.RELEASED and past.money.get(key) is None:
        yield f"money of work {_named(key)} was released, and none was ever set aside"
    past.money[key] = verb
    take(past.taken, key[0], f"budget.{verb}", body)


def take(taken: dict[Key, Amounts], case_id: str, kind: str, body: Body) -> None:
    """Notes what an event sets aside or bills, if it does; nothing once it is released."""
    if not kind.startswith("budget."):
        return
    released, reserved = (kind == f"budget.{state}" for state in (_B.RELEASED, _B.RESERVED))
    amount = {} if released else body["reserved" if reserved else "spent"]
    taken[_key(case_id, body)] = Amounts.of(amount)


def end(past: Past) -> Iterator[str]:
    """What cannot be after all of it."""
    for key, state in past.submissions.items():
        if state in (_S.DONE, _S.REFUSED) and past.money.get(key) == budgets.BudgetState.RESERVED:
            yield f"submission {_named(key)} is {state}, and money is still set aside for it"


def _key(case_id: str, body: Body) -> Key:
    return case_id, int(body["attempt"]), int(body["ordinal"])


def _named(key: Key) -> str:
    return "/".join(map(str, key))
