"""Brings the schedules on the current server in line with `prefect.yaml`, and leaves those of others alone.

`prefect deploy` itself does not: it never takes a schedule away, and where somebody added one by hand it
makes all of them anew, so that what was paused runs again. So the flows are deployed without their schedules,
and these are put there one by one, by slug. A variable keeps the slugs that were put there: what is among
them and not in the file any more is taken away. One that is there stays paused, or active, as it is.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.responses import DeploymentResponse
    from prefect.client.schemas.schedules import SCHEDULE_TYPES, CronSchedule

VARIABLE = "tierwise_schedules"
"""By flow, the slugs of the schedules that were put there."""

Slugs = dict[str, list[str]]


def put_schedules(deployments: Sequence["DeploymentResponse"], stated: Sequence[Mapping[str, Any]]) -> None:
    """Makes, changes and takes away schedules, so that they are as stated.

    Args:
        deployments: those of this project on the server.
        stated: those of `prefect.yaml` and of the families, by entry point.
    """
    from prefect.client.orchestration import get_client
    from prefect.variables import Variable

    wanted = {each["entrypoint"]: _schedules(each) for each in stated}
    known = Variable.get(VARIABLE)
    before: Slugs = dict(known) if isinstance(known, dict) else {}
    after = {entrypoint: sorted(schedules) for entrypoint, schedules in wanted.items() if schedules}
    _remember({name: sorted({*before.get(name, ()), *after.get(name, ())}) for name in {**before, **after}})
    with get_client(sync_client=True) as client:
        for deployment in deployments:
            name = deployment.entrypoint or ""
            if name in wanted:
                _put(client, deployment, wanted[name], before.get(name, ()))
    _remember(after)


def _put(
    client: "SyncPrefectClient",
    deployment: "DeploymentResponse",
    wanted: Mapping[str, "CronSchedule"],
    before: Sequence[str],
) -> None:
    there = {each.slug: each for each in client.read_deployment_schedules(deployment.id) if each.slug}
    for slug in set(before) - wanted.keys():
        if slug in there:
            client.delete_deployment_schedule(deployment.id, there[slug].id)
    for slug, schedule in wanted.items():
        if slug not in there:
            made: list[tuple[SCHEDULE_TYPES, bool]] = [(schedule, True)]
            client.create_deployment_schedules(deployment.id, made, slug=slug)
        elif there[slug].schedule != schedule:
            client.update_deployment_schedule(deployment.id, there[slug].id, schedule=schedule)


def _schedules(deployment: Mapping[str, Any]) -> dict[str, "CronSchedule"]:
    """What is stated of a deployment, by slug."""
    from prefect.client.schemas.schedules import CronSchedule

    stated = {each["slug"]: dict(each) for each in deployment.get("schedules", ())}
    return {
        slug: CronSchedule(**{name: value for name, value in each.items() if name != "slug"})
        for slug, each in stated.items()
    }


def _remember(slugs: Slugs) -> None:
    from prefect.variables import Variable

    Variable.set(VARIABLE, slugs, overwrite=True)
