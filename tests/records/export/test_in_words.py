"""Rows about money say their times in UTC, and whether it is practice money."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from escalation.model.problem import Target
from escalation.testing.model_backend import ModelBackend
from escalation.testing.model_service import ModelService
from records.export.in_words import in_words
from records.export.verifying import findings
from tests.records.export.conftest import PAID, Site
from tests.records.export.test_beside import lies
from tests.records.export.test_following import json_of

PRACTICE_DEVICE = "ibm_runtime:practice_boston"
PRACTICE = "practice money, nobody is charged"


@pytest.mark.parametrize(
    ("table", "column", "names"),
    [
        ("approvals", "approval", {"asked_at", "answered_at", "expires_at"}),
        ("budgets", "", {"reserved_at"}),
    ],
)
def test_times_are_there_in_utc_beside_the_seconds(
    site: Site, table: str, column: str, names: set[str]
) -> None:
    (row,) = json.loads(site.bag("paid")[f"data/{table}.json"])
    said, has = row["in_words"], row.get(column, row)
    assert said.keys() == names
    for name in names:
        assert said[name].endswith("+00:00")
        assert datetime.fromisoformat(said[name]).timestamp() == pytest.approx(has[name], abs=0.001)


def rows(backend: str, **more: Any) -> dict[str, list[dict[str, Any]]]:
    work = {"attempt": 0, "ordinal": 1}
    return {
        "approvals": [{"approval": {**work, "asked_at": 1764234000.5}, **more}],
        "budgets": [{**work, "reserved_at": 0.0, **more}],
        "handoffs": [{**work, "handoff": {**work, "backend": backend}, **more}],
        "attempts": [],
        "cases": [],
    }


def test_money_of_a_practice_service_is_called_so_in_every_row() -> None:
    found = in_words(rows(PRACTICE_DEVICE))
    assert {each["in_words"]["money"] for table in found.values() for each in table} == {PRACTICE}
    assert found["approvals"][0]["in_words"]["asked_at"] == "2025-11-27T09:00:00.500+00:00"
    assert found["budgets"][0]["in_words"]["reserved_at"] == "1970-01-01T00:00:00.000+00:00"


@pytest.mark.parametrize("backend", ["ibm_runtime:ibm_boston", "aer", "elsewhere"])
def test_no_other_money_is(backend: str) -> None:
    found = in_words(rows(backend))
    assert not any("money" in each.get("in_words", {}) for table in found.values() for each in table)


def test_an_export_is_believed_of_a_machine_that_is_not_installed_here() -> None:
    found = in_words(rows("elsewhere", in_words={"money": PRACTICE}))
    assert {each["in_words"]["money"] for table in found.values() for each in table} == {PRACTICE}


def costs(*tried: tuple[str, float | None]) -> dict[str, list[dict[str, Any]]]:
    """Rows of attempts on devices of these kinds, each with its cost in USD; and of their case."""
    total = sum(usd or 0.0 for _, usd in tried)
    attempts = [{"attempt": {"device_kind": kind, "cost": {"usd": usd}}} for kind, usd in tried]
    return {
        **{name: [] for name in ("approvals", "budgets", "handoffs")},
        "attempts": attempts,
        "cases": [{"outcome": {"cost": {"usd": total or None}}}, {"outcome": None}],
    }


@pytest.mark.parametrize(
    ("tried", "attempts", "case"),
    [
        ([("classical", None), ("practice service", 3.21)], [False, True], True),
        ([("practice service", 3.21), ("hardware", 3.21)], [True, False], False),
        ([("practice service", None), ("hardware", 3.21)], [False, False], False),
        ([("classical", None)], [False], False),
    ],
)
def test_a_cost_is_called_practice_money_where_no_other_is_in_it(
    tried: list[tuple[str, float | None]], attempts: list[bool], case: bool
) -> None:
    found = in_words(costs(*tried))
    assert [each.get("in_words") == {"money": PRACTICE} for each in found["attempts"]] == attempts
    assert ["in_words" in each for each in found["cases"]] == [case, False]


@pytest.fixture(scope="module")
def practised(make_site: Callable[..., Site]) -> Site:
    """A site with a case that was paid for at a practice service."""
    made = make_site()
    made.runtime._backends[PRACTICE_DEVICE] = ModelBackend(ModelService())
    policy = PAID.replace("aer", PRACTICE_DEVICE).replace("1 USD", "100 USD")
    target = Target(metric="number", at_least=9.0)
    assert made.solve("c", policy, target=target).status == "accepted"
    return made


def test_an_export_says_so_beside_every_cost_and_verifies(practised: Site, site: Site) -> None:
    files = practised.bag("c")
    names = ("outcome", "cases", "attempts", "mlflow")
    outcome, cases, attempts, mlflow = (json.loads(files[f"data/{name}.json"]) for name in names)
    said = [row.get("in_words") for row in (outcome, *cases, *attempts, *mlflow["runs"])]
    assert said == [{"money": PRACTICE}] * 5
    assert [run["metrics"]["cost.usd"] > 0 for run in mlflow["runs"]] == [True, True]
    assert list(findings(files, practised.key.public)) == []
    simulated = site.bag("paid")  # its policy names a simulator
    assert not any(b"in_words" in simulated[f"data/{name}.json"] for name in names)


def without(rows: Any) -> None:
    for row in rows.get("runs", [rows]) if isinstance(rows, dict) else rows:
        del row["in_words"]


@pytest.mark.parametrize("name", ["outcome", "cases", "attempts", "mlflow"])
def test_a_cost_that_is_not_called_so_is_found_though_its_site_signed_it(practised: Site, name: str) -> None:
    files = practised.bag("c")
    json_of(f"data/{name}.json", without)(files)
    assert any(f"data/{name}.json" in line for line in lies(practised, files))
