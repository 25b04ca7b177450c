"""Budgets in the ledger: money and quantum seconds set aside before work is sent, then billed."""

import json
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from escalation.model.amounts import Amounts, Caps
from escalation.model.case import WorkKey
from records.ledger import keyed
from records.ledger.chains import text_json
from records.ledger.schema import budgets
from records.ledger.shared_clock import database_time_s


class BudgetState(StrEnum):
    """What became of an amount set aside."""

    RESERVED = "reserved"
    SPENT = "spent"
    RELEASED = "released"


def reserve(connection: Connection, key: WorkKey, amount: Amounts, limit: Caps) -> bool:
    """Sets the amount aside unless spent + reserved + amount would pass the limit; idempotent by key.

    Sums are decimal, so that three times 0.1 fits into 0.3. A larger amount for a key that has one is
    checked anew; a key that was spent needs no more.
    """
    row = _find(connection, key)
    if row is not None and row["state"] == BudgetState.SPENT:
        return True
    if row is not None and row["state"] == BudgetState.RESERVED and amount <= _cost(row["reserved"]):
        return True
    if short(of_case(connection, key.case_id), key, amount, limit):
        return False
    set_aside(connection, key, amount, "", database_time_s(connection))
    return True


def set_aside(connection: Connection, key: WorkKey, amount: Amounts, project: str, now: float) -> None:
    """Reserves the amount for a project, in the period that `now` lies in; the caller saw that it fits."""
    at = {"project": project, "reserved_at": now}
    _put(connection, key, BudgetState.RESERVED, reserved=amount, spent=Amounts(), **at)


def release(connection: Connection, key: WorkKey) -> None:
    """Releases what is reserved for the key, if anything is."""
    row = _find(connection, key)
    if row is not None and row["state"] == BudgetState.RESERVED:
        spend(connection, key, Amounts())


def spend(connection: Connection, key: WorkKey, amount: Amounts) -> None:
    """Replaces the key's reservation by what was really used; zero releases it."""
    row = _find(connection, key)
    state = BudgetState.RELEASED if amount == Amounts() else BudgetState.SPENT
    reserved = Amounts() if row is None else _cost(row["reserved"])
    if row is not None and row["state"] == state and _cost(row["spent"]) == amount:
        return
    at = {} if row is not None else {"project": "", "reserved_at": database_time_s(connection)}
    _put(connection, key, state, reserved=reserved, spent=amount, **at)


def spent(connection: Connection, case_id: str) -> Amounts:
    """What the case has used so far, without what is only reserved."""
    return total(of_case(connection, case_id), BudgetState.SPENT)


def spent_for(connection: Connection, key: WorkKey) -> Amounts:
    """What was billed for the key; nothing where nothing was, or not yet."""
    row = _find(connection, key)
    return Amounts() if row is None or row["state"] != BudgetState.SPENT else taken(row)


def reserved_for(connection: Connection, key: WorkKey) -> Amounts:
    """What is set aside for the key; nothing once it is billed or released."""
    row = _find(connection, key)
    return Amounts() if row is None or row["state"] != BudgetState.RESERVED else taken(row)


def total(rows: Iterable[RowMapping], state: BudgetState) -> Amounts:
    """The decimal sum of what the rows of that state take."""
    return Amounts.total(taken(row) for row in rows if row["state"] == state)


def of_case(connection: Connection, case_id: str) -> Sequence[RowMapping]:
    """The case's amounts."""
    return connection.execute(select(budgets).where(budgets.c.case_id == case_id)).mappings().all()


def in_window(
    connection: Connection, project: str | None, window_s: tuple[float, float]
) -> Sequence[RowMapping]:
    """The amounts of a project (None: of all) that were set aside in the half-open time window."""
    query = select(budgets).where(budgets.c.state != BudgetState.RELEASED)
    if project is not None:
        query = query.where(budgets.c.project == project)
    start, end = window_s
    query = query.where(budgets.c.reserved_at >= start, budgets.c.reserved_at < end)
    return connection.execute(query).mappings().all()


def short(rows: Iterable[RowMapping], key: WorkKey, amount: Amounts, limit: Caps) -> str:
    """Says what the limit has no room for beside the rows, as `Caps.short`.

    What the key has set aside already does not count against it.
    """
    return limit.short([taken(row) for row in rows if key_of(row) != key], amount)


def taken(row: RowMapping) -> Amounts:
    """What an amount takes from its budgets: what was billed, before that what is reserved."""
    match row["state"]:
        case BudgetState.RESERVED:
            return _cost(row["reserved"])
        case BudgetState.SPENT:
            return _cost(row["spent"])
        case _:
            return Amounts()


def _put(
    connection: Connection, key: WorkKey, state: BudgetState, *, reserved: Amounts, spent: Amounts, **at: Any
) -> None:
    amounts = {"reserved": reserved.to_json(), "spent": spent.to_json()}
    values = {"state": state} | {name: text_json(amount) for name, amount in amounts.items()} | at
    before = _find(connection, key)
    said = {**amounts, **at}
    keyed.write(connection, budgets, key, before, values, kind=f"budget.{state}", body=said)


def _cost(text: str) -> Amounts:
    return Amounts.of(json.loads(text))


def _find(connection: Connection, key: WorkKey) -> RowMapping | None:
    return keyed.row(connection, budgets, key)


def key_of(row: RowMapping) -> WorkKey:
    """The work that an amount is for."""
    return WorkKey(row["case_id"], row["attempt"], row["ordinal"])
