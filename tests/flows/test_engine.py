"""Whether a server can be used is found out without importing Prefect."""

import json
import re
import socket
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from escalation.model.clock import kernel
from escalation.model.errors import BadInput
from flows.credential import make_credential
from flows.engine import (
    SERVER_FILE,
    healthy,
    lone_server,
    server_url,
    use_server,
    what_is_wrong,
)

LIGHT = """
import sys
import {module}
heavy = {{"prefect", "qiskit", "sklearn", "mlflow", "xgboost", "pandas", "scipy"}} - set({allowed})
print(sorted(heavy & set(sys.modules)))
"""


@pytest.mark.parametrize(
    ("module", "allowed"),
    [("flows", []), ("flows.engine", []), ("flows.escalate", ["prefect"]), ("flows.forms", ["prefect"])],
)
def test_importing_is_light(module: str, allowed: list[str]) -> None:
    code = LIGHT.format(module=module, allowed=allowed)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is configured: no variable, no profile, nothing served."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.delenv("PREFECT_PROFILE", raising=False)
    monkeypatch.setenv("PREFECT_PROFILES_PATH", str(tmp_path / "profiles.toml"))
    monkeypatch.setenv("TIERWISE_HOME", str(tmp_path / "mlruns"))
    return tmp_path


def test_without_configuration_there_is_no_server(nowhere: Path) -> None:
    assert server_url() is None


def test_the_environment_comes_before_the_profile_and_that_before_what_is_served(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = nowhere / "mlruns" / "prefect" / SERVER_FILE
    served.parent.mkdir(parents=True)
    served.write_text(json.dumps({"api_url": "http://served/api"}))
    assert server_url() == "http://served/api"
    (nowhere / "profiles.toml").write_text(
        'active = "a"\n[profiles.a]\nPREFECT_API_URL = "http://a/api"\n'
        '[profiles.b]\nPREFECT_API_URL = "http://b/api"\n'
    )
    assert server_url() == "http://a/api"
    monkeypatch.setenv("PREFECT_PROFILE", "b")
    assert server_url() == "http://b/api"
    monkeypatch.setenv("PREFECT_API_URL", "http://variable/api")
    assert server_url() == "http://variable/api"


def test_a_server_on_the_loopback_address_of_another_machine_is_none_of_this_one(nowhere: Path) -> None:
    served = nowhere / "mlruns" / "prefect" / SERVER_FILE
    served.parent.mkdir(parents=True)
    here = {"api_url": "http://127.0.0.1:4200/api", "pid": 1, "kernel": kernel()}
    for known, url in (
        ({}, here["api_url"]),
        ({"kernel": "another"}, None),
        ({"kernel": "another", "api_url": "http://head:4200/api"}, "http://head:4200/api"),
    ):
        served.write_text(json.dumps({**here, **known}))
        assert server_url() == url


@pytest.mark.parametrize("text", ["", "not json", "[]", '{"api_url": 3}'])
def test_a_damaged_file_of_a_server_is_no_server(nowhere: Path, text: str) -> None:
    served = nowhere / "mlruns" / "prefect" / SERVER_FILE
    served.parent.mkdir(parents=True)
    served.write_text(text)
    assert server_url() is None


def test_a_port_without_a_server_and_one_that_never_answers_are_not_healthy() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        assert not healthy(f"http://127.0.0.1:{port}/api", 0.2)
        silent.listen()
        assert not healthy(f"http://127.0.0.1:{port}/api", 0.2)


class _Answers(BaseHTTPRequestHandler):
    """Answers as a table says; a path that it does not name is not found."""

    table: dict[str, tuple[int, str]]
    shown: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.shown.append((self.path, self.headers.get("Authorization")))
        status, body = self.table.get(self.path, (404, "{}"))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", body)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def answering(**table: tuple[int, str]) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """A server; `health` and `version` as given. Yields its API's URL, and what it was asked and shown."""
    paths = {"/api/health": table["health"]} | (
        {"/api/admin/version": table["version"]} if "version" in table else {}
    )
    shown: list[tuple[str, str | None]] = []
    server = HTTPServer(("127.0.0.1", 0), type("Handler", (_Answers,), {"table": paths, "shown": shown}))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api", shown
    finally:
        server.shutdown()
        server.server_close()
        thread.join(30)


UP = (200, "true")


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"health": UP, "version": (200, '"3.8.8"')}, None),
        ({"health": UP, "version": (200, '"3.0.0"')}, None),
        ({"health": UP, "version": (200, '"2.20.9"')}, r"is version 2\.20\.9, expected 3\.\d+\.\d+"),
        ({"health": UP, "version": (200, '"4.0.0"')}, r"is version 4\.0\.0, expected 3\."),
        ({"health": UP, "version": (401, "{}")}, "wants to know who asks: set PREFECT_API_AUTH_STRING"),
        ({"health": UP, "version": (200, "<html>\x1b[2J</html>")}, r"is no Prefect API \(HTTP 200, '<html>"),
        ({"health": UP}, r"is no Prefect API \(HTTP 404"),
        ({"health": (200, "<html>hello</html>")}, r"is no Prefect API \(HTTP 200, '<html>hello"),
        ({"health": (500, "oops")}, r"is no Prefect API \(HTTP 500, 'oops'\)"),
        ({"health": (302, "http://127.0.0.1:1/")}, r"is no Prefect API \(HTTP 302"),
    ],
)
def test_what_is_wrong_with_a_server_is_said_in_one_line(
    nowhere: Path, answers: dict[str, tuple[int, str]], said: str | None
) -> None:
    with answering(**answers) as (url, _):
        found = what_is_wrong(url, 30.0)
    assert (found is None) == (said is None)
    if said is not None and found is not None:
        assert re.search(said, found)
        assert found.isprintable()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/api", "nonsense", "file:///etc/passwd", "http://[::1/api"]
)
def test_a_server_that_a_user_names_and_that_cannot_be_used_is_refused(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", url)
    with pytest.raises(BadInput, match=rf"^no Prefect server answers at {re.escape(url)} \(.*\): start it"):
        use_server()


def test_a_credential_is_shown_to_the_server_of_the_home_and_to_nobody_else(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREFECT_API_AUTH_STRING", raising=False)
    made = make_credential(nowhere / "mlruns" / "prefect")
    expected = f"Basic {b64encode(made.encode()).decode()}"
    with answering(health=UP, version=(200, '"3.8.8"')) as (url, shown):
        assert what_is_wrong(url, 30.0) is None
        served = nowhere / "mlruns" / "prefect" / SERVER_FILE
        served.write_text(json.dumps({"api_url": url, "kernel": kernel()}))
        assert what_is_wrong(url, 30.0) is None
        # Somebody else listens where the home's server did.
        monkeypatch.setattr("os.geteuid", lambda: 4242)
        assert what_is_wrong(url, 30.0) is None
    asked = [authorization for path, authorization in shown if path.endswith("version")]
    assert asked == [None, expected, None]
    assert [authorization for path, authorization in shown if path.endswith("health")] == [None, None, None]


def test_the_server_that_prefect_starts_for_one_process_asks_who_is_speaking(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env: dict[str, str] = {}
    lone_server(env)
    assert env["PREFECT_SERVER_API_AUTH_STRING"] == env["PREFECT_API_AUTH_STRING"]
    assert len(env["PREFECT_API_AUTH_STRING"]) > 40
    assert env["PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED"] == "true"
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    other: dict[str, str] = {}
    lone_server(other)
    assert other == {}


@pytest.mark.timeout(900)
def test_a_running_server_is_reachable(on_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in on_server.environment.items():
        monkeypatch.setenv(name, value)
    assert what_is_wrong(on_server.url, 30.0) is None
