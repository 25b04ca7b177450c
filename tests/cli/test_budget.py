"""`tierwise budget`: estimates beside bills, and limits that hold from the next job on."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from escalation.model.submission_states import SubmissionState as S

Make = Callable[..., Any]
Call = Callable[..., Any]


def scope(call: Call, project: str, per: str) -> Any:
    found = json.loads(call("budget", "--json").out)["scopes"]
    return next(each for each in found if (each["project"], each["per"]) == (project, per))


def test_estimate_and_bill_stand_side_by_side_with_their_ratio(desk: Make, call: Call) -> None:
    desk().run()
    # the model estimates 2 s and charges 3 s, at 1.6 USD a second
    (work,) = json.loads(call("budget", "--json").out)["submissions"]
    assert work["estimate"] == {"qpu_s": 2.0, "usd": 3.2, "is": "a lower bound"}
    assert (work["charged"]["qpu_s"], work["charged_over_estimate"]) == (3.0, 1.5)
    said = call("budget").out
    assert "charged 3.0 s, 4.80 USD, 1.50 times the estimate" in said
    assert "lower bounds" in said


def test_spent_counts_for_the_project_and_for_all_together(desk: Make, call: Call) -> None:
    desk().run()
    for project in ("default", "*"):
        assert scope(call, project, "day")["spent"] == {"qpu_s": 3.0, "usd": pytest.approx(4.8)}


def test_what_is_reserved_is_the_cap(desk: Make, call: Call) -> None:
    made = desk()
    made.service.faults = {"send": ["before"], "find": ["down"]}
    made.run()
    assert scope(call, "default", "total")["reserved"] == {"qpu_s": 4.0, "usd": 6.4}
    (work,) = json.loads(call("budget", "--json").out)["submissions"]
    assert (work["charge"], work["charged"]) == ("not final", None)


def test_a_limit_that_has_no_room_refuses_the_next_job(desk: Make, call: Call) -> None:
    made = desk()
    assert call("budget", "limit", "--project", "default", "--per", "month", "--usd", "6").code == 0
    made.run()
    assert (made.row.state, made.service.jobs) == (S.REFUSED, {})
    assert "month" in made.row.reason


def test_setting_one_part_of_a_limit_keeps_the_other_and_lift_takes_both_away(call: Call) -> None:
    limit = ("budget", "limit", "--project", "p", "--per", "day")
    call(*limit, "--usd", "5")
    said = call(*limit, "--qpu-s", "60")
    assert "at most 5 USD, 60 QPU seconds" in said.out
    assert scope(call, "p", "day")["limit"] == {"qpu_s": 60.0, "usd": 5.0}
    call(*limit, "--lift")
    assert scope(call, "p", "day")["limit"] == {"qpu_s": None, "usd": None}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "expected --usd, --qpu-s or both, or --lift alone"),
        (("--usd", "5", "--lift"), "--lift alone"),
        (("--usd", "-1"), "--usd: expected a number of at least 0, got -1"),
        (("--qpu-s", "nan"), "--qpu-s: expected a number"),
    ],
)
def test_bad_limits_are_one_line_and_exit_2(call: Call, args: tuple[str, ...], message: str) -> None:
    said = call("budget", "limit", "--project", "p", "--per", "day", *args)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert message in said.err
