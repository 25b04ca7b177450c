"""The weekly overview is a page of the run, up to when the run was to begin."""

from pathlib import Path
from typing import Any

import pytest
from prefect.artifacts import Artifact

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.model.problem import Problem, Target
from escalation.policy.policy import parse_policy
from flows.overview import overview
from records.runtime import open_runtime
from tests.flows.test_replay import POLICY

pytestmark = pytest.mark.timeout(900)  # the first of them waits for the server's migration


def page() -> str:
    found: Any = Artifact.get("overview")
    return str(found.data)


def test_a_week_without_a_case_and_one_with_a_case(own_records: Path) -> None:
    state = overview(return_state=True)
    assert (state.name, state.message) == (
        "Completed",
        "No case was opened; no cases in as long a time before.",
    )
    assert "No case was opened in this time." in page()
    problem = Problem(
        family="toy", instance={"numbers": [3, 1, 9]}, target=Target(metric="number", at_least=3), seed=4
    )
    with open_runtime() as runtime:
        solve(runtime, prepare(problem, parse_policy(POLICY), "seen"))
    state = overview(return_state=True)
    assert (state.name, state.message) == ("Completed", "1 case (0 before): 1 certified.")
    assert "| toy | 1 | 1 | 1 |" in page()
