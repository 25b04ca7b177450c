"""What is added to rows for people: times as ISO 8601 in UTC beside the seconds, and which money is practice.

The rows as they were sealed are in `ledger/rows/`; a verifier leaves `in_words` out where it compares them.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from escalation.model.calibration import PRACTICE_MONEY, DeviceKind
from escalation.model.errors import BadInput
from escalation.ports.registry import backend_descriptor

IN_WORDS = "in_words"
TABLES = {"approvals": "approval", "budgets": "", "handoffs": "handoff"}
"""Those about money, with the column that has most of it."""
COSTS = ("attempts", "cases")
"""Those that say what something cost."""
_Rows = Iterable[Mapping[str, Any]]


def in_words(tables: Mapping[str, _Rows]) -> dict[str, list[dict[str, Any]]]:
    """The rows of the tables about money and costs, each with what is added.

    Args:
        tables: rows by table, their JSON read; also of an export, whose word counts on which money is
            practice where the machine is not installed here.
    """
    sent = {_work(row["handoff"]): row["handoff"]["backend"] for row in tables["handoffs"]}
    return {
        name: [{**_bare(row), **_added(row, row.get(column, {}), sent)} for row in tables[name]]
        for name, column in TABLES.items()
    } | _costs(tables)


def outcome_in_words(case: Mapping[str, Any]) -> dict[str, Any] | None:
    """A case's outcome, with what is added to the case's row."""
    if case["outcome"] is None or IN_WORDS not in case:
        found: dict[str, Any] | None = case["outcome"]
        return found
    return {**case["outcome"], IN_WORDS: case[IN_WORDS]}


def money_in_words(cost_usd: float | None, kinds: Iterable[str]) -> dict[str, Any]:
    """What is added where something cost so much.

    Args:
        cost_usd: in USD.
        kinds: of the devices of the attempts that cost money.
    """
    practised = bool(cost_usd) and set(kinds) == {DeviceKind.PRACTICE}
    return {IN_WORDS: {"money": PRACTICE_MONEY}} if practised else {}


def paid_kinds(attempts: Iterable[Mapping[str, Any]]) -> set[str]:
    """The kinds of devices of those that cost money."""
    return {each["device_kind"] for each in attempts if _usd(each)}


def _costs(tables: Mapping[str, _Rows]) -> dict[str, list[dict[str, Any]]]:
    tried, cases = list(tables["attempts"]), tables["cases"]
    kinds = paid_kinds(row["attempt"] for row in tried)
    return {
        "attempts": [
            {**_bare(row), **money_in_words(_usd(row["attempt"]), [row["attempt"]["device_kind"]])}
            for row in tried
        ],
        "cases": [{**_bare(row), **money_in_words(_usd(row["outcome"]), kinds)} for row in cases],
    }


def _usd(what: Mapping[str, Any] | None) -> float | None:
    """The cost of an attempt or outcome."""
    found: float | None = what["cost"].get("usd") if what else None
    return found


def _added(row: Mapping[str, Any], inside: Mapping[str, Any], sent: Mapping[Any, str]) -> dict[str, Any]:
    said: dict[str, Any] = {
        name: datetime.fromtimestamp(value, UTC).isoformat(timespec="milliseconds")
        for name, value in {**_bare(row), **inside}.items()
        if name.endswith("_at") and isinstance(value, int | float)
    }
    if _practised(sent.get(_work({**row, **inside})), row):
        said["money"] = PRACTICE_MONEY
    return {IN_WORDS: said} if said else {}


def _practised(backend: str | None, row: Mapping[str, Any]) -> bool:
    if backend is None:
        return False
    try:
        descriptor, device = backend_descriptor(backend)
    except BadInput:
        return "money" in row.get(IN_WORDS, {})
    return descriptor.device_kind(device) is DeviceKind.PRACTICE


def _bare(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != IN_WORDS}


def _work(row: Mapping[str, Any]) -> tuple[Any, Any]:
    return row["attempt"], row["ordinal"]
