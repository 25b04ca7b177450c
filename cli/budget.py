"""`tierwise budget`: what paid work was estimated at and cost, what is spent, what may be."""

import json
import sys
import time
from typing import Any

from rich.table import Column, Table

from cli.terminal import plain, terminal
from escalation.inputs.site import EVERYBODY
from escalation.model.attempt import Cost
from escalation.model.calibration import PRACTICE_MONEY
from escalation.model.case import WorkKey
from escalation.model.errors import BadInput
from escalation.model.submission import Limit, Period, Submission
from escalation.ports.configuration import settings
from escalation.ports.ledger.budgets import BudgetLedger
from escalation.ports.ledger.events import EventLog
from escalation.ports.registry import practises
from escalation.submission.paid_work import bills, may_be_charged
from records.runtime import open_records


def show_budget(*, as_object: bool) -> None:
    """Prints limits beside what is reserved and spent, and each estimate beside its bill."""
    now = time.time()
    with open_records() as (ledger, _):
        places = [(project, period) for project in _projects(ledger) for period in Period]
        scopes = [scope(ledger, *place, now) for place in places]
        practised = [scope(ledger, *place, now, practice=True) for place in places]
        rows = [row for row in ledger.submissions() if row.price is not None]
        works = [compared(row, bill) for row, bill in _billed(ledger, rows)]
    if as_object:
        sys.stdout.write(json.dumps({"scopes": scopes, "practice": practised, "submissions": works}) + "\n")
        return
    console = terminal()
    console.print(_scope_table(scopes))
    if any(each["practice"] for each in works):
        console.print(f"\n{PRACTICE_MONEY.capitalize()}; counted apart, it takes nothing from the above:")
        console.print(_scope_table(practised))
    console.print("\nEstimates, which are lower bounds, and bills:" if works else "\nno work was priced yet")
    for each in works:
        console.print(plain(_work_line(each)))


def set_limit(project: str, period: str, usd: float | None, qpu_s: float | None, *, lift: bool) -> None:
    """Sets what a project may spend in a period; what is not named stays as it was.

    Raises:
        BadInput: when nothing is to be set, or a limit is below zero.
    """
    if lift == (usd is not None or qpu_s is not None):
        raise BadInput("expected --usd, --qpu-s or both, or --lift alone")
    for name, value in (("--usd", usd), ("--qpu-s", qpu_s)):
        if value is not None and not 0 <= value < float("inf"):
            raise BadInput(f"{name}: expected a number of at least 0, got {value:g}")
    with open_records() as (ledger, _):
        had = next((x for x in ledger.limits() if (x.project, x.period) == (project, Period(period))), None)
        if not lift and had is not None:
            usd = had.usd if usd is None else usd
            qpu_s = had.qpu_s if qpu_s is None else qpu_s
        ledger.set_limit(Limit(project=project, period=Period(period), usd=usd, qpu_s=qpu_s))
    said = f"{_number(usd, 'USD')}, {_number(qpu_s, 'QPU seconds')}"
    terminal().print(f"{plain(_who(project))}, {_over(period)}: at most {said}")


def scope(
    ledger: BudgetLedger, project: str, period: Period, now: float, *, practice: bool = False
) -> dict[str, Any]:
    """A project's limit over a period beside what is reserved and spent in it, of either money."""
    reserved, spent = ledger.spending(project, period, now, practice=practice)
    limit = next((x for x in ledger.limits() if (x.project, x.period) == (project, period)), None)
    return {
        "project": project,
        "per": str(period),
        "reserved": _paid(reserved),
        "spent": _paid(spent),
        "limit": None if limit is None else {"qpu_s": limit.qpu_s, "usd": limit.usd},
    }


def compared(row: Submission, bill: Cost | None) -> dict[str, Any]:
    """A submission's estimate, which is a lower bound, beside its bill; the ratio is bill over estimate."""
    assert row.price is not None
    price = row.price
    ratio = None if bill is None or price.qpu_s == 0 else bill.qpu_s / price.qpu_s
    return {
        "id": str(row.key),
        "state": str(row.state),
        "practice": practises(row.backend),
        "estimate": {"qpu_s": price.qpu_s, "usd": price.usd, "is": "a lower bound"},
        "cap": {"qpu_s": price.cap_qpu_s, "usd": price.cap_usd},
        "charge": "final" if bill else "not final" if may_be_charged(row) else "nothing",
        "charged": None if bill is None else _paid(bill),
        "charged_over_estimate": ratio,
    }


def _projects(ledger: BudgetLedger) -> list[str]:
    named = [settings().project, *(limit.project for limit in ledger.limits())]
    return [*sorted(set(named) - {EVERYBODY}), EVERYBODY]


def _billed(ledger: EventLog, rows: list[Submission]) -> list[tuple[Submission, Cost | None]]:
    found: dict[WorkKey, Cost] = bills(ledger, rows)
    return [(row, found.get(row.key)) for row in rows]


def _scope_table(scopes: list[dict[str, Any]]) -> Table:
    numbers = ("reserved s", "USD", "spent s", "USD", "limit s", "USD")
    columns = [Column("project"), Column("per"), *(Column(name, justify="right") for name in numbers)]
    table = Table(*columns, box=None)
    for each in scopes:
        limit = each["limit"] or {"qpu_s": None, "usd": None}
        amounts = [
            part[unit] for part in (each["reserved"], each["spent"], limit) for unit in ("qpu_s", "usd")
        ]
        table.add_row(plain(_who(each["project"])), _over(each["per"]), *map(_text, amounts))
    return table


def _work_line(each: dict[str, Any]) -> str:
    ratio = each["charged_over_estimate"]
    bill = f"charged {_both(each['charged'])}" if each["charged"] else f"charge: {each['charge']}"
    times = "" if ratio is None else f", {ratio:.2f} times the estimate"
    whose = f"{PRACTICE_MONEY}: " if each["practice"] else ""
    priced = f"{whose}estimate {_both(each['estimate'])}; cap {_both(each['cap'])}"
    return f"{each['id']} {each['state']}: {priced}; {bill}{times}"


def _paid(cost: Cost) -> dict[str, float]:
    return {"qpu_s": cost.qpu_s, "usd": cost.usd}


def _both(amount: dict[str, float]) -> str:
    return f"{amount['qpu_s']:.1f} s, {amount['usd']:.2f} USD"


def _text(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"


def _number(value: float | None, unit: str) -> str:
    return f"no limit in {unit}" if value is None else f"{value:g} {unit}"


def _who(project: str) -> str:
    return "all together" if project == EVERYBODY else project


def _over(period: str) -> str:
    return {"total": "ever", "day": "this day", "month": "this month"}[period]
