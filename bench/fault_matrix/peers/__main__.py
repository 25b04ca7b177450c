"""Runs every fault against the other clients; keeps a row a run."""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import practice
from bench.fault_matrix import placements, pool
from bench.fault_matrix.__main__ import PEERS as ROWS
from bench.fault_matrix.peers.environment import HERE, PYTHON
from practice.script import FaultRule

RUNS = 3
RUN_S = 180.0
"""A run that is still there after so long is killed, and counts as hung."""
SILENT_S = 3.0
"""The service ends a call that it leaves unanswered after so long."""
LATE_S = 20.0
EXTRA = (
    "http_502_before at jobs.get",
    "reset_before at jobs.get",
    "http_502_before at results",
    "truncated at results",
    "http_500_after always at jobs.post",
)


@dataclass(frozen=True)
class PeerTrial:
    """A fault, or a kill.

    Attributes:
        name: in tables, that of a placement where there is one.
        rules: of the service.
        settings: of the service.
        kill: when the first run is killed: as soon as a job is `accepted`, or `asked` after.
    """

    name: str
    rules: tuple[FaultRule, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    kill: str = ""


def trials() -> list[PeerTrial]:
    """Every fault of the service where it does most harm, some elsewhere, and two kills."""
    chosen = [each for each in placements.PRINCIPAL if each.word is None and not each.poor]
    chosen += [placements.BY_NAME[name] for name in EXTRA]
    late = FaultRule("jobs.post", "slow", params={"delay_s": LATE_S})
    return [
        *(PeerTrial(each.name, each.rules) for each in chosen),
        PeerTrial("killed when the POST is handled, its answer unread", (late,), kill="accepted"),
        PeerTrial("killed while it waits for the job", settings={"queue_polls": 3}, kill="asked"),
    ]


def run(client: str, command: list[str], trial: PeerTrial, service: practice.Practice) -> dict[str, Any]:
    """Runs a client's script, again where it ends with an error or is killed; returns a row."""
    settings = {"noise": False, "hang_s": SILENT_S, **trial.settings}
    service.control.reset(*trial.rules, **settings)
    began, answered, hung, runs = time.monotonic(), False, 0, 0
    while runs < RUNS and not answered:
        runs += 1
        child = subprocess.Popen(
            command, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        if trial.kill and runs == 1:
            _kill_when(child, trial.kill, service)
        try:
            out, _ = child.communicate(timeout=RUN_S)
        except subprocess.TimeoutExpired:
            child.kill()
            out, _ = child.communicate()
            hung += 1
        answered = child.returncode == 0 and '"' in out
    service.control.release()
    totals = service.control.totals()
    return {
        "client": client,
        "placement": trial.name,
        "runs": runs,
        "answered": answered,
        "accepted": totals["accepted"],
        "charged": totals["paid"],
        "lost": totals["completed"] > 0 and not answered,
        "hung": hung,
        "seconds": round(time.monotonic() - began, 1),
    }


def _kill_when(child: "subprocess.Popen[str]", moment: str, service: practice.Practice) -> None:
    """Waits for the moment, kills the process, and has the service go on undisturbed."""
    until = time.monotonic() + RUN_S
    while time.monotonic() < until and child.poll() is None:
        calls = [entry["call"] for entry in service.control.log()]
        jobs = service.control.account()["totals"]["accepted"]
        if jobs and (moment == "accepted" or "jobs.get" in calls):
            child.send_signal(signal.SIGKILL)
            child.wait()
            break
        time.sleep(0.05)
    service.control.clear()
    service.control.release()


@contextmanager
def prefect_server() -> Iterator[dict[str, str]]:
    """A Prefect server of ours on a free port, of the release that the peer has; yields what reaches it."""
    from deployments.address import Address, free_port
    from deployments.processes import client_environment, running_server

    home, address = Path(tempfile.mkdtemp(prefix="tierwise-peers-")), Address(free_port())
    with running_server(home, address):
        yield {**client_environment(home, address), "PREFECT_LOGGING_LEVEL": "ERROR"}


def main() -> None:
    """Runs what is missing."""
    parser = argparse.ArgumentParser(prog="python -m bench.fault_matrix.peers")
    parser.add_argument("--rows", type=Path, default=ROWS)
    parser.add_argument("--only", default="", help="clients whose name holds this")
    options = parser.parse_args()
    have = {row["cell"] for row in pool.kept(options.rows).values()}
    commands = {"the plain client": [sys.executable, "plain.py"]}
    if PYTHON.exists():
        commands["prefect-qiskit 0.2.1"] = [str(PYTHON), "prefect_qiskit_script.py"]
    commands = {name: command for name, command in commands.items() if options.only in name}
    with practice.process() as service, prefect_server() if PYTHON.exists() else _nothing() as variables:
        told = {"PEER_URL": service.url, "PEER_INSTANCE": service.instance}
        os.environ.update({**service.environment, **variables, **told})
        for trial in trials():
            for client, command in commands.items():
                cell = f"{client} | {trial.name}"
                if cell in have:
                    continue
                row = {"cell": cell, **run(client, command, trial, service)}
                print(row, flush=True)
                with options.rows.open("a") as file:
                    file.write(json.dumps(row) + "\n")


@contextmanager
def _nothing() -> Iterator[dict[str, str]]:
    yield {}


if __name__ == "__main__":
    main()
