"""The walk through a ledger's history: whether its events follow from each other, whatever their hashes say.

What was changed behind the ledger's back and then built upon has a good chain and good seals, and yet a
history that cannot have happened: an approval used twice, a bill of what was never sent.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, RowMapping, select

from escalation.model.amounts import Amounts, exact_sum
from escalation.model.errors import CaseConflict, CorruptRecord
from escalation.model.metered import CHARGED
from escalation.model.submission_states import SubmissionState, Who, check_transition
from records.ledger import budgets
from records.ledger import events as sealed
from records.ledger.schema import attempts, cases, intents, submissions

Body = Mapping[str, Any]
Key = tuple[str, int, int]
_BEFORE = {"asked": None, "granted": "asked", "denied": "asked", "used": "granted"}
"""By what became of a question, what it was before."""
_ONCE = ("case.opened", "decision.added", "attempt.added", "handoff.wanted")
_BILLABLE = (SubmissionState.SETTLED, SubmissionState.DONE, SubmissionState.CANCELLED)
_S = SubmissionState


@dataclass
class _Past:
    """What the events so far come to.

    Attributes:
        approvals: by case and id, what became of the question.
        used: approvals used up for a piece of work, and not spent upon yet.
        submissions: states by work.
        money: by work, what became of its reservation.
        taken: by work, project and what is taken from the budgets.
        once: what can happen only once, and did.
    """

    approvals: dict[tuple[str, str], str] = field(default_factory=dict)
    used: dict[Key, int] = field(default_factory=dict)
    submissions: dict[Key, str] = field(default_factory=dict)
    money: dict[Key, str] = field(default_factory=dict)
    taken: dict[Key, Amounts] = field(default_factory=dict)
    once: set[tuple[Any, ...]] = field(default_factory=set)


@dataclass
class _Walked:
    """A history that was walked and is right: its events, and what they come to."""

    seen: sealed.WalkedEvents = field(default_factory=sealed.WalkedEvents)
    past: _Past = field(default_factory=_Past)


_WALKED: WeakKeyDictionary[Engine, _Walked] = WeakKeyDictionary()
"""By database, what this process found right; whoever goes on with it takes it out."""


def everything(connection: Connection) -> Iterator[str]:
    """Yields what does not fit: events and rows against their hashes, then the history against itself."""
    return _findings(connection, _Walked())


def check(connection: Connection, *, anew: bool = False) -> None:
    """Refuses a ledger in which something does not fit.

    Events are never changed: those that this process found right before are read and compared letter by
    letter, and not decoded again, unless all is walked `anew`. Rows are compared with their seals as they
    are now.

    Raises:
        CorruptRecord: with the first finding.
    """
    walked = _WALKED.pop(connection.engine, None)
    if walked is None or anew or not walked.seen.still_there(connection):
        walked = _Walked()
    for finding in _findings(connection, walked):
        raise CorruptRecord(f"{finding}; nothing is spent on this ledger: see `tierwise doctor`")
    _WALKED[connection.engine] = walked


def _findings(connection: Connection, walked: _Walked) -> Iterator[str]:
    """Goes on from what was walked; the history is told only where every hash is right."""
    past, history = walked.past, list[str]()

    def follow(row: RowMapping, body: Body) -> None:
        where = f"event {row['number']} ({row['kind']}) of case {row['case_id']}"
        history.extend(f"{where}: {finding}" for finding in _event(past, row["case_id"], row["kind"], body))

    wrong = False
    for finding in sealed.findings(connection, walked.seen, follow):
        wrong = True
        yield finding
    if not wrong:
        yield from history
        yield from _end(connection, past)


def _end(connection: Connection, past: _Past) -> Iterator[str]:
    yield from _sums(connection, past)
    for key, state in past.submissions.items():
        if state in (_S.DONE, _S.REFUSED) and past.money.get(key) == budgets.BudgetState.RESERVED:
            yield f"submission {_named(key)} is {state}, and money is still set aside for it"


def digests(connection: Connection) -> Iterator[str]:
    """The digests of all bytes that rows name: files of instances, inputs and results of work, candidates,
    what was sent, answers and reports."""
    for info, outcome in connection.execute(select(cases.c.info, cases.c.outcome)):
        ended = json.loads(outcome or "{}")
        yield from (json.loads(info).get("files") or {}).values()
        yield from filter(None, (ended.get("report"), *(ended.get("files") or {}).values()))
    for table, columns in ((intents, ("work", "result")), (attempts, ("candidate",))):
        for row in connection.execute(select(*(table.c[name] for name in columns))):
            for text in filter(None, row):
                yield from _named_bytes(json.loads(text))
    for row in connection.execute(select(submissions.c.handoff)).scalars():
        said = json.loads(row)
        yield from filter(None, (said["payload"], said["raw"], *said["calibrations"].values()))


def _named_bytes(data: Body) -> Iterator[str]:
    """The digests under the names by which `records.ledger.codec` keeps bytes."""
    for name in ("inputs", "files", "evidence"):
        yield from (data.get(name) or {}).values()
    for pub in data.get("pubs") or ():
        yield from (pub["qasm3"], pub["parameters"])
    for control in (data.get("controls") or {}).values():
        yield from _named_bytes(control)


def _event(past: _Past, case_id: str, kind: str, body: Body) -> Iterator[str]:
    what, _, verb = kind.partition(".")
    if kind in _ONCE:
        name = (kind, case_id, body.get("number"), body.get("attempt"), body.get("ordinal"))
        if name in past.once:
            yield "it happened before, and can happen only once"
        past.once.add(name)
    match what:
        case "approval":
            yield from _approval(past, case_id, verb, body)
        case "handoff":
            yield from _submission(past, _key(case_id, body), verb, body)
        case "budget":
            yield from _budget(past, _key(case_id, body), verb, body)


def _approval(past: _Past, case_id: str, verb: str, body: Body) -> Iterator[str]:
    name = (case_id, str(body["approval_id"]))
    before = past.approvals.get(name)
    if before != _BEFORE.get(verb, verb):
        yield f"approval {name[1]} was {verb} after it was {before or 'never asked'}"
    past.approvals[name] = verb
    if verb == "used":
        key = _key(case_id, body)
        past.used[key] = past.used.get(key, 0) + 1


def _submission(past: _Past, key: Key, verb: str, body: Body) -> Iterator[str]:
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


def _move(past: _Past, key: Key, before: SubmissionState, after: SubmissionState, who: Who) -> Iterator[str]:
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


def _budget(past: _Past, key: Key, verb: str, body: Body) -> Iterator[str]:
    state = past.submissions.get(key)
    if verb == budgets.BudgetState.SPENT and state is not None and state not in _BILLABLE:
        yield f"work {_named(key)} was billed, and its submission is {state}: nothing was settled or given up"
    if verb == budgets.BudgetState.RELEASED and past.money.get(key) is None:
        yield f"money of work {_named(key)} was released, and none was ever set aside"
    past.money[key] = verb
    released = verb == budgets.BudgetState.RELEASED
    amount = body["reserved"] if verb == budgets.BudgetState.RESERVED else body["spent"]
    past.taken[key] = Amounts() if released else Amounts.of(amount)


def _sums(connection: Connection, past: _Past) -> Iterator[str]:
    """What the events set aside and billed, against what the rows say that limits count."""
    rows = [budgets.taken(row) for row in budgets.in_window(connection, None, (float("-inf"), float("inf")))]
    for each in CHARGED:
        told, has = (exact_sum(found, each.name) for found in (past.taken.values(), rows))
        if told != has:
            yield f"the limits count {has:f} {each.words}, and the events set aside and billed {told:f}"


def _key(case_id: str, body: Body) -> Key:
    return case_id, int(body["attempt"]), int(body["ordinal"])


def _named(key: Key) -> str:
    return "/".join(map(str, key))
