"""Whether a server can be used is found out without importing Prefect."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flows.engine import SERVER_FILE, healthy, server_reachable, server_url

LIGHT = """
import sys
import {module}
heavy = {{"prefect", "qiskit", "sklearn", "mlflow", "xgboost", "pandas", "scipy"}} - set({allowed})
print(sorted(heavy & set(sys.modules)))
"""


@pytest.mark.parametrize(
    ("module", "allowed"),
    [("flows", []), ("flows.engine", []), ("flows.escalate", ["prefect"]), ("flows.classify", ["prefect"])],
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
    assert not server_reachable()


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


@pytest.mark.timeout(900)
def test_a_running_server_is_reachable(on_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", on_server.url)
    assert server_reachable(30.0)
