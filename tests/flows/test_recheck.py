"""The nightly sample completes where all comes out the same, and fails naming the case and the command."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from prefect.artifacts import Artifact

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.model.problem import Problem, Target
from escalation.policy.policy import parse_policy
from flows.recheck import recheck
from records.runtime import open_runtime
from tests.flows.test_replay import POLICY

pytestmark = pytest.mark.timeout(900)  # the first of them waits for the server's migration


def table() -> tuple[list[dict[str, str]], str]:
    """The last sample's, and what stands above it."""
    found: Any = Artifact.get("recheck")
    return json.loads(found.data), found.description


def test_a_sample_without_cases_with_good_ones_and_with_a_changed_one(own_records: Path) -> None:
    state = recheck(return_state=True)
    assert (state.name, state.message) == (
        "Completed",
        "no case is over yet: there is nothing to verify again",
    )
    problem = Problem(
        family="toy", instance={"numbers": [3, 1, 9]}, target=Target(metric="number", at_least=3), seed=4
    )
    with open_runtime() as runtime:
        solve(runtime, prepare(problem, parse_policy(POLICY), "rechecked"))
    state = recheck(return_state=True)
    assert (state.name, state.message) == ("Completed", "of 1 ended case 1 as recorded")
    (row,), above = table()
    assert (row["case"], row["came out"], row["certificates verified"]) == ("rechecked", "as recorded", "1")
    assert above.endswith(
        "The one ended case is tried within 1 such sample, as long as there is time for all that is drawn."
    )
    with sqlite3.connect(own_records / "ledger.db") as connection:
        connection.execute(
            "UPDATE attempts SET attempt = replace(attempt, '\"estimate\":3.0', '\"estimate\":2.5')"
        )
    state = recheck(return_state=True)
    assert state.is_failed()
    assert state.message == (
        "1 of 1 case verified again does not come out as recorded: rechecked (certificate of attempt 0, "
        "estimate); look with `tierwise replay rechecked --all`"
    )
    (row,), above = table()
    assert (row["came out"], row["to look"]) == ("comes out otherwise", "tierwise replay rechecked --all")


def test_what_cannot_be_told_is_no_failure_and_has_a_name(own_records: Path) -> None:
    problem = Problem(
        family="toy", instance={"numbers": [3, 1, 9]}, target=Target(metric="number", at_least=3), seed=4
    )
    with open_runtime() as runtime:
        solve(runtime, prepare(problem, parse_policy(POLICY), "slow"))
    state = recheck(minutes_a_case=1e-6, return_state=True)
    assert (state.name, state.is_completed()) == ("Incomplete", True)
    assert "1 took too long; slow: it was not verified within" in (state.message or "")
