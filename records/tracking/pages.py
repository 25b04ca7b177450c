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
_READ_BY_POST = re.compile(
    r"/ajax-api/\d\.\d/mlflow/([\w-]+/)*(search|search-[\w-]+|batchGet|get-[\w-]+|metrics|query)|/graphql"
)
"""What asks by POST because the question is long; see `mlflow/server/handlers.py`."""
_NOT_READ = re.compile(r"/ajax-api/\d\.\d/mlflow/(gateway|upload|.*invoke)")


def tracking_pages(place: TrackingPlace) -> WsgiApp:
    """MLflow's pages as a WSGI application; the first request waits for the import, which takes seconds.

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


def run_page(place: TrackingPlace, run_id: str) -> str:
    """Where MLflow's pages show a run: what stands behind their address."""
    experiment = open_client(place).get_run(run_id).info.experiment_id
    return f"#/experiments/{experiment}/runs/{run_id}"


def reads_only(method: str, path: str) -> bool:
    """Whether a request changes nothing."""
    if _NOT_READ.match(path):
        return False
    return method in {"GET", "HEAD"} or (method == "POST" and _READ_BY_POST.fullmatch(path) is not None)


@cache
def _mlflow(place: TrackingPlace) -> WsgiApp:
    open_client(place)  # the database is there, and as this version of MLflow wants it
    os.environ["_MLFLOW_SERVER_FILE_STORE"] = place.uri
    os.environ["_MLFLOW_SERVER_REGISTRY_STORE"] = place.uri
    from mlflow.server import app

    found: WsgiApp = app
    return found
