"""The process that shows the records, behind the gate: `python -m deployments.pages HOME`.

Reports and MLflow's pages, over a socket in the served home that its user alone reaches. It is not Prefect's
process: that one needs neither the ledger nor its passwords.
"""

import os
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import WSGIRequestHandler, make_server

from deployments.front.onward import SOCKET, short
from deployments.front.report_pages import report_pages
from escalation.inputs.surroundings import private_files
from escalation.model.errors import BadInput
from escalation.ports.configuration import settings
from records.runtime import open_records
from records.tracking.pages import StartResponse, WsgiApp, run_page, tracking_pages, warm
from records.tracking.places import tracking_place

_CASE = "/case/"
"""Below `/mlflow`: leads on to the run of a case."""


class _Quiet(WSGIRequestHandler):
    """Writes no line a request."""

    def log_request(self, *_: Any) -> None:
        return


def main(home: Path) -> None:
    """Serves until SIGTERM."""
    os.umask(0o077)
    with private_files(), _listening(short(home) / SOCKET) as listener:
        app = DispatcherMiddleware(_nothing, {"/reports": report_pages, "/mlflow": _tracking()})
        Thread(target=_warm, daemon=True).start()
        server = make_server("unix://", 0, app, threaded=True, request_handler=_Quiet, fd=listener.fileno())
        server.serve_forever()


def _listening(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(64)
    return listener


def _warm() -> None:
    """What fails here is said to whoever opens the pages."""
    with suppress(Exception):
        warm(tracking_place(settings()))


def _tracking() -> WsgiApp:
    def pages(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if not environ["PATH_INFO"]:
            start_response("303 See Other", [("Location", "/mlflow/")])
            return []
        try:
            if (case := environ["PATH_INFO"].removeprefix(_CASE)) != environ["PATH_INFO"]:
                start_response("303 See Other", [("Location", _run_of(case))])
                return []
            app = tracking_pages(tracking_place(settings()))
        except BadInput as reason:
            start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
            return [str(reason).encode()]
        return app(environ, start_response)

    return pages


def _run_of(case_id: str) -> str:
    """Where a case's run is shown.

    Raises:
        BadInput: where there is no such case, or MLflow has no run of it yet.
    """
    with open_records() as (ledger, _):
        run_id = ledger.case(case_id).mlflow_run_id
    if run_id is None:
        raise BadInput("MLflow has no run of this case yet: it is written while the case goes on; look again")
    place = tracking_place(settings())
    base = f"{place.shown}/" if place.file is None and place.uri.startswith("http") else "/mlflow/"
    return f"{base}{run_page(place, run_id)}"


def _nothing(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return []


if __name__ == "__main__":
    main(Path(sys.argv[1]))
