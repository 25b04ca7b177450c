"""`tierwise cases`: a page of cases, by state, family and time."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from cli import looking
from escalation.engine.opening import prepare
from escalation.inputs.settings import Settings
from escalation.model.case import CaseStatus
from escalation.model.problem import Problem, Target
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore

Call = Callable[..., Any]


@pytest.fixture
def four(home: Any) -> None:
    """Cases a to d of the toy family, of which b is held."""
    settings = Settings(home=home)
    asked = Target(metric="number", at_least=9)
    problem = Problem(family="toy", instance={"numbers": [3, 1, 9], "reach": 3}, target=asked, seed=7)
    info = prepare(problem, case_id="x").info
    ledger = SqlLedger(settings.ledger, FileStore(settings.store))
    for case_id in "abcd":
        ledger.open_case(info.model_copy(update={"case_id": case_id}))
    ledger.close_case("b", CaseStatus.HELD, None)
    ledger.close()


def shown(out: str) -> list[str]:
    """The ids in the table's first column."""
    return [word for line in out.splitlines() if (word := line.strip("│┃ ").split(" ")[0]) in set("abcd")]


def test_a_page_ends_with_where_the_next_one_begins(call: Call, four: None) -> None:
    first = call("cases", "--limit", "3")
    assert (first.code, shown(first.out)) == (0, ["d", "c", "b"])
    assert "for older ones: --after b" in first.out
    last = call("cases", "--limit", "3", "--after", "b")
    assert shown(last.out) == ["a"]
    assert "--after" not in last.out


def test_cases_are_listed_by_state_family_and_time(call: Call, four: None) -> None:
    assert shown(call("cases", "--state", "held").out) == ["b"]
    assert shown(call("cases", "--state", "held", "--state", "interrupted").out) == ["d", "c", "b", "a"]
    assert shown(call("cases", "--family", "toy", "--since", "2020-01-01").out) == ["d", "c", "b", "a"]
    assert "no such cases" in call("cases", "--since", "2120-01-01").out


def test_as_json_a_case_is_a_line_and_nothing_else_is_printed(call: Call, four: None) -> None:
    said = call("cases", "--json", "--limit", "3")
    rows = list(map(json.loads, said.out.splitlines()))
    assert (said.code, said.err) == (0, "")
    assert [(row["case"], row["status"]) for row in rows] == [
        ("d", "interrupted"),
        ("c", "interrupted"),
        ("b", "held"),
    ]
    assert {row["family"] for row in rows} == {"toy"}
    assert call("cases", "--json", "--since", "2120-01-01").out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--family", "toys"), "unknown family 'toys'"),
        (("--after", "nope"), "got 'nope'"),
        (("--state", "happy"), "happy"),
        (("--limit", "0"), "--limit"),
        (("--since", "yesterday"), "yesterday"),
    ],
)
def test_what_no_case_can_be_is_bad_input(call: Call, four: None, arguments: Any, said: str) -> None:
    told = call("cases", *arguments)
    assert (told.code, told.out) == (2, "")
    assert said in told.err
    assert "Traceback" not in told.err


def test_the_states_that_can_be_asked_for_are_those_that_a_case_has() -> None:
    assert list(map(str, looking.CaseState)) == list(map(str, CaseStatus))
