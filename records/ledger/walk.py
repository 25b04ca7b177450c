"""The walk through a ledger: its chains, its rows, and whether its history can have happened.

All of a ledger is walked a page of cases at a time, so that memory stays flat. Before something is spent,
what that rests on is: the case that spends, and the chain of money with all its rows.
"""

from collections import OrderedDict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, RowMapping, select

from escalation.model.amounts import Amounts, exact_sum
from escalation.model.errors import CorruptRecord
from escalation.model.metered import CHARGED
from records.ledger import budgets, checkpoints, lineage, past, questions, subjects
from records.ledger.chains import CLOSED, MONEY, Head
from records.ledger.events import Key, Seal, finding, key_of, row_digest
from records.ledger.past import Past
from records.ledger.schema import MONEY as MONEY_TABLES
from records.ledger.schema import events
from records.ledger.walked import WalkedEvents, as_read

PAGE = 200
"""Cases that are walked at once."""
_CASES_KEPT = 32


@dataclass
class LedgerWalk:
    """What a walk found, and what it went over.

    Attributes:
        findings: a line for everything that does not fit.
        events: number of them.
        taken: what the events set aside and billed, a piece of work each.
        say: is told, after each page, the number of events so far.
    """

    findings: list[str] = field(default_factory=list)
    events: int = 0
    taken: list[Amounts] = field(default_factory=list)
    say: Callable[[int], None] = lambda _: None


def everything(
    connection: Connection, report: LedgerWalk | None = None, *, history: bool = True
) -> Iterator[str]:
    """Yields what does not fit: events and rows against their hashes, then each history against itself."""
    report, wrong = LedgerWalk() if report is None else report, False
    for said in _all_but_sums(connection, report, history=history):
        wrong = True
        yield said
    if history and not wrong:
        yield from _sums(connection, report.taken)


def _all_but_sums(connection: Connection, report: LedgerWalk, *, history: bool) -> Iterator[str]:
    for chain in (CLOSED, MONEY):
        walked = WalkedEvents(chain)
        yield from walked.follow(_of_chain(connection, chain))
        yield from _end_of_chain(connection, walked)
        yield from checkpoints.missing(connection, walked.checkpoints)
        report.events += walked.count
    yield from checkpoints.findings(connection)
    yield from lineage.findings(connection)
    after = None
    while page := subjects.names(connection, after, PAGE):
        yield from of_subjects(connection, page, report, history=history)
        report.say(report.events)
        after = page[-1]


def of_subjects(
    connection: Connection,
    page: Sequence[str],
    report: LedgerWalk,
    *,
    history: bool = True,
    whole: bool = True,
) -> Iterator[str]:
    """Yields what does not fit in some subjects: their chains, their rows, their history.

    A ledger that is not `whole`, but the excerpt that an export holds, has no checkpoints: those that the
    subjects name cannot be there.
    """
    has, named = subjects.read(connection, page), dict[Head, str]()
    for subject in page:
        one = _Subject(WalkedEvents(subject))
        yield from _subject(has, one, iter(has.events.get(subject, ())), history=history)
        named = one.walked.checkpoints | named
        report.events += one.walked.head.number
        report.taken.extend(one.past.taken.values())
    if whole:
        yield from checkpoints.missing(connection, named)
    yield from questions.findings(connection, page)


def check(connection: Connection, case_id: str | None = None, *, anew: bool = False) -> None:
    """Refuses a ledger in which something does not fit, of all that spending for a case rests on.

    That is the case, and all that is said of money; without a case it is everything. Events are never
    changed: those that this process found right before are read and compared letter by letter, and not
    decoded again, unless all is walked `anew`. Rows are compared with their seals as they are now.

    Raises:
        CorruptRecord: with the first finding.
    """
    kept = _KEPT.pop(connection.engine, None)
    if kept is None or anew:
        kept = _Kept()
    found = everything(connection) if case_id is None else _before_spending(connection, kept, case_id)
    for finding_ in found:
        raise CorruptRecord(f"{finding_}; nothing is spent on this ledger: see `tierwise doctor`")
    _KEPT[connection.engine] = kept


@dataclass
class _Subject:
    """What happened to a case, walked and right, and what it comes to."""

    walked: WalkedEvents
    past: Past = field(default_factory=Past)


@dataclass
class _Money:
    """All that the events say of money, walked and right.

    Attributes:
        closed: the closed chain.
        chain: the chain of money.
        taken: by work, what they set aside and billed.
        digests: of rows, by the SHA-256 of their columns as the database gives them.
    """

    closed: WalkedEvents = field(default_factory=lambda: WalkedEvents(CLOSED))
    chain: WalkedEvents = field(default_factory=lambda: WalkedEvents(MONEY))
    taken: dict[past.Key, Amounts] = field(default_factory=dict)
    digests: dict[bytes, str] = field(default_factory=dict)


@dataclass
class _Kept:
    """What a process found right in a ledger: whoever goes on with it takes it out."""

    money: _Money = field(default_factory=_Money)
    cases: OrderedDict[str, _Subject] = field(default_factory=OrderedDict)


_KEPT: WeakKeyDictionary[Engine, _Kept] = WeakKeyDictionary()


def _before_spending(connection: Connection, kept: _Kept, case_id: str) -> Iterator[str]:
    has = subjects.read(connection, [case_id])
    events_ = has.events.get(case_id, ())
    one, after = kept.cases.pop(case_id, None), iter(events_)
    if one is None or not one.walked.begins(after):
        one, after = _Subject(WalkedEvents(case_id)), iter(events_)
    yield from _subject(has, one, after)
    yield from checkpoints.missing(connection, one.walked.checkpoints)
    kept.cases[case_id] = one
    if len(kept.cases) > _CASES_KEPT:
        kept.cases.popitem(last=False)
    new = _told_of_money(connection)
    if not all(walked.begins(new[walked.chain]) for walked in (kept.money.closed, kept.money.chain)):
        kept.money, new = _Money(), _told_of_money(connection)
    yield from _money(connection, kept.money, new)


def _told_of_money(connection: Connection) -> dict[str, Iterator[RowMapping]]:
    return {chain: _of_chain(connection, chain) for chain in (CLOSED, MONEY)}


def _money(connection: Connection, kept: _Money, new: Mapping[str, Iterator[RowMapping]]) -> Iterator[str]:
    """The chains that tell of money, the rows about it, and the sums that limits count."""

    def take(row: RowMapping, body: Mapping[str, Any]) -> None:
        past.take(kept.taken, row["case_id"], row["kind"], body)

    broken = False
    for walked in (kept.closed, kept.chain):
        for said in walked.follow(new[walked.chain], take):
            broken = True
            yield said
        yield from _end_of_chain(connection, walked)
        yield from checkpoints.missing(connection, walked.checkpoints)
    if broken:
        return
    seals = {
        name: seal
        for name, seal in (kept.closed.seals | kept.chain.seals).items()
        if name[0] in {table.name for table in MONEY_TABLES}
    }
    kept.digests = yield from _money_rows(connection, seals, kept.digests)
    yield from _sums(connection, kept.taken.values())


def _money_rows(
    connection: Connection, seals: dict[tuple[str, Key], Seal], known: Mapping[bytes, str]
) -> Generator[str, None, dict[bytes, str]]:
    """Compares every row about money with its last seal; one that did not change has the digest it had."""
    digests: dict[bytes, str] = {}
    for table in MONEY_TABLES:
        for row in connection.execute(select(table)).mappings():
            key = key_of(table, row)
            text = sha256(table.name.encode() + as_read(row.values())).digest()
            digests[text] = known.get(text) or row_digest(row)
            found = finding(table.name, key, digests[text], seals.pop((table.name, key), None))
            yield from filter(None, [found])
    for (name, key), seal in seals.items():
        yield finding(name, key, None, seal)
    return digests


def _subject(
    has: subjects.Subjects, one: _Subject, new: Iterator[RowMapping], *, history: bool = True
) -> Iterator[str]:
    """Goes on from what was walked; the history is told only where every hash is right."""
    walked, told, wrong = one.walked, list[str](), False

    def follow(row: RowMapping, body: Mapping[str, Any]) -> None:
        where = f"event {row['number']} ({row['kind']}) of case {row['case_id']}"
        told.extend(f"{where}: {said}" for said in past.event(one.past, row["case_id"], row["kind"], body))

    for said in walked.follow(new, follow):
        yield said
        return  # what comes after hangs on it
    name = walked.chain
    for said in (
        *subjects.end_findings(name, walked.head, has.heads.get(name), has.lost.get(name, ())),
        *subjects.row_findings(walked.seals, has.rows.get(name, ())),
    ):
        wrong = True
        yield said
    if history and not wrong:
        yield from told
        yield from past.end(one.past)


def _of_chain(connection: Connection, chain: str) -> Iterator[RowMapping]:
    query = select(events).where(events.c.chain == chain).order_by(events.c.number)
    yield from connection.execute(query.execution_options(yield_per=1000)).mappings()


def _end_of_chain(connection: Connection, walked: WalkedEvents) -> Iterator[str]:
    name = walked.chain
    has, gone = subjects.heads_of(connection, [name]), subjects.lost(connection, [name])
    yield from subjects.end_findings(name, walked.head, has.get(name), gone.get(name, ()))


def _sums(connection: Connection, taken: Iterable[Amounts]) -> Iterator[str]:
    """What the events set aside and billed, against what the rows say that limits count."""
    taken = list(taken)
    rows = [budgets.taken(row) for row in budgets.in_window(connection, None, (float("-inf"), float("inf")))]
    for each in CHARGED:
        told, has = (exact_sum(found, each.name) for found in (taken, rows))
        if told != has:
            yield f"the limits count {has:f} {each.words}, and the events set aside and billed {told:f}"
