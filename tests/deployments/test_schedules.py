"""What nobody triggers: runs that the server's own scheduler made, and the worker carried out."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import yaml
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import IntervalSchedule

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.inputs.settings import ROOT
from escalation.model.problem import Problem, Target
from escalation.policy.policy import load_policy
from records.ledger.ledger import SqlLedger
from records.recheck.log import audits, tries
from records.runtime import open_runtime
from tests.deployments.patience import until

pytestmark = pytest.mark.timeout(900)  # the first of them waits for the server's migration

OVER = [StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED]


def every_minute() -> IntervalSchedule:
    """First in a few seconds."""
    return IntervalSchedule(
        interval=timedelta(minutes=1), anchor_date=datetime.now(UTC) + timedelta(seconds=10)
    )


def scheduled() -> list[str]:
    stated: list[dict[str, Any]] = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    return [
        f"{each['entrypoint'].rpartition('.')[2]}/{each['name']}" for each in stated if "schedules" in each
    ]


@pytest.fixture
def hurried(client: SyncPrefectClient) -> Iterator[list[DeploymentResponse]]:
    """The deployments that have a schedule, each due in a moment too; as they were at the end."""
    found = [client.read_deployment_by_name(name) for name in scheduled()]
    due: list[tuple[Any, bool]] = [(every_minute(), True)]
    added = [client.create_deployment_schedules(each.id, due)[0] for each in found]
    yield found
    for deployment, schedule in zip(found, added, strict=True):
        client.delete_deployment_schedule(deployment.id, schedule.id)


@pytest.fixture
def case(on_server: Any) -> None:
    """One in the worker's records that is over."""
    problem = Problem(
        family="toy", instance={"numbers": [3, 1, 9]}, target=Target(metric="number", at_least=3), seed=4
    )
    with open_runtime() as runtime:
        solve(runtime, prepare(problem, load_policy("default"), "slept-on"))


def ended(client: SyncPrefectClient, deployment: DeploymentResponse) -> FlowRun | None:
    """The first run of it that the scheduler made, and that is over."""
    found = client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id])),
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=OVER))),
    )
    return next((run for run in found if run.auto_scheduled), None)


def test_what_is_scheduled_runs_by_itself_and_does_what_it_is_for(
    client: SyncPrefectClient, ledger: SqlLedger, case: None, hurried: list[DeploymentResponse]
) -> None:
    runs = {}
    for deployment in hurried:
        run = until(partial(ended, client, deployment), "end of a run that the scheduler made")
        assert run.state.is_completed(), (run.name, run.state)
        runs[deployment.entrypoint] = run
    # The hourly calibration's effect is there: devices of the policies that ship, kept in the ledger.
    kept = ledger.events("device/ibm_runtime:fake_boston")
    assert [event["body"]["calibration"] for event in kept]
    # The nightly audit, and the nightly sample of ended cases, are on record.
    assert audits(ledger)
    assert tries(ledger).verified
    # The weekly overview is a page of its run, and ends when that was to begin, to the minute.
    run = runs["flows.overview.overview"]
    mine = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]))
    of_run = FlowRunFilter(id=FlowRunFilterId(any_=[run.id]))
    [page] = client.read_artifacts(artifact_filter=mine, flow_run_filter=of_run)
    assert str(page.data).startswith("# Overview, ")
    assert f" to {run.expected_start_time:%Y-%m-%d %H:%M} UTC" in str(page.data).splitlines()[0]
