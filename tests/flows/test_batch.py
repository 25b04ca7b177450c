"""A batch as a flow run, against a real server: a task run a problem, a table of how they ended."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from prefect.artifacts import Artifact
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

from escalation.model.case import CaseStatus
from escalation.model.errors import BadInput
from flows.entry import batch

pytestmark = pytest.mark.timeout(900)  # the first of them waits for the server's migration

Paid = Any


def problems(paid_problem: dict[str, Any]) -> list[Any]:
    """A good one, one that no policy opens anything for, and one that nobody can read."""
    bad = {**paid_problem, "seed": -1}
    return [paid_problem, {**paid_problem, "target": {"metric": "number", "at_least": 10}}, bad]


def task_runs(prefect: SyncPrefectClient, state: Any) -> Counter[tuple[str, str]]:
    of_run = FlowRunFilter(id=FlowRunFilterId(any_=[state.state_details.flow_run_id]))
    return Counter((run.name, run.state_name or "") for run in prefect.read_task_runs(flow_run_filter=of_run))


def test_each_problem_is_one_task_run_and_the_table_says_how_it_ended(
    paid: Paid, paid_problem: Any, prefect: SyncPrefectClient
) -> None:
    paid.service.polls_to_run = 0
    state: Any = batch(
        problems(paid_problem),
        paid.policy(),
        name="three",
        workers=2,
        folder=str(paid.folder),
        return_state=True,
    )
    report = state.result()
    assert [str(row.status) for row in report.rows] == ["accepted", "abstained", "bad input"]
    assert (state.type.value, state.name, state.message) == ("COMPLETED", "Incomplete", report.in_words)
    assert prefect.read_flow_run(state.state_details.flow_run_id).name == f"three → {report.in_words}"
    assert task_runs(prefect, state) == {
        ("problem 1", "Accepted"): 1, ("problem 2", "Abstained"): 1, ("problem 3", "BadInput"): 1
    }  # fmt: skip
    table: Any = Artifact.get("batch-three")
    rows = json.loads(table.data)
    assert [(row["problem"], row["status"]) for row in rows] == [
        ("problem 3", "bad input"), ("problem 2", "abstained"), ("problem 1", "accepted")
    ]  # fmt: skip
    assert (rows[2]["tier"], rows[2]["value"], rows[2]["case"]) == (
        "quantum/dice",
        "9",
        report.rows[0].case_id,
    )
    assert "4.80 USD" in rows[2]["cost"]
    assert "A person is needed for problem 3 (bad input)" in table.description
    # The record is that of any case, and says which batch it was of.
    record = paid.ledger.case(report.rows[0].case_id)
    assert record.status is CaseStatus.ACCEPTED
    assert (record.info.environment["engine"], record.info.environment["batch"]) == ("prefect", "three")

    again = batch(problems(paid_problem), paid.policy(), name="three", folder=str(paid.folder))
    assert [row.earlier for row in again.rows] == [True, True, False]
    assert paid.service.paid == ["job-0", "job-1"]


def test_several_processes_solve_for_one_flow_run(
    paid: Paid, tmp_path: Path, prefect: SyncPrefectClient
) -> None:
    (tmp_path / "small.yaml").write_text(
        "policy: small\nsummary: calls on this machine alone\ntiers: [ai]\nbackends: {local_call: local}\n"
    )
    toy = {
        "family": "toy",
        "instance": {"numbers": [9, 9, 9, 9]},
        "target": {"metric": "number", "at_least": 9},
        "data_class": "public",
    }
    state: Any = batch(
        [{**toy, "seed": seed} for seed in range(3)],
        str(tmp_path / "small.yaml"),
        name="processes",
        processes=2,
        return_state=True,
    )
    report = state.result()
    assert [str(row.status) for row in report.rows] == ["accepted"] * 3
    assert task_runs(prefect, state) == {(f"problem {number}", "Accepted"): 1 for number in (1, 2, 3)}
    record = paid.ledger.case(report.rows[2].case_id)
    assert record.info.environment["engine"] == "prefect"


def test_a_batch_that_cannot_be_run_fails_with_one_line(paid: Paid, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="a batch needs a problem at least, got none"):
        batch([], folder=str(tmp_path))
    with pytest.raises(BadInput, match="budget: usd: expected at least 0, got -1"):
        batch(["gone.yaml"], budget={"usd": -1}, folder=str(tmp_path))
