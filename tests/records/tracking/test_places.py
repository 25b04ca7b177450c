"""MLflow in the home, in PostgreSQL, behind a server: first cases at once, silence, and no password shown."""

import logging
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.inputs.settings import Settings
from escalation.model.case import CaseStatus
from escalation.model.errors import BadInput
from escalation.policy.policy import parse_policy
from records.audit.audit import audit
from records.ledger.ledger import SqlLedger
from records.runtime import open_runtime
from records.store.places import ObjectPlace
from records.tracking import tracking
from records.tracking.client import open_client
from records.tracking.places import TrackingPlace, tracking_place
from tests.records.postgresql import emptied
from tests.records.tracking.test_silence import AI_ALONE, PROBLEM

SECRET = "lovelace"
FIRST = """
import os, sys
from escalation.engine.opening import prepare
from escalation.policy.policy import parse_policy
from escalation.ports.configuration import settings
from records.tracking.cases import describe_run
from records.tracking.client import SETTINGS, experiment_id, open_client
from records.tracking.places import tracking_place
from records.tracking.writing import log_files
from tests.records.tracking.test_silence import AI_ALONE, PROBLEM
info = prepare(PROBLEM, parse_policy(AI_ALONE), case_id=sys.argv[1]).info
os.environ.update(SETTINGS)
import mlflow.tracking
print("ready", flush=True)
sys.stdin.readline()
place = tracking_place(settings())
client = open_client(place)
experiment = experiment_id(client, "toy", place.artifacts)
run = client.create_run(experiment, run_name=sys.argv[1])
for number in range(8):
    described = info.model_copy(update={"instance_digest": f"{number:0<64}"})
    describe_run(client, run, described, None)
log_files(client, run, {"a/report.html": b"said"})
client.set_terminated(run.info.run_id)
"""
"""What the first case of a process does, from when it first asks for MLflow."""


@contextmanager
def mlflow_server(folder: Path, database: Path) -> Iterator[str]:
    """MLflow's own server on a free port and a copy of the database, stopped by its process id.

    Without the eight processes that would wait for jobs of its own, which nobody gives it here.
    """
    shutil.copy(database, folder / "served.db")
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    stores = [
        "--backend-store-uri",
        f"sqlite:///{folder}/served.db",
        "--artifacts-destination",
        str(folder / "served"),
    ]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [*command, *stores], cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        until = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                break
            except OSError:
                running = server.poll() is None
                assert running, (folder / "log").read_text()
                assert time.monotonic() < until
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, 9)
        server.wait(30)


@pytest.fixture(params=["sqlite", "postgresql", "server"])
def address(request: pytest.FixtureRequest, tmp_path: Path, mlflow_database: Path) -> Iterator[str]:
    """An MLflow without experiments of ours of each kind; the databases are to be made by who comes first."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'shared.db'}"
    elif request.param == "postgresql":
        yield emptied(request.getfixturevalue("postgresql"))
    else:
        with mlflow_server(tmp_path, mlflow_database) as url:
            yield url


def test_two_first_cases_at_once_are_both_shown_whole(
    address: str, tmp_path: Path, spawn: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIERWISE_TRACKING_URI", address)
    cases = []
    for name in ("a", "b"):
        monkeypatch.setenv("TIERWISE_HOME", str(tmp_path / name))
        cases.append(spawn(FIRST, name))
    for case in cases:
        assert case.stdout.readline() == "ready\n", case.stderr.read()
    for case in cases:
        case.stdin.write("\n")
        case.stdin.flush()
    for case in cases:
        assert case.wait(200) == 0, case.stderr.read()
        assert case.stderr.read() == ""
    client = open_client(tracking_place(Settings(home=tmp_path / "a")))
    experiments = {each.name: each.experiment_id for each in client.search_experiments()}
    assert sorted(experiments) == ["Default", "tierwise/toy"]
    runs = client.search_runs([experiments["tierwise/toy"]])
    assert sorted(run.info.run_name for run in runs) == ["a", "b"]
    assert {run.info.status for run in runs} == {"FINISHED"}
    for run in runs:
        assert [each.path for each in client.list_artifacts(run.info.run_id, "a")] == ["a/report.html"]
        described = {each.dataset.digest for each in run.inputs.dataset_inputs}
        assert described == {f"{number:0<36}" for number in range(8)}


@pytest.mark.parametrize(
    ("stated", "uri", "artifacts"),
    [
        ({}, "sqlite:////home/u/t/mlflow.db", "/home/u/t/artifacts"),
        ({"tracking_uri": "sqlite:////srv/m.db"}, "sqlite:////srv/m.db", "/home/u/t/artifacts"),
        ({"tracking_uri": "http://mlflow.example:5000/"}, "http://mlflow.example:5000", None),
        (
            {"tracking_uri": "postgresql://u@h/m?connect_timeout=3", "store_url": "/gpfs/store"},
            "postgresql+psycopg://u@h/m?connect_timeout=3&tcp_user_timeout=30000",
            "/gpfs/store/mlflow-artifacts",
        ),
        (
            {"tracking_uri": "postgresql://u@h/m?connect_timeout=3", "tracking_artifacts": "/gpfs/m"},
            "postgresql+psycopg://u@h/m?connect_timeout=3&tcp_user_timeout=30000",
            "/gpfs/m",
        ),
        (
            {"tracking_uri": "postgresql://u@h/m?connect_timeout=3", "store_url": "s3://bucket"},
            "postgresql+psycopg://u@h/m?connect_timeout=3&tcp_user_timeout=30000",
            ObjectPlace("s3", "bucket", "mlflow-artifacts"),
        ),
        (
            {"tracking_uri": "postgresql://u@h/m?connect_timeout=3", "store_url": "gs://bucket/a"},
            "postgresql+psycopg://u@h/m?connect_timeout=3&tcp_user_timeout=30000",
            ObjectPlace("gs", "bucket", "a/mlflow-artifacts"),
        ),
    ],
)
def test_artefacts_are_where_the_readers_of_one_mlflow_find_them(
    stated: dict[str, Any], uri: str, artifacts: str | ObjectPlace | None
) -> None:
    place = tracking_place(Settings(home=Path("/home/u/t"), **stated))
    assert place == TrackingPlace(uri, Path(artifacts) if isinstance(artifacts, str) else artifacts)


@pytest.mark.parametrize(
    "stated",
    [
        *({"tracking_uri": each} for each in ("", "mlflow.db", "sqlite:///m.db", "mysql://u:lovelace@h/m")),
        *(
            {"tracking_uri": each}
            for each in ("https://", "databricks", "postgresql//u:lovelace@h", "file:///m")
        ),
        *({"tracking_uri": f"http://u:lovelace@h:{port}"} for port in ("99999", "0", "abc", "80 80")),
        {"tracking_uri": "https://u:lovelace@h", "tracking_artifacts": "/m"},
    ],
)
def test_what_is_no_mlflow_is_refused_in_one_line_without_a_password(stated: dict[str, str]) -> None:
    with pytest.raises(BadInput, match=r"^TIERWISE_TRACKING_(URI|ARTIFACTS): expected ") as told:
        tracking_place(Settings(home=Path("/home/u/t"), **stated))  # type: ignore[arg-type]
    assert SECRET not in str(told.value)


@pytest.mark.timeout(60, func_only=True)
@pytest.mark.parametrize("scheme", ["postgresql", "http"])
def test_a_case_does_not_wait_for_an_mlflow_that_takes_calls_and_says_nothing(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tracking, "PATIENCE_S", 0.2)
    caplog.set_level(logging.WARNING, logger="records.tracking.tracking")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"{scheme}://ada:lovelace@127.0.0.1:{silent.getsockname()[1]}/m"
        with open_runtime(Settings(home=tmp_path, tracking_uri=uri)) as runtime:
            outcome = solve(runtime, prepare(PROBLEM, parse_policy(AI_ALONE), case_id="c"))
    assert outcome.status is CaseStatus.ACCEPTED
    assert [each.getMessage() for each in caplog.records if each.name == "records.tracking.tracking"] == [
        "MLflow could not be told of everything: no answer in 0 s; ledger and store hold the whole record"
    ]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_the_audit_tells_of_an_mlflow_that_is_not_there_without_its_password(
    tmp_path: Path, ledger: SqlLedger
) -> None:
    for scheme in ("postgresql", "http"):
        place = tracking_place(Settings(home=tmp_path, tracking_uri=f"{scheme}://ada:lovelace@127.0.0.1:1/m"))
        (found,) = audit(ledger, ledger.store, place).findings  # type: ignore[arg-type]
        assert found.startswith(f"MLflow at {place.shown} cannot be asked: ")
        assert SECRET not in found
