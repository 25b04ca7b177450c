"""A planted token is looked for in everything that a whole case leaves behind, failing calls included."""

import contextlib
import gzip
import os
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from escalation.inputs.settings import ROOT
from escalation.testing.guarded import command_line, descending
from practice.calls import ServiceCall
from practice.running import Practice, process
from practice.script import FaultRule

TOKEN = "planted-7f3a91c4d2e84b60-token"
POLICY = """\
policy: paid
summary: The quantum tier alone, on a practice service.
tiers: [quantum]
backends: {circuit_batch: "ibm_runtime:practice_boston"}
"""
PROBLEM = """\
family: toy
instance: {numbers: [3, 1, 4, 1, 5, 9, 2, 6], reach: 3}
target: {metric: number, at_least: 1}
budget: {qpu_s: 100, usd: 100}
data_class: public
seed: 7
"""
LOUD = """\
import logging, sys
logging.basicConfig(level=logging.DEBUG)
sys.argv = ["tierwise", *sys.argv[1:]]
import tierwise
tierwise.main()
"""


@pytest.fixture
def service() -> Iterator[Practice]:
    with process() as found:
        yield found


def environment(service: Practice, home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIERWISE_")}
    return {
        **kept,
        "TIERWISE_HOME": str(home),
        "TIERWISE_IBM_URL": service.url,
        "TIERWISE_IBM_TOKEN": TOKEN,
        "TIERWISE_USD_PER_QPU_S": "1.6",
        "TIERWISE_POLL_S": "0.2",
        "QISKIT_IBM_RUNTIME_LOG_LEVEL": "DEBUG",
    }


def places(text: bytes) -> bool:
    """Whether bytes hold the token, plainly or in a way that a plain scan would miss."""
    if TOKEN.encode() in text or TOKEN.encode().hex().encode() in text:
        return True
    for unpack in (gzip.decompress, zlib.decompress):
        try:
            if TOKEN.encode() in unpack(text):
                return True
        except (OSError, EOFError, zlib.error):
            continue
    return False


def test_the_token_is_nowhere_in_what_a_case_writes_prints_or_shows(
    service: Practice, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    (tmp_path / "policy.yaml").write_text(POLICY)
    (tmp_path / "problem.yaml").write_text(PROBLEM)
    service.control.inject(
        FaultRule(call=ServiceCall.USAGE, fault="unauthorised"),
        FaultRule(call=ServiceCall.JOBS_POST, fault="http_500_after"),
    )
    args = ["solve", str(tmp_path / "problem.yaml"), "--policy", str(tmp_path / "policy.yaml"), "--json"]
    seen: set[str] = set()
    command = [sys.executable, "-c", LOUD, *args, "--engine", "plain"]
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        running = psutil.Popen(command, cwd=ROOT, env=environment(service, home), stdout=out, stderr=err)
        while running.poll() is None:
            seen |= {command_line(each) for each in (running, *descending(running))}
            try:
                running.wait(0.1)
            except (psutil.TimeoutExpired, subprocess.TimeoutExpired):
                continue
    said = (tmp_path / "err").read_text()
    assert running.returncode == 0, said[-2000:]
    assert "DEBUG" in said, "the logs were to be loud"
    assert service.control.totals()["accepted"] == 1
    written = [path for path in home.rglob("*") if path.is_file()] + [tmp_path / "out", tmp_path / "err"]
    assert {"ledger.db", "mlflow.db"} <= {path.name for path in written}
    assert [str(path) for path in written if places(path.read_bytes())] == []
    assert [line for line in seen if TOKEN in line] == []


EVERY_TIER = """\
policy: every_tier
summary: Ranks, a pool's workers and a simulator's, one after the other.
tiers: [hpc, ai, quantum]
backends: {mpi_program: mpi, local_call: local, circuit_batch: aer}
"""
SECRETS = {
    "TIERWISE_IBM_TOKEN": TOKEN,
    "QISKIT_IBM_TOKEN": TOKEN,
    "PREFECT_API_AUTH_STRING": f"user:{TOKEN}",
    "PREFECT_API_KEY": TOKEN,
    "AWS_SECRET_ACCESS_KEY": TOKEN,
    "PGPASSWORD": TOKEN,
    "SITE_DATABASE": f"postgresql://ada:{TOKEN}@db.example/site",
}
KINDS = (
    "backends/processes/guard.py",
    "mpiexec",
    "backends.mpi.rank",
    "backends.local.worker",
    "backends.circuits.worker",
)


def test_no_rank_launcher_guard_or_worker_of_a_case_has_a_secret_in_its_environment(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text(EVERY_TIER)
    slow = PROBLEM.replace("reach: 3}", "reach: 3, pause_s: 1}").replace("at_least: 1", "at_least: 99")
    (tmp_path / "problem.yaml").write_text(slow)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIERWISE_")}
    env = {**kept, **SECRETS, "TIERWISE_HOME": str(tmp_path / "home"), "SITE_MODULES": "kept"}
    command = [sys.executable, "-m", "tierwise", "solve", str(tmp_path / "problem.yaml"), "--engine", "plain"]
    found: dict[str, dict[str, str]] = {}
    with (tmp_path / "out").open("wb") as out:
        running = psutil.Popen(
            [*command, "--policy", str(tmp_path / "policy.yaml")], cwd=ROOT, env=env, stdout=out, stderr=out
        )
        while running.poll() is None:
            for each in descending(running):
                line = command_line(each)
                with contextlib.suppress(psutil.Error):
                    found |= {kind: each.environ() for kind in KINDS if kind in line}
            with contextlib.suppress(psutil.TimeoutExpired, subprocess.TimeoutExpired):
                running.wait(0.01)
    said = (tmp_path / "out").read_text()
    assert running.returncode == 3, said[-2000:]
    assert set(found) == set(KINDS), said[-2000:]
    for kind, environ in found.items():
        assert [name for name, value in environ.items() if TOKEN in value] == [], kind
        assert environ["SITE_MODULES"] == "kept"
