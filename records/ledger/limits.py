"""Limits in the ledger: what a project, or all together, may spend in total, a day, a month.

What was set aside counts in the period in which it was, and so does its bill: an amount that was allowed can
never push a later period over its limit.

Practice money is counted apart: a limit holds for real work and for practice work, each by itself, so that to
practise takes nothing from real work, and running out of a limit can be practised.
"""

import json
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, RowMapping, select

from escalation.inputs.site import EVERYBODY
from escalation.model.amounts import Amounts, Caps
from escalation.model.case import WorkKey
from escalation.model.metered import CHARGED
from escalation.model.submission import Limit, Period
from records.ledger import budgets, submissions
from records.ledger.chains import text_json
from records.ledger.events import by_key, seal
from records.ledger.events import put as put_row
from records.ledger.readable import of_row
from records.ledger.schema import limits


def put(connection: Connection, limit: Limit) -> None:
    """Sets a limit, in place of the one there was."""
    values = {"caps": text_json(limit.caps.to_json(CHARGED))}
    key = (limit.project, str(limit.period))
    row = put_row(connection, limits, key, by_key(connection, limits, key), values)
    seal(connection, limits, row, "limit.set", limit.to_json(), case_id="")


def list_all(connection: Connection) -> Sequence[Limit]:
    """Returns the limits by project, total before day before month."""
    found = [_limit(row) for row in connection.execute(select(limits)).mappings()]
    return sorted(found, key=lambda limit: (limit.project, list(Period).index(limit.period)))


def spending(
    connection: Connection, project: str, period: Period, now: float, *, practice: bool
) -> tuple[Amounts, Amounts]:
    """What a project (`*`: all) has reserved and spent in the period that `now` lies in, of either money."""
    return spending_within(connection, project, window(period, now), practice=practice)


def spending_within(
    connection: Connection, project: str, window_s: tuple[float, float], *, practice: bool
) -> tuple[Amounts, Amounts]:
    """The same of what was set aside in the half-open time window, in seconds since the epoch."""
    rows = _counting(connection, project, window_s, practice)
    return budgets.total(rows, budgets.BudgetState.RESERVED), budgets.total(rows, budgets.BudgetState.SPENT)


def lacking(
    connection: Connection, key: WorkKey, amount: Amounts, *, limit: Caps, project: str, now: float
) -> str:
    """Says which limit has no room for the amount, empty when all have: the case's, then the projects'."""
    of_case = ("the case", budgets.of_case(connection, key.case_id), limit)
    practice = key in submissions.practised(connection)
    for scope, rows, most in (of_case, *_scopes(connection, project, now, practice)):
        said = budgets.short(rows, key, amount, most)
        if said:
            return f"no room in the budget of {scope}: {said}"
    return ""


def window(period: Period, now: float) -> tuple[float, float]:
    """First second and end of the UTC day or month that `now` lies in, in seconds since the epoch."""
    if period is Period.TOTAL:
        return -math.inf, math.inf
    start = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if period is Period.DAY:
        return start.timestamp(), (start + timedelta(days=1)).timestamp()
    start = start.replace(day=1)
    return start.timestamp(), (start + timedelta(days=31)).replace(day=1).timestamp()


def _scopes(
    connection: Connection, project: str, now: float, practice: bool
) -> Iterator[tuple[str, Sequence[RowMapping], Caps]]:
    for limit in list_all(connection):
        if limit.project in (project, EVERYBODY):
            who = "all projects" if limit.project == EVERYBODY else f"project {limit.project}"
            over = who if limit.period is Period.TOTAL else f"{who} this {limit.period}"
            yield over, _counting(connection, limit.project, window(limit.period, now), practice), limit.caps


def _counting(
    connection: Connection, project: str, window_s: tuple[float, float], practice: bool
) -> Sequence[RowMapping]:
    """The amounts of a project (`*`: all) in the time window: of practice work, or of real."""
    name = None if project == EVERYBODY else project
    practised = submissions.practised(connection)
    found = budgets.in_window(connection, name, window_s)
    return [row for row in found if (budgets.key_of(row) in practised) is practice]


@of_row(limits)
def _limit(row: RowMapping) -> Limit:
    caps = Caps.of(json.loads(row["caps"]))
    return Limit(project=row["project"], period=Period(row["period"]), caps=caps)
