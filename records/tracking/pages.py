"""MLflow's own pages on the site's tracking store, to be looked at: nothing can be changed by them."""

import os
import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from escalation.model.errors import BadInput
from records.tracking.client import open_client
from records.tracking.places import TrackingPlace

StartResponse = Callable[..., Any]
WsgiApp = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]
_READ_BY_POST = {
    "/graphql",
    "/ajax-api/2.0/mlflow/experiments/search",
    "/ajax-api/2.0/mlflow/experiments/search-datasets",
    "/ajax-api/2.0/mlflow/logged-models/search",
    "/ajax-api/2.0/mlflow/registered-models/get-latest-versions",
    "/ajax-api/2.0/mlflow/runs/search",
    "/ajax-api/3.0/mlflow/datasets/search",
    "/ajax-api/3.0/mlflow/issues/search",
    "/ajax-api/3.0/mlflow/traces/batchGetInfos",
    "/ajax-api/3.0/mlflow/traces/metrics",
    "/ajax-api/3.0/mlflow/traces/search",
}
"""What asks by POST because the question is long; one by one, because names mislead: MLflow has a
`get-or-create-user`. All of MLflow's mutations in GraphQL are searches (3.17)."""
_SPEAKS_TO_OTHERS = re.compile(r"/(ajax-)?api/\d\.\d/mlflow/(gateway|ui-telemetry)")


def tracking_pages(place: TrackingPlace) -> WsgiApp:
    """MLflow's pages as a WSGI application; a request before `warm` is through waits for the import.

    Raises:
        BadInput: where MLflow is a server elsewhere, which has pages of its own.
    """
    if place.file is None and place.uri.startswith("http"):
        raise BadInput(f"MLflow is a server of its own: its pages are at {place.shown}")

    def pages(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if not reads_only(environ["REQUEST_METHOD"], environ["PATH_INFO"]):
            start_response("403 Forbidden", [("Content-Type", "application/json")])
            return [
                b'{"error_code":"PERMISSION_DENIED","message":"These pages change nothing: the records do."}'
            ]
        # MLflow compares the host with names of its own; who may come was asked before.
        return _mlflow(place)(environ, start_response)

    return pages


def warm(place: TrackingPlace) -> None:
    """Imports what the pages are made of, which takes seconds, so that nobody who opens them waits for it."""
    if place.file is not None or not place.uri.startswith("http"):
        _mlflow(place)


def run_page(place: TrackingPlace, run_id: str) -> str:
    """Where MLflow's pages show a run: what stands behind their address.

    Without the kind of work in it they open for language models, whatever the experiment is marked as (3.17).
    """
    experiment = open_client(place).get_run(run_id).info.experiment_id
    return f"#/experiments/{experiment}/runs/{run_id}?workflowType=machine_learning"


def reads_only(method: str, path: str) -> bool:
    """Whether a request changes nothing, here or elsewhere."""
    if method in {"GET", "HEAD"}:
        return _SPEAKS_TO_OTHERS.match(re.sub("//+", "/", path)) is None  # as MLflow's routes take it
    return method == "POST" and path in _READ_BY_POST


@cache
def _mlflow(place: TrackingPlace) -> WsgiApp:
    open_client(place)  # the database is there, and as this version of MLflow wants it
    os.environ["_MLFLOW_SERVER_FILE_STORE"] = place.uri
    os.environ["_MLFLOW_SERVER_REGISTRY_STORE"] = place.uri
    from mlflow.server import app

    found: WsgiApp = app
    return found
