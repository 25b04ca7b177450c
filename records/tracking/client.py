"""Opening MLflow quietly, and finding its experiments."""

import logging
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from records.ledger.locking import file_lock
from records.store.places import ObjectPlace
from records.tracking.places import SQLITE, TrackingPlace

SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # it would print where a run is shown, with a password that is in the address
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
}
"""Of MLflow: it says nothing, and waits for a server for seconds, not for the minutes that it would."""
_ASIDE = ".mlflow-"
_MIGRATION = 7_116_928
"""Key of PostgreSQL's advisory lock around the migration of MLflow's tables."""
_TURN_S = 300


def open_client(place: TrackingPlace) -> Any:
    """Returns an `MlflowClient` on a migrated database, or on a server, which migrates its own.

    Several processes that migrate a fresh database at once crash, so they take turns; one that dies in it
    leaves tables that no later migration gets past, so a fresh SQLite file is made aside.
    """
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    from mlflow.tracking import MlflowClient

    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)  # each try again is no news
    if isinstance(place.artifacts, Path):
        place.artifacts.mkdir(parents=True, exist_ok=True)
    with turn(place):
        if place.file is not None and not place.file.exists():
            _make_aside(place.file, lambda uri: MlflowClient(tracking_uri=uri))
        return MlflowClient(tracking_uri=place.uri)


def _make_aside(file: Path, migrate: Callable[[str], Any]) -> None:
    """Has MLflow migrate a database in a temporary folder, and puts it into its place when it is whole."""
    file.parent.mkdir(parents=True, exist_ok=True)
    for left in file.parent.glob(f"{_ASIDE}*"):  # by a process that died; it is our turn now
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_ASIDE, dir=file.parent) as folder:
        made, whole = Path(folder) / "made.db", Path(folder) / "whole.db"
        migrate(f"{SQLITE}{made}")
        with closing(sqlite3.connect(made)) as source, closing(sqlite3.connect(whole)) as target:
            source.backup(target)
        whole.replace(file)


@contextmanager
def turn(place: TrackingPlace) -> Iterator[None]:
    """A turn among the processes, on whatever machine, that open one database."""
    if place.file is not None:
        with file_lock(place.file.with_name(f"{place.file.name}.lock")):
            yield
    elif place.uri.startswith("http"):
        yield
    else:
        import psycopg

        with psycopg.connect(place.uri.replace("+psycopg", "", 1), autocommit=True) as connection:
            connection.execute(f"SET statement_timeout = '{_TURN_S}s'")
            connection.execute("SELECT pg_advisory_lock(%s)", (_MIGRATION,))  # ends with the connection
            yield


def _uri(place: Path | ObjectPlace) -> str:
    return place.resolve().as_uri() if isinstance(place, Path) else place.url


EXPERIMENT_KIND = {"mlflow.experimentKind": "custom_model_development"}
"""Has MLflow's pages show runs of models; where they must guess they show traces of language models."""


def experiment_id(client: Any, family: str, artifact_root: Path | ObjectPlace | None) -> str:
    """Returns the id of the experiment `tierwise/FAMILY`, made where it is missing, by whoever is first."""
    from mlflow.exceptions import MlflowException

    name = f"tierwise/{family}"
    found = client.get_experiment_by_name(name)
    if found is None:
        where = None if artifact_root is None else _uri(artifact_root / family)
        try:
            return str(client.create_experiment(name, artifact_location=where, tags=EXPERIMENT_KIND))
        except MlflowException:
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
    for key, value in EXPERIMENT_KIND.items():
        if key not in found.tags:  # made before it was marked
            client.set_experiment_tag(found.experiment_id, key, value)
    return str(found.experiment_id)
