"""Sets the current Prefect server up: work pool, variables, deployments. Run it as often as you like.

`python -m deployments.setup`
"""

import logging
import sys
from collections.abc import Callable, Mapping
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from escalation.inputs.settings import ROOT
from escalation.model.errors import BadInput, TierwiseError, first_line
from escalation.ports.registry import FamilyDescriptor, families
from flows.engine import asks_nobody, use_server

POOL = "tierwise"
Say = Callable[[str], object]
_log = logging.getLogger(__name__)
VARIABLES: Mapping[str, list[str]] = {"tierwise_extra_devices": []}
"""Variables and what they are before anybody changes them; see `flows.calibration`."""


def setup() -> None:
    """Makes what is missing on the current server, and deploys every flow.

    Raises:
        TierwiseError: when a deployment fails; says why.
    """
    make_pool()
    make_variables()
    deploy_all()


def configured_server(say: Say) -> str:
    """The API's URL of the server that is configured; says where that one lets everybody in.

    Raises:
        BadInput: when none is configured, or the one that is cannot be used.
    """
    url = use_server()
    if url is None:
        raise BadInput(
            "no Prefect server is configured: set PREFECT_API_URL to the server's address, which ends in "
            "/api, and PREFECT_API_AUTH_STRING or PREFECT_API_KEY to what it wants to see"
        )
    if asks_nobody(url):
        say(
            f"WARNING: {url} asks nobody who he is: whoever reaches it can have a worker run commands; set "
            "PREFECT_SERVER_API_AUTH_STRING where it runs\n"
        )
    return url


def deploy_to_server(say: Say = sys.stdout.write) -> None:
    """Sets up the server that is configured, a site's own or `tierwise serve`'s; says what is there then.

    Raises:
        BadInput: when none is configured, or the one that is cannot be used.
        TierwiseError: when a deployment fails.
    """
    url = configured_server(say)
    setup()
    names = sorted(each["entrypoint"].rpartition(".")[2] for each in stated())
    say(
        f"{url} has the work pool {POOL} (type process), the variables {', '.join(VARIABLES)}, and the "
        f"deployments {', '.join(f'{name}/{POOL}' for name in names)}; `tierwise worker` takes their runs\n"
    )


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


def stated() -> list[dict[str, Any]]:
    """The deployments: those of `prefect.yaml`, and the flow of every family found.

    A site's own family that cannot have one is told of in the log and left out.

    Raises:
        BadInput: where two flows of this repository have the same name, of which the server would keep one.
    """
    found = list(yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"])
    taken = {each["entrypoint"].rpartition(".")[2] for each in found}
    for descriptor in families().values():
        try:
            if descriptor.verb in taken:
                raise BadInput(
                    f"two flows are called {descriptor.verb!r}: say another `flow` in a descriptor"
                )
            from flows.forms import entry_flow

            entry_flow(descriptor.name)
        except Exception as error:
            if descriptor.shipped:
                raise BadInput(f"family {descriptor.name!r} has no flow: {first_line(error)}") from error
            _log.warning("family %r has no flow: %s", descriptor.name, first_line(error))
        else:
            taken.add(descriptor.verb)
            found.append(_of_family(descriptor))
    return found


def _of_family(descriptor: FamilyDescriptor) -> dict[str, Any]:
    return {
        "name": POOL,
        "entrypoint": f"flows.entry.{descriptor.verb}",
        "description": descriptor.summary,
        "tags": [POOL],
        "work_pool": {"name": POOL},
    }


def deploy_all() -> None:
    """Does what `prefect deploy --all` does, in this process, which saves starting another.

    Raises:
        TierwiseError: when it fails, or a deployment is missing afterwards; says which.
    """
    from prefect.cli import app

    plan = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
    argv = sys.argv
    try:
        with TemporaryDirectory() as folder, chdir(ROOT):
            file = Path(folder) / "prefect.yaml"
            file.write_text(yaml.safe_dump(plan | {"deployments": stated()}), encoding="utf-8")
            sys.argv = ["prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(file)]
            app()
    except SystemExit as end:
        if end.code:
            raise TierwiseError(
                f"prefect deploy --all ended with {end.code}; see what it says above"
            ) from None
    finally:
        sys.argv = argv
    missing = {each["entrypoint"] for each in stated()} - deployed()
    if missing:
        raise TierwiseError(f"prefect deploy --all left out {', '.join(sorted(missing))}")


def deployed() -> set[str | None]:
    """Entry points of the deployments on the current server."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        return {each.entrypoint for each in client.read_deployments()}


if __name__ == "__main__":
    setup()
