"""Budgets in the ledger: money and quantum seconds set aside before work is sent, then billed."""

import json
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from escalation.attempt import Cost
from escalation.case import WorkKey
from escalation.problem import Budget
from records.events import seal, text_json
from records.schema import budgets

PAID = ("usd", "qpu_s")


class BudgetState(StrEnum):
    """What became of an amount set aside."""

    RESERVED = "reserved"
    SPENT = "spent"
    RELEASED = "released"


def reserve(connection: Connection, key: WorkKey, amount: Cost, limit: Budget) -> bool:
    """Sets the amount aside unless spent + reserved + amount would pass the limit; idempotent by key.

    Sums are decimal, so that three times 0.1 fits into 0.3. A larger amount for a key that has one is
    checked anew; a key that was spent needs no more.
    """
    row = _find(connection, key)
    if row is not None and row["state"] == BudgetState.SPENT:
        return True
    if row is not None and row["state"] == BudgetState.RESERVED and _covers(_cost(row["reserved"]), amount):
        return True
    if not _fits(connection, key, amount, limit):
        return False
    _put(connection, key, "budget.reserved", BudgetState.RESERVED, reserved=amount, spent=Cost())
    return True


def spend(connection: Connection, key: WorkKey, amount: Cost) -> None:
    """Replaces the key's reservation by what was really used; zero releases it."""
    row = _find(connection, key)
    state = BudgetState.RELEASED if amount == Cost() else BudgetState.SPENT
    reserved = Cost() if row is None else _cost(row["reserved"])
    if row is not None and row["state"] == state and _cost(row["spent"]) == amount:
        return
    _put(connection, key, f"budget.{state}", state, reserved=reserved, spent=amount)


def spent(connection: Connection, case_id: str) -> Cost:
    """What the case has used so far, without what is only reserved."""
    rows = _rows(connection, case_id)
    used = [_cost(row["spent"]) for row in rows if row["state"] == BudgetState.SPENT]
    return Cost(**{name: float(sum(_decimal(cost, name) for cost in used)) for name in Cost.model_fields})


def _fits(connection: Connection, key: WorkKey, amount: Cost, limit: Budget) -> bool:
    taken = [_taken(row) for row in _rows(connection, key.case_id) if _key(row) != key]
    for name in PAID:
        most = getattr(limit, name)
        wanted = sum((_decimal(cost, name) for cost in (*taken, amount)), Decimal(0))
        if most is not None and wanted > Decimal(repr(float(most))):
            return False
    return True


def _taken(row: RowMapping) -> Cost:
    match row["state"]:
        case BudgetState.RESERVED:
            return _cost(row["reserved"])
        case BudgetState.SPENT:
            return _cost(row["spent"])
        case _:
            return Cost()


def _put(
    connection: Connection, key: WorkKey, kind: str, state: BudgetState, *, reserved: Cost, spent: Cost
) -> None:
    names = {"case_id": key.case_id, "attempt": key.attempt, "ordinal": key.ordinal}
    amounts = {"reserved": reserved.to_json(), "spent": spent.to_json()}
    values = {"state": state} | {name: text_json(amount) for name, amount in amounts.items()}
    if _find(connection, key) is None:
        connection.execute(insert(budgets).values(names | values))
    else:
        connection.execute(update(budgets).where(*_where(key)).values(values))
    body = {"attempt": key.attempt, "ordinal": key.ordinal, **amounts}
    seal(connection, budgets, (key.case_id, key.attempt, key.ordinal), kind, body)


def _covers(has: Cost, amount: Cost) -> bool:
    return all(getattr(has, name) >= getattr(amount, name) for name in PAID)


def _decimal(cost: Cost, name: str) -> Decimal:
    return Decimal(repr(float(getattr(cost, name))))


def _cost(text: str) -> Cost:
    return Cost.model_validate(json.loads(text))


def _rows(connection: Connection, case_id: str) -> list[RowMapping]:
    return list(connection.execute(select(budgets).where(budgets.c.case_id == case_id)).mappings())


def _find(connection: Connection, key: WorkKey) -> RowMapping | None:
    return connection.execute(select(budgets).where(*_where(key))).mappings().one_or_none()


def _where(key: WorkKey) -> tuple[Any, ...]:
    row = budgets.c
    return (row.case_id == key.case_id, row.attempt == key.attempt, row.ordinal == key.ordinal)


def _key(row: RowMapping) -> WorkKey:
    return WorkKey(row["case_id"], row["attempt"], row["ordinal"])
