"""MLflow's and Prefect's databases as their own migrations leave them, made once for all processes of a run.

In every new home a migration is seconds of work. That homes come to theirs from nothing is what
tests/records/tracking/test_client.py and tests/deployments/test_units.py see.
"""

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from escalation.inputs.settings import ROOT
from records.ledger.locking import file_lock

_MLFLOW = """
import sys
from pathlib import Path
from records.tracking.client import open_client
from records.tracking.places import TrackingPlace

open_client(TrackingPlace(f"sqlite:///{sys.argv[1]}", Path(sys.argv[1]).parent / "artifacts"))
"""


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """A folder of this run, the same for all of its processes (pytest-xdist gives each one below it)."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def mlflow_database(folder: Path) -> Path:
    """An empty database of MLflow; a copy of it serves a home as `mlflow.db`."""
    with _once(folder / "mlflow.db") as made:
        if made:
            _run(["-c", _MLFLOW, str(made)], {})
    return folder / "mlflow.db"


def prefect_database(folder: Path) -> Path:
    """An empty database of Prefect's server; a copy of it serves its folder as `prefect.db`."""
    with _once(folder / "prefect.db") as made:
        if made:
            url = f"sqlite+aiosqlite:///{made}"
            settings = {"PREFECT_HOME": str(made.parent), "PREFECT_SERVER_DATABASE_CONNECTION_URL": url}
            _run(["-m", "prefect", "server", "database", "upgrade", "--yes"], settings)
    return folder / "prefect.db"


@contextmanager
def _once(file: Path) -> Iterator[Path | None]:
    """Where whoever is first makes a database, which is put into its place at the end; None for others."""
    with file_lock(file.with_name(f"{file.name}.lock")):
        if file.exists():
            yield None
            return
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            made, whole = Path(folder) / "made.db", Path(folder) / "whole.db"
            yield made
            with closing(sqlite3.connect(made)) as source, closing(sqlite3.connect(whole)) as target:
                source.backup(target)  # with what may stand in the write-ahead log
            whole.replace(file)


def _run(arguments: list[str], settings: Mapping[str, str]) -> None:
    environment = {**os.environ, **settings}
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, check=True, capture_output=True)
