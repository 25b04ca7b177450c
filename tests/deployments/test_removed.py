"""What is taken out of `prefect.yaml` leaves the server at the next setup; what users made there stays."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterDeploymentId,
)
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.exceptions import ObjectNotFound

from deployments import setup as setting_up
from deployments.schedules import put_schedules
from deployments.setup import deployments_here, setup, stated
from escalation.ports.discovery import PassedOver
from escalation.ports.registry import families
from tests.deployments.patience import until
from tests.deployments.test_setup import known

pytestmark = pytest.mark.timeout(900)  # the first of them waits for the server's migration

LATER: Any = {
    "cron": f"{datetime.now(UTC) - timedelta(hours=2):%M %H} * * *",
    "timezone": "UTC",
    "slug": "leaver",
}
"""First due in 22 hours: what the worker has begun by then would stay, as the history of runs does."""


def there(client: SyncPrefectClient) -> dict[str, tuple[UUID, dict[str | None, tuple[UUID, bool]]]]:
    """The project's deployments by entry point: id, and schedules by slug with id and whether active."""
    return {
        each.entrypoint or "": (
            each.id,
            {of.slug: (of.id, of.active) for of in client.read_deployment_schedules(each.id)},
        )
        for each in deployments_here()
    }


@pytest.fixture
def users(client: SyncPrefectClient) -> Iterator[dict[str, UUID]]:
    """What users made: a deployment of a flow of ours, two schedules on one of ours, and a pause."""
    ours = client.read_deployment_by_name("calibration/tierwise")
    mine = client.create_deployment(
        ours.flow_id, "mine", entrypoint=ours.entrypoint, tags=["tierwise"], work_pool_name="tierwise"
    )
    yearly: Any = [(IntervalSchedule(interval=timedelta(days=365)), True)]
    made = {
        None: client.create_deployment_schedules(ours.id, yearly)[0].id,
        "by-hand": client.create_deployment_schedules(ours.id, yearly, slug="by-hand")[0].id,
    }
    [hourly] = [each for each in client.read_deployment_schedules(ours.id) if each.slug == "hourly"]
    client.update_deployment_schedule(ours.id, hourly.id, active=False)
    yield {"mine": mine, "none": made[None], "by-hand": made["by-hand"], "hourly": hourly.id}
    client.update_deployment_schedule(ours.id, hourly.id, active=True)
    client.delete_deployment(mine)
    for each in made.values():
        client.delete_deployment_schedule(ours.id, each)


def planned(client: SyncPrefectClient, deployment: UUID) -> int:
    only = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[deployment]))
    return len(client.read_flow_runs(flow_run_filter=only))


def test_what_is_stated_no_more_is_taken_away_and_nothing_else_changes(
    client: SyncPrefectClient, users: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = there(client)
    with monkeypatch.context() as patch:
        known(patch, replace(families()["toy"], name="leaver", flow="leaver"))
        more = [
            each | {"schedules": [LATER]}
            if each["entrypoint"] in ("flows.entry.leaver", "flows.replay.replay")
            else each
            for each in stated()
        ]
        patch.setattr(setting_up, "stated", lambda: more)
        assert setup() == ()
        leaver = client.read_deployment_by_name("leaver/tierwise").id
        until(lambda: planned(client, leaver), "runs that the scheduler planned")
        assert set(there(client)["flows.replay.replay"][1]) == {"leaver"}
    assert setup() == ("leaver/tierwise",)
    with pytest.raises(ObjectNotFound):
        client.read_deployment_by_name("leaver/tierwise")
    only = DeploymentFilter(id=DeploymentFilterId(any_=[leaver]))
    assert client.read_deployments(deployment_filter=only) == []
    assert planned(client, leaver) == 0
    after = there(client)
    assert after == before  # the same deployments and schedules by id, the paused one paused
    schedules = after["flows.calibration.calibration"][1]
    assert schedules["hourly"] == (users["hourly"], False)
    assert schedules["by-hand"] == (users["by-hand"], True)
    assert schedules[None] == (users["none"], True)
    assert client.read_deployment(users["mine"]).name == "mine"


def test_a_schedule_that_was_changed_by_hand_is_as_stated_again(client: SyncPrefectClient) -> None:
    before = there(client)
    deployment, schedules = before["flows.recheck.recheck"]
    nightly = schedules["nightly"][0]
    client.update_deployment_schedule(deployment, nightly, schedule=CronSchedule(cron="0 0 1 1 *"))
    put_schedules(deployments_here(), stated())
    [now] = client.read_deployment_schedules(deployment)
    assert (now.id, now.schedule) == (nightly, CronSchedule(cron="13 3 * * *", timezone="UTC"))
    assert there(client) == before


def test_a_schedule_that_a_user_made_is_neither_changed_nor_taken_away_whatever_its_slug(
    client: SyncPrefectClient, caplog: pytest.LogCaptureFixture
) -> None:
    """First one under a slug that is stated later, and no more after that; then one in the place of ours."""
    before = there(client)
    ours, stated_later = client.read_deployment_by_name("replay/tierwise"), "users"
    yearly: Any = [(CronSchedule(cron="0 0 1 1 *"), True)]
    [mine] = client.create_deployment_schedules(ours.id, yearly, slug=stated_later)
    more = [
        each | {"schedules": [LATER | {"slug": stated_later}, LATER]}
        if each["entrypoint"] == "flows.replay.replay"
        else each
        for each in stated()
    ]
    try:
        put_schedules(deployments_here(), more)
        assert "replay/tierwise has a schedule 'users' that somebody else made" in caplog.text
        found = {each.slug: each for each in client.read_deployment_schedules(ours.id)}
        assert (found["users"].id, found["users"].schedule) == (mine.id, CronSchedule(cron="0 0 1 1 *"))
        client.delete_deployment_schedule(ours.id, found["leaver"].id)
        [again] = client.create_deployment_schedules(ours.id, yearly, slug="leaver")
        put_schedules(deployments_here(), more)
        put_schedules(deployments_here(), stated())
        left = {each.id for each in client.read_deployment_schedules(ours.id)}
        assert left == {mine.id, again.id}
    finally:
        for each in client.read_deployment_schedules(ours.id):
            client.delete_deployment_schedule(ours.id, each.id)
    assert there(client) == before


def test_a_schedule_that_is_stated_no_more_is_taken_away(client: SyncPrefectClient) -> None:
    before = there(client)
    more = [
        each | {"schedules": [LATER]} if each["entrypoint"] == "flows.replay.replay" else each
        for each in stated()
    ]
    put_schedules(deployments_here(), more)
    assert set(there(client)["flows.replay.replay"][1]) == {"leaver"}
    put_schedules(deployments_here(), stated())
    assert there(client) == before


def test_the_flow_of_a_family_that_is_installed_and_broken_just_now_is_left_alone(
    client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = client.create_flow_from_name("site_sack")
    made = {"entrypoint": "flows.entry.site_sack", "tags": ["tierwise"], "work_pool_name": "tierwise"}
    client.create_deployment(flow, "tierwise", **made)  # type: ignore[arg-type]
    toy = families()["toy"]
    with monkeypatch.context() as patch:
        known(patch, replace(toy, name="site_sack", family="site_sack.family:Sack", form="site_sack:NoForm"))
        assert setting_up.take_away() == ()
    assert client.read_deployment_by_name("site_sack/tierwise")
    with monkeypatch.context() as patch:
        patch.setattr(setting_up, "passed_over", lambda: [PassedOver("site_sack", "it cannot be loaded")])
        assert setting_up.take_away() == ()
    assert setting_up.take_away() == ("site_sack/tierwise",)
