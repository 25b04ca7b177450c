"""No test reads or writes the user's own Prefect; those that need a server share one of the session's."""

import atexit
import os
import platform
import shutil
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

# Where the tests are a shell's background job, SIGINT comes ignored, and every child would hand that on.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Prefect reads its settings when it is imported, so these must be there before any test module is.
for _name in [name for name in os.environ if name.startswith("PREFECT_")]:
    del os.environ[_name]
_HOME = tempfile.mkdtemp(prefix="tierwise-tests-prefect-")
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
os.environ |= {
    "PREFECT_HOME": _HOME,
    "PREFECT_PROFILES_PATH": f"{_HOME}/profiles.toml",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}


@dataclass(frozen=True)
class Served:
    """A real Prefect server with every flow deployed and a worker.

    Attributes:
        url: of its API.
        home: Prefect's folder.
        records: TIERWISE_HOME of the worker's runs.
        environment: what another process needs to use both.
    """

    url: str
    home: Path
    records: Path
    environment: dict[str, str]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Started once a session, on a free port; stopped by the process ids it holds."""
    from deployments.processes import client_environment, free_port, send_what_is_left
    from deployments.serve import serving

    home, records, port = tmp_path_factory.mktemp("prefect"), tmp_path_factory.mktemp("records"), free_port()
    context = serving(port, lambda line: None, home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIERWISE_HOME", str(records))
        url = context.__enter__()
    environment = client_environment(home, port) | {"TIERWISE_HOME": str(records)}
    try:
        yield Served(url, home, records, environment)
    finally:
        send_what_is_left()
        context.__exit__(None, None, None)
    from escalation.testing.guarded import command_line, descending

    left = [command_line(process) for process in descending(psutil.Process())]
    assert not [command for command in left if "prefect" in command], "serving left processes behind"


@pytest.fixture
def on_server(served: Served, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Has this process use the session's server and the worker's records."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from escalation.settings import settings

    monkeypatch.setenv("TIERWISE_HOME", str(served.records))
    settings.cache_clear()
    with temporary_settings({PREFECT_API_URL: served.url}):
        yield served
    settings.cache_clear()


@pytest.fixture(scope="session")
def faketime() -> dict[str, str]:
    """The environment of a process whose time of day is as `FAKETIME` says (`+3s`), as if it had been set."""
    from tests.debian import Missing, installed

    library = Path(f"/usr/lib/{platform.machine()}-linux-gnu/faketime/libfaketime.so.1")
    try:
        preload = str(installed("libfaketime", library))
    except Missing as reason:
        if os.environ.get("CI"):
            pytest.fail(str(reason), pytrace=False)
        pytest.skip(str(reason))
    # the kernel's other clocks stay: nobody can set them
    return {**os.environ, "LD_PRELOAD": preload, "DONT_FAKE_MONOTONIC": "1"}
