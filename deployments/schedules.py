"""Brings the schedules on the current server in line with `prefect.yaml`, and leaves those of others alone.

`prefect deploy` itself does not: it never takes a schedule away, and where somebody added one by hand it
makes all of them anew, so that what was paused runs again. So the flows are deployed without their schedules,
and these are put there one by one, by slug. A variable keeps the ids of those that were put there: what is
among them and not in the file any more is taken away. One that is there stays paused, or active, as it is.
One that somebody else made is left alone, also under a slug that is stated here.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.responses import DeploymentResponse
    from prefect.client.schemas.schedules import SCHEDULE_TYPES, CronSchedule

VARIABLE = "tierwise_schedules"
"""By flow and slug, the ids of the schedules that were put there; empty of one that is about to be."""

Ours = dict[str, dict[str, str]]
_log = logging.getLogger(__name__)


def put_schedules(deployments: Sequence["DeploymentResponse"], stated: Sequence[Mapping[str, Any]]) -> None:
    """Makes, changes and takes away schedules, so that they are as stated; logs where another is in the way.

    Args:
        deployments: those of this project on the server.
        stated: those of `prefect.yaml` and of the families, by entry point.
    """
    from prefect.client.orchestration import get_client
    from prefect.variables import Variable

    wanted = {each["entrypoint"]: _schedules(each) for each in stated}
    known = Variable.get(VARIABLE)
    ours: Ours = dict(known) if isinstance(known, dict) else {}
    with get_client(sync_client=True) as client:
        for deployment in deployments:
            name = deployment.entrypoint or ""
            if name in wanted and (wanted[name] or name in ours):
                _Schedules(client, deployment, ours).put(wanted[name])
    _remember({name: slugs for name, slugs in ours.items() if slugs and wanted.get(name)})


class _Schedules:
    """Those of a deployment."""

    def __init__(
        self, client: "SyncPrefectClient", deployment: "DeploymentResponse", everywhere: Ours
    ) -> None:
        self._client, self._deployment, self._everywhere = client, deployment, everywhere
        self._there = {each.slug: each for each in client.read_deployment_schedules(deployment.id)}
        known = everywhere.get(deployment.entrypoint or "", {})
        self._ours = {
            slug: str(self._there[slug].id)
            for slug, made in known.items()
            if slug in self._there and made in ("", str(self._there[slug].id))
        }
        everywhere[deployment.entrypoint or ""] = self._ours

    def put(self, wanted: Mapping[str, "CronSchedule"]) -> None:
        """Makes them as wanted."""
        for slug in self._ours.keys() - wanted.keys():
            self._client.delete_deployment_schedule(self._deployment.id, self._there[slug].id)
            del self._ours[slug]
        for slug, schedule in wanted.items():
            if slug not in self._there:
                self._make(slug, schedule)
            elif slug not in self._ours:
                _log.warning(
                    "%s/%s has a schedule %r that somebody else made: it stays, and ours is not put there",
                    (self._deployment.entrypoint or "").rpartition(".")[2],
                    self._deployment.name,
                    slug,
                )
            elif self._there[slug].schedule != schedule:
                self._client.update_deployment_schedule(
                    self._deployment.id, self._there[slug].id, schedule=schedule
                )

    def _make(self, slug: str, schedule: "CronSchedule") -> None:
        self._ours[slug] = ""  # killed in between, the next call knows it for ours
        _remember(self._everywhere)
        made: list[tuple[SCHEDULE_TYPES, bool]] = [(schedule, True)]
        [found] = self._client.create_deployment_schedules(self._deployment.id, made, slug=slug)
        self._ours[slug] = str(found.id)


def _schedules(deployment: Mapping[str, Any]) -> dict[str, "CronSchedule"]:
    """What is stated of a deployment, by slug."""
    from prefect.client.schemas.schedules import CronSchedule

    stated = {each["slug"]: dict(each) for each in deployment.get("schedules", ())}
    return {
        slug: CronSchedule(**{name: value for name, value in each.items() if name != "slug"})
        for slug, each in stated.items()
    }


def _remember(ours: Ours) -> None:
    from prefect.variables import Variable

    Variable.set(VARIABLE, ours, overwrite=True)
