"""What dies under `tierwise serve` is started again, and works; one home is served once."""

from typing import Any

import psutil
import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment

from deployments.address import Address, free_port
from deployments.serve import Serving, serving
from deployments.setup import POOL
from deployments.watching import Api, troubles
from escalation.model.errors import BadInput
from flows.credential import credential
from flows.engine import healthy
from tests.deployments.patience import PATIENCE_S, until

pytestmark = pytest.mark.timeout(900)  # the first of them waits for the server's migration


def killed(served: Any, what: str) -> None:
    """Kills a child as the system does when memory runs out, and has it started again."""
    guard = psutil.Process(next(each.pid for each in served.keeper.kept if each.name == what))
    (child,) = guard.children()
    child.kill()
    said: list[str] = served.said
    before = len(said)

    def again() -> bool:
        served.keeper.look()
        return any(f"the {what} was started again" in line for line in said[before:])

    until(again, f"restart of the {what}")
    assert any(f"WARNING: the {what} died" in line for line in said[before:])


def test_after_the_worker_and_the_server_were_killed_a_run_completes(on_server: Any) -> None:
    api = Api(on_server.url, credential(on_server.home))
    until(lambda: troubles(api, POOL) == [], "planned run of everything that has a schedule")
    for what in ("worker", "server"):
        killed(on_server, what)
    until(lambda: healthy(on_server.url, 5.0), "server that answers")
    run = run_deployment("reconcile/tierwise", timeout=PATIENCE_S, poll_interval=0.5)
    assert isinstance(run, FlowRun)
    assert run.state is not None
    assert run.state.is_completed(), run.state


def test_a_home_is_served_once(served: Any) -> None:
    with (
        pytest.raises(BadInput, match=rf"is served already at {served.url} by process \d+: stop that one"),
        serving(Serving(Address(free_port())), print, served.home),
    ):
        pass
