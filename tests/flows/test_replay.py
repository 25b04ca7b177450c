"""The flow completes where a case comes out the same, and fails with a table where it was changed."""

import json
import sqlite3
from typing import Any

import pytest
from prefect.artifacts import Artifact

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.model.problem import Problem, Target
from escalation.policy.policy import parse_policy
from escalation.ports.configuration import settings
from flows.replay import replay
from records.runtime import open_runtime

pytestmark = pytest.mark.timeout(900)  # the first of them waits for the server's migration
POLICY = """\
policy: little
summary: for tests
tiers: [ai]
backends: {local_call: local, mpi_program: mpi, circuit_batch: aer}
"""


def test_a_changed_certificate_fails_the_run_and_is_named(on_server: Any) -> None:
    problem = Problem(
        family="toy", instance={"numbers": [3, 1, 9]}, target=Target(metric="number", at_least=3), seed=4
    )
    with open_runtime() as runtime:
        solve(runtime, prepare(problem, parse_policy(POLICY), "replayed"))
    assert replay("replayed").same
    with sqlite3.connect(settings().home / "ledger.db") as connection:
        connection.execute(
            "UPDATE attempts SET attempt = replace(attempt, '\"estimate\":3.0', '\"estimate\":2.5') "
            "WHERE case_id = 'replayed'"
        )
    try:
        state = replay("replayed", return_state=True)
        assert state.is_failed()
        assert "accepted is what the record says, and it does not come out again" in (state.message or "")
        table: Any = Artifact.get("replay-differences")
        (row,) = json.loads(table.data)
        assert (row["step"], row["recorded"], row["replayed"]) == ("certificate of attempt 0", "2.5", "3.0")
    finally:
        with sqlite3.connect(settings().home / "ledger.db") as connection:
            connection.execute(
                "UPDATE attempts SET attempt = replace(attempt, '\"estimate\":2.5', '\"estimate\":3.0') "
                "WHERE case_id = 'replayed'"
            )
