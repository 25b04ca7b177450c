"""`tierwise budget`: what paid work was estimated at and cost, what is spent, what may be."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.table import Column, Table

from cli.terminal import plain, terminal
from escalation.inputs.site import EVERYBODY
from escalation.model.amounts import Amounts, Caps
from escalation.model.calibration import PRACTICE_MONEY
from escalation.model.case import WorkKey
from escalation.model.errors import BadInput
from escalation.model.metered import CHARGED
from escalation.model.submission import Limit, Period, Submission
from escalation.ports.configuration import settings
from escalation.ports.ledger.budgets import BudgetLedger
from escalation.ports.ledger.events import EventLog
from escalation.ports.registry import practises
from escalation.submission.paid_work import bills, may_be_charged
from escalation.text.rounding import rounded
from records.runtime import open_records


def show_budget(*, as_object: bool) -> None:
    """Prints limits beside what is reserved and spent, and each estimate beside its bill."""
    with open_records() as (ledger, _):
        now = ledger.now_s()
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
    if any(work["practice"] for work in works):
        console.print(f"\n{PRACTICE_MONEY.capitalize()}; counted apart, it takes nothing from the above:")
        console.print(_scope_table(practised))
    console.print(
        "\nEstimates, which are lower bounds, and bills:"
        if works
        else "\nno work of a service was priced yet"
    )
    for work in works:
        console.print(plain(_work_line(work)))


def set_limit(project: str, period: str, caps: Mapping[str, float | None], *, lift: bool) -> None:
    """Sets what a project may spend in a period; what is not named, or is None, stays as it was.

    Raises:
        BadInput: when nothing is to be set, or a limit is below zero.
    """
    named = {name: value for name, value in caps.items() if value is not None}
    if lift == bool(named):
        raise BadInput(f"expected {_options()}, or --lift alone")
    for name, value in named.items():
        if not 0 <= value < float("inf"):
            raise BadInput(f"{option(name)}: expected a number of at least 0, got {value:g}")
    with open_records() as (ledger, _):
        had = next((x for x in ledger.limits() if (x.project, x.period) == (project, Period(period))), None)
        before = had.caps if had is not None and not lift else Caps()
        limits = before.but(**named)
        ledger.set_limit(Limit(project=project, period=Period(period), caps=limits))
    amounts = ", ".join(_number(limits[resource.name], resource.words) for resource in reversed(CHARGED))
    terminal().print(f"{plain(_who(project))}, {_over(period)}: at most {amounts}")


def option(name: str) -> str:
    """How the command line spells a resource: `--qpu-s`."""
    return f"--{name.replace('_', '-')}"


def _options() -> str:
    spelt = [option(resource.name) for resource in reversed(CHARGED)]
    return f"{', '.join(spelt)} or {'both' if len(spelt) == 2 else 'several'}"


def scope(
    ledger: BudgetLedger, project: str, period: Period, now: float, *, practice: bool = False
) -> dict[str, Any]:
    """A project's limit over a period beside what is reserved and spent in it, of either money."""
    reserved, spent = ledger.spending(project, period, now, practice=practice)
    limit = next((x for x in ledger.limits() if (x.project, x.period) == (project, period)), None)
    return {
        "project": project,
        "per": str(period),
        "reserved": reserved.to_json(CHARGED),
        "spent": spent.to_json(CHARGED),
        "limit": None if limit is None else limit.caps.to_json(CHARGED),
    }


def compared(row: Submission, bill: Amounts | None) -> dict[str, Any]:
    """A submission's estimate, which is a lower bound, beside its bill; the ratio is bill over estimate."""
    assert row.price is not None
    price = row.price
    ratio = None
    if bill is not None:
        estimated = (resource.name for resource in CHARGED if price.expected[resource.name])
        ratio = next((bill[name] / price.expected[name] for name in estimated), None)
    return {
        "id": str(row.key),
        "state": str(row.state),
        "practice": practises(row.backend),
        "estimate": {**price.expected.to_json(CHARGED), "is": "a lower bound"},
        "cap": price.cap.to_json(CHARGED),
        "charge": "final" if bill else "not final" if may_be_charged(row) else "nothing",
        "charged": None if bill is None else bill.to_json(CHARGED),
        "charged_over_estimate": ratio,
    }


def _projects(ledger: BudgetLedger) -> list[str]:
    named = [settings().project, *(limit.project for limit in ledger.limits())]
    return [*sorted(set(named) - {EVERYBODY}), EVERYBODY]


def _billed(ledger: EventLog, rows: list[Submission]) -> list[tuple[Submission, Amounts | None]]:
    charges: dict[WorkKey, Amounts] = bills(ledger, rows)
    return [(row, charges.get(row.key)) for row in rows]


def _scope_table(scopes: list[dict[str, Any]]) -> Table:
    parts = {"reserved": 0.0, "spent": 0.0, "limit": None}
    first, *others = (resource.unit for resource in CHARGED)
    numbers = [name for part in parts for name in (f"{part} {first}", *others)]
    columns = [Column("project"), Column("per"), *(Column(name, justify="right") for name in numbers)]
    table = Table(*columns, box=None)
    for scope in scopes:
        cells = [(scope[part] or {}).get(paid.name, none) for part, none in parts.items() for paid in CHARGED]
        table.add_row(plain(_who(scope["project"])), _over(scope["per"]), *map(_text, cells))
    return table


def _work_line(work: dict[str, Any]) -> str:
    ratio = work["charged_over_estimate"]
    bill = f"charged {_both(work['charged'])}" if work["charged"] else f"charge: {work['charge']}"
    times = "" if ratio is None else f", {ratio:.2f} times the estimate"
    whose = f"{PRACTICE_MONEY}: " if work["practice"] else ""
    priced = f"{whose}estimate {_both(work['estimate'])}; cap {_both(work['cap'])}"
    return f"{work['id']} {work['state']}: {priced}; {bill}{times}"


def _both(amount: Mapping[str, Any]) -> str:
    return Amounts.of(
        {resource.name: amount[resource.name] for resource in CHARGED if resource.name in amount}
    ).text(CHARGED)


def _text(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"


def _number(value: float | None, unit: str) -> str:
    return f"no limit in {unit}" if value is None else f"{rounded(value)} {unit}"


def _who(project: str) -> str:
    return "all together" if project == EVERYBODY else project


def _over(period: str) -> str:
    return {"total": "ever", "day": "this day", "month": "this month"}[period]
