"""Opening MLflow's database: also after a process died in making it."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from escalation.inputs.settings import ROOT

DIES_IN_THE_MIGRATION = """\
import os, signal, sqlite3, sys
from pathlib import Path
import mlflow.tracking
from records.tracking import client as tracking_client
from records.tracking.places import TrackingPlace

def half(tracking_uri):
    with sqlite3.connect(tracking_uri.removeprefix("sqlite:///")) as database:
        database.execute("CREATE TABLE registered_models (name TEXT)")
    os.kill(os.getpid(), signal.SIGKILL)

mlflow.tracking.MlflowClient = half
tracking_client.open_client(TrackingPlace(f"sqlite:///{sys.argv[1]}/mlflow.db", Path(sys.argv[1])))
"""


def test_a_process_that_dies_while_the_database_is_made_leaves_none_and_the_next_makes_it(
    tmp_path: Path,
) -> None:
    from records.tracking.client import open_client
    from records.tracking.places import TrackingPlace

    command = [sys.executable, "-c", DIES_IN_THE_MIGRATION, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=dict(os.environ), check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "mlflow.db").exists()
    client = open_client(TrackingPlace(f"sqlite:///{tmp_path}/mlflow.db", tmp_path))
    assert [each.name for each in client.search_experiments()] == ["Default"]
    assert list(tmp_path.glob(".mlflow-*")) == []
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
