"""Rows about money say their times in UTC, and whether it is practice money."""

import json
from datetime import datetime
from typing import Any

import pytest

from records.export.in_words import in_words
from tests.records.export.conftest import Site

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
    }


def test_money_of_a_practice_service_is_called_so_in_every_row() -> None:
    found = in_words(rows("ibm_runtime:practice_boston"))
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
