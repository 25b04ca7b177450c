"""Sets the current Prefect server up: work pool, variables, deployments. Run it as often as you like.

`python -m deployments.setup`
"""

import sys
from collections.abc import Mapping
from contextlib import chdir
from typing import Any

import yaml

from escalation.inputs.settings import ROOT
from escalation.model.errors import TierwiseError

POOL = "tierwise"
VARIABLES: Mapping[str, list[str]] = {"tierwise_extra_devices": []}
"""Variables and what they are before anybody changes them; see `flows.calibration`."""


def setup() -> None:
    """Makes what is missing on the current server, and deploys every flow of `prefect.yaml`.

    Raises:
        TierwiseError: when a deployment fails; says why.
    """
    make_pool()
    make_variables()
    deploy_all()


TEMPLATE: Mapping[str, Mapping[str, Any]] = {
    "job_configuration": {"stream_output": True},
    "variables": {"type": "object", "properties": {}, "additionalProperties": False},
}
"""What a run may say about its process: nothing. Prefect's own template lets it name the command, the
environment and the folder, and in any text a block whose secret is filled in."""


def make_pool() -> None:
    """Makes the work pool of type process, where it is missing, and has it take no job variables."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
    from prefect.exceptions import ObjectAlreadyExists

    template = {name: dict(part) for name, part in TEMPLATE.items()}
    with get_client(sync_client=True) as client:
        try:
            client.create_work_pool(WorkPoolCreate(name=POOL, type="process", base_job_template=template))
        except ObjectAlreadyExists:
            client.update_work_pool(POOL, WorkPoolUpdate(base_job_template=template))


def make_variables() -> None:
    """Makes the variables that are missing; those that somebody has set stay as they are."""
    from prefect.variables import Variable

    for name, value in VARIABLES.items():
        if Variable.get(name) is None:
            Variable.set(name, value)


def deploy_all() -> None:
    """Does what `prefect deploy --all` does in the checkout; in this process, which saves starting another.

    Raises:
        TierwiseError: when it fails, or a deployment is missing afterwards; says which.
    """
    from prefect.cli import app

    argv, sys.argv = sys.argv, ["prefect", "--no-prompt", "deploy", "--all"]
    try:
        with chdir(ROOT):
            app()
    except SystemExit as end:
        if end.code:
            raise TierwiseError(
                f"prefect deploy --all ended with {end.code}; see what it says above"
            ) from None
    finally:
        sys.argv = argv
    missing = wanted() - deployed()
    if missing:
        raise TierwiseError(f"prefect deploy --all left out {', '.join(sorted(missing))}")


def wanted() -> set[str]:
    """Entry points of `prefect.yaml`."""
    stated = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
    return {each["entrypoint"] for each in stated["deployments"]}


def deployed() -> set[str | None]:
    """Entry points of the deployments on the current server."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        return {each.entrypoint for each in client.read_deployments()}


if __name__ == "__main__":
    setup()
