"""Sets the current Prefect server up: work pool, variables, deployments. Run it as often as you like.

`python -m deployments.setup`
"""

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import yaml

from deployments.schedules import VARIABLE, put_schedules
from escalation.inputs.settings import ROOT
from escalation.model.errors import BadInput, TierwiseError, first_line
from escalation.ports.registry import FamilyDescriptor, families, passed_over
from flows.engine import asks_nobody, use_server
from flows.links import say_where_pages_are

if TYPE_CHECKING:
    from prefect.client.schemas.responses import DeploymentResponse

POOL = "tierwise"
_OF_FAMILIES = "flows.entry."
Say = Callable[[str], object]
_log = logging.getLogger(__name__)
VARIABLES: Mapping[str, list[str]] = {"tierwise_extra_devices": []}
"""Variables and what they are before anybody changes them; see `flows.calibration`."""


def setup(pages: str | None = None) -> tuple[str, ...]:
    """Makes what is missing on the current server, deploys every flow, and takes away what is stated no more.

    Args:
        pages: address of the gate that shows reports and MLflow beside the server; None where there is none.

    Returns:
        The deployments that were taken away.

    Raises:
        TierwiseError: when a deployment fails; says why.
    """
    make_pool()
    make_variables()
    if pages is not None:
        say_where_pages_are(pages)
    deploy_all()
    taken = take_away()
    put_schedules(deployments_here(), stated())
    return taken


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
    taken = setup()
    names = sorted(each["entrypoint"].rpartition(".")[2] for each in stated())
    variables = ", ".join((*VARIABLES, VARIABLE))
    say(
        f"{url} has the work pool {POOL} (type process), the variables {variables}, and the "
        f"deployments {', '.join(f'{name}/{POOL}' for name in names)}; `tierwise worker` takes their runs\n"
    )
    if taken:
        say(f"taken away, because nothing states them any more: {', '.join(taken)}\n")


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
        "entrypoint": _entrypoint(descriptor),
        "description": descriptor.summary,
        "tags": [POOL],
        "work_pool": {"name": POOL},
        "enforce_parameter_schema": False,  # the flow checks, and says in one line what is wrong
    }


def _entrypoint(descriptor: FamilyDescriptor) -> str:
    return f"{_OF_FAMILIES}{descriptor.verb}"


def deploy_all() -> None:
    """Does what `prefect deploy --all` does but for schedules, in this process, which saves starting another.

    Raises:
        TierwiseError: when it fails, or a deployment is missing afterwards; says which.
    """
    from prefect.cli import app

    plan = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
    without_schedules = [
        {name: value for name, value in each.items() if name != "schedules"} for each in stated()
    ]
    argv = sys.argv
    try:
        with TemporaryDirectory() as folder, chdir(ROOT):
            file = Path(folder) / "prefect.yaml"
            file.write_text(yaml.safe_dump(plan | {"deployments": without_schedules}), encoding="utf-8")
            sys.argv = ["prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(file)]
            app()
    except SystemExit as end:
        if end.code:
            raise TierwiseError(
                f"prefect deploy --all ended with {end.code}; see what it says above"
            ) from None
    finally:
        sys.argv = argv
    missing = {each["entrypoint"] for each in stated()} - {each.entrypoint for each in deployments_here()}
    if missing:
        raise TierwiseError(f"prefect deploy --all left out {', '.join(sorted(missing))}")


def deployments_here() -> "Sequence[DeploymentResponse]":
    """This project's deployments on the current server: of its name, its tag and a flow of its own.

    What users deploy themselves has another name, or the flow of another package, and is none of these.
    """
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName, DeploymentFilterTags

    ours = DeploymentFilter(name=DeploymentFilterName(any_=[POOL]), tags=DeploymentFilterTags(all_=[POOL]))
    with get_client(sync_client=True) as client:
        found = client.read_deployments(deployment_filter=ours)
    return [each for each in found if (each.entrypoint or "").startswith("flows.")]


def take_away() -> tuple[str, ...]:
    """Takes away this project's deployments that are stated no more, with their schedules and planned runs.

    The flow of a family that is installed and cannot be used just now is left alone: it may come back.
    """
    from prefect.client.orchestration import get_client

    known = {each["entrypoint"] for each in stated()} | {_entrypoint(each) for each in families().values()}
    gone = [each for each in deployments_here() if each.entrypoint not in known]
    if passed_over():
        gone = [each for each in gone if not (each.entrypoint or "").startswith(_OF_FAMILIES)]
    with get_client(sync_client=True) as client:
        for each in gone:
            client.delete_deployment(each.id)
    return tuple(sorted(f"{(each.entrypoint or '').rpartition('.')[2]}/{each.name}" for each in gone))


if __name__ == "__main__":
    setup(*sys.argv[1:])
