"""Pilots in real allocations take real runs, and end by themselves."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from typer.testing import Result

from deployments.pilots.plan import PilotFolder, PilotPlan
from deployments.setup import TEMPLATE
from escalation.inputs.settings import ROOT
from escalation.model.clock import boottime_s
from tests.conftest import Served
from tests.slurm.cluster import Cluster

PATIENCE_S = 120.0
POOL = "allocations"
Call = Callable[..., Result]


@pytest.fixture
def client(on_server: Served) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as opened:
        yield opened


@pytest.fixture
def deployment(client: SyncPrefectClient) -> Iterator[UUID]:
    """A flow of ours in a pool that no other worker takes runs of."""
    template = {name: dict(part) for name, part in TEMPLATE.items()}
    client.create_work_pool(WorkPoolCreate(name=POOL, type="process", base_job_template=template))
    ours = client.read_deployment_by_name("audit/tierwise")
    yield client.create_deployment(
        flow_id=ours.flow_id, name=POOL, entrypoint=ours.entrypoint, work_pool_name=POOL
    )
    client.delete_work_pool(POOL)


@pytest.fixture
def tierwise(on_server: Served, slurm: Cluster, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Runs `tierwise pilot` in this process, with what a process beside the server has."""
    from typer.testing import CliRunner

    from cli.commands import app

    for name, value in on_server.environment.items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: CliRunner().invoke(app, ["pilot", *arguments])


def listed(tierwise: Call) -> dict[str, dict[str, object]]:
    said = tierwise("--list", "--json")
    assert said.exit_code == 0, said.stderr
    return {row["pilot"]: row for row in map(json.loads, said.stdout.splitlines())}


def ended(slurm: Cluster, job: str) -> str:
    until = boottime_s() + PATIENCE_S
    while (state := slurm.state(job)) in ("PENDING", "RUNNING", "COMPLETING"):
        assert boottime_s() < until, f"job {job} is {state}"
    return state


def test_a_run_is_executed_in_an_allocation_which_ends_when_nothing_comes(
    on_server: Served, client: SyncPrefectClient, deployment: UUID, slurm: Cluster, tierwise: Call
) -> None:
    run = client.create_flow_run_from_deployment(deployment)
    sent = tierwise("--pool", POOL, "--time", "10", "--cores", "1", "--idle", "3")
    assert sent.exit_code == 0, sent.stderr
    tag, _, job = sent.stdout.splitlines()[-1].split()
    folder = PilotFolder(on_server.records / "pilots" / tag)
    credential = on_server.environment["PREFECT_API_AUTH_STRING"]
    (hidden,) = [path for path in folder.path.iterdir() if credential in path.read_text()]
    assert stat.S_IMODE(hidden.stat().st_mode) == 0o600
    assert ended(slurm, job) == "COMPLETED", folder.log.read_text()
    found = client.read_flow_run(run.id)
    assert found.state is not None
    assert found.state.is_completed(), folder.log.read_text()
    assert folder.noted() == {"runs": 1, "under_way": 0, "ended": "nothing came for 3 s"}
    assert listed(tierwise)[tag]["state"] == "ended: nothing came for 3 s"
    assert not hidden.exists()
    assert slurm.survivors() == []


def test_a_pilot_that_waits_is_cancelled(
    client: SyncPrefectClient, deployment: UUID, slurm: Cluster, tierwise: Call
) -> None:
    slurm.batch("sleep 1000", "-N2", "--exclusive")
    sent = tierwise("--pool", POOL, "--count", "2", "--memory", "2000")
    assert "WARNING: --memory 2000 is less than the 2048 MiB that a piece of work asks for" in sent.stdout
    first, second = (line.split() for line in sent.stdout.splitlines()[-2:])
    assert listed(tierwise)[first[0]]["state"] in (
        "waits: behind jobs of higher priority (Priority)",
        "waits: for nodes to be free (Resources)",
    )
    stopped = tierwise("--stop", first[0])
    assert stopped.stdout == f"{first[0]}  its job is cancelled\n", stopped.stderr
    assert ended(slurm, first[2]) == "CANCELLED"
    assert slurm.state(second[2]) == "PENDING"


def test_a_pilot_ends_before_its_time_is_up(
    on_server: Served, client: SyncPrefectClient, deployment: UUID, tmp_path: Path
) -> None:
    folder = PilotFolder(tmp_path / "pilot")
    plan = PilotPlan("short", POOL, (), 1, wall_s=15.0, idle_s=1000.0, under="slurm")
    folder.create(plan, {**os.environ, **on_server.environment})
    command = [sys.executable, "-m", "deployments.pilots", str(folder.path)]
    since_s = boottime_s()
    subprocess.run(command, cwd=ROOT, timeout=PATIENCE_S, check=True, capture_output=True)
    assert folder.noted() == {"runs": 0, "under_way": 0, "ended": "its time is nearly up"}
    assert boottime_s() - since_s >= plan.wall_s - plan.margin_s


def test_a_pilot_that_is_stopped_has_its_run_end_first(
    on_server: Served, client: SyncPrefectClient, deployment: UUID, tmp_path: Path
) -> None:
    flow = client.create_flow_from_name("long-flow")
    long = client.create_deployment(
        flow_id=flow, name=POOL, entrypoint="tests.deployments.long_flow.long_flow", work_pool_name=POOL
    )
    run = client.create_flow_run_from_deployment(long, parameters={"folder": str(tmp_path)})
    folder = PilotFolder(tmp_path / "pilot")
    folder.create(
        PilotPlan("long", POOL, (), 1, wall_s=3600.0, idle_s=1000.0, under="slurm"),
        {**os.environ, **on_server.environment},
    )
    command = [sys.executable, "-m", "deployments.pilots", str(folder.path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as pilot:
        until = boottime_s() + PATIENCE_S
        while not (tmp_path / "begun").exists():
            assert boottime_s() < until
            assert pilot.poll() is None
        folder.ask_to_stop()
        said = pilot.communicate(timeout=PATIENCE_S)[0].decode()
    assert pilot.returncode == 0, said
    assert (tmp_path / "ended").exists(), said
    assert folder.noted() == {"runs": 1, "under_way": 0, "ended": "stopped"}
    found = client.read_flow_run(run.id)
    assert found.state is not None
    assert found.state.is_crashed(), said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--count", "0"), "expected --count from 1 to 1000, got 0"),
        (("--time", "soon"), "expected --time as minutes, H:MM:SS or D-HH:MM:SS, got 'soon'"),
        (("--time", "0:00:20"), "expected --time of at least a minute, got 20 s"),
        (
            ("--cores", "3"),
            "expected pilots that fit a node of slurm: 2 nodes of 2 cores, 4000 MiB, 1 GPU; got --cores 3, "
            "--memory 6144 (MiB; where it is left out, 2048 a core), --time 60 (minutes): ask for less",
        ),
        (("--cores", "2"), "4000 MiB, 1 GPU; got --cores 2, --memory 4096 (MiB; "),
        (
            ("--under", "slurm:short", "--cores", "1", "--time", "2"),
            "1 GPU, for 1 min at most; got --cores 1, --memory 2048 (MiB; where it is left out, "
            "2048 a core), --time 2 (minutes): ask for less",
        ),
        (
            ("--under", "local"),
            "expected --under a batch system, as in slurm or slurm:PARTITION, got 'local'",
        ),
        (("--under", "slurm:none"), "expected one of the partitions main, short, spare, requeued, urgent, "),
        (("--pool", "none"), "expected --pool as one of the server's work pools, got 'none'"),
        (("--queue", "none"), "expected --queue as a queue of 'tierwise', got 'none'"),
        (("--stop", "none"), "expected one of the pilots that `tierwise pilot --list` shows, got 'none'"),
        (("--list", "--stop"), "expected --list alone (with --json), or --stop with the pilots to stop"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    on_server: Served, slurm: Cluster, tierwise: Call, arguments: tuple[str, ...], said: str
) -> None:
    before = set((on_server.records / "pilots").glob("*"))
    assert said in str(tierwise(*arguments).exception)
    assert slurm.run("squeue", "-h") == ""
    assert set((on_server.records / "pilots").glob("*")) == before
