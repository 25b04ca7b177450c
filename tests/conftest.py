"""No test reads or writes the user's own Prefect; those that need a server share one of the session's."""

import atexit
import gc
import os
import platform
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

if TYPE_CHECKING:
    from deployments.keeping import Keeper
    from tests.slurm.cluster import Cluster

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

SECONDS_A_DAY = 86400

# Collection imports nearly everything and frees nothing: looking for garbage is a quarter of its time.
gc.disable()


def pytest_addoption(parser: pytest.Parser) -> None:
    """What is played in turns, a part a day: the same for all workers, and to be had again."""
    parser.addoption(
        "--turn",
        type=int,
        default=int(time.time() // SECONDS_A_DAY),
        help="the turn of the fault matrices, which the header of a run names; default: days since 1970",
    )


def pytest_report_header(config: pytest.Config) -> str:
    """Names the turn, so that a day that failed can be repeated."""
    return f"fault matrices: turn {config.getoption('--turn')}, to be had again with --turn"


def pytest_collection_finish(session: pytest.Session) -> None:
    """What has been imported stays: it is not looked through again, and forked processes share it."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts the files in their order, and marks what takes long, so that `-m "not slow"` leaves it out."""
    from tests.distribution import place_of
    from tests.slow import why_slow

    items.sort(key=lambda item: place_of(file_of(item)))
    for item in items:
        if reason := why_slow(file_of(item)):
            item.add_marker(pytest.mark.slow(reason=reason))


def file_of(item: pytest.Item) -> str:
    """The path of its file in the checkout."""
    return _below(item.path, item.config.rootpath)


@cache
def _below(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keeps the files together that use one server."""
    from tests.distribution import Distribution

    return Distribution(config, log) if config.getoption("dist") == "loadfile" else None


@dataclass(frozen=True)
class Served:
    """A real Prefect server with every flow deployed and a worker.

    Attributes:
        url: of its API.
        home: Prefect's folder.
        records: TIERWISE_HOME of the worker's runs.
        practice: the practice service that the worker's runs use in place of IBM Quantum.
        said: what was said while it was served.
        keeper: starts again what has died, when it is asked to look.
        environment: what another process needs to use both.
    """

    url: str
    home: Path
    records: Path
    practice: str
    said: list[str]
    keeper: "Keeper"
    environment: dict[str, str]


@pytest.fixture(scope="session", autouse=True)
def _statements_compiled_once() -> Iterator[None]:
    from tests.records.statements import compiled_once

    with pytest.MonkeyPatch.context() as patch:
        compiled_once(patch)
        yield


@pytest.fixture(scope="session")
def mlflow_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's database, empty; tests copy it into homes, as to make one takes longer than many a case."""
    from tests.databases import mlflow_database, shared_folder

    return mlflow_database(shared_folder(tmp_path_factory))


@pytest.fixture(scope="session")
def prefect_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of Prefect's server, empty; a server that finds a copy of it starts in half the time."""
    from tests.databases import prefect_database, shared_folder

    return prefect_database(shared_folder(tmp_path_factory))


@pytest.fixture
def new_home(mlflow_database: Path) -> Callable[[Path], Path]:
    """Makes a home in which MLflow's database is ready; nothing else is."""

    def make(folder: Path) -> Path:
        folder.mkdir(mode=0o700, parents=True)
        shutil.copy(mlflow_database, folder / "mlflow.db")
        return folder

    return make


_SERVED = pytest.StashKey[tuple[ExitStack, Served]]()


@pytest.fixture
def served(
    pytestconfig: pytest.Config,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    prefect_database: Path,
    mlflow_database: Path,
) -> Served:
    """The server of `tests.distribution.SERVED`: started for its first test, stopped after its last."""
    from tests.distribution import SERVED

    assert file_of(request.node) in SERVED, "expected a file of tests.distribution.SERVED, which says why"
    if _SERVED not in pytestconfig.stash:
        home, records = tmp_path_factory.mktemp("prefect"), tmp_path_factory.mktemp("records")
        shutil.copy(prefect_database, home)
        shutil.copy(mlflow_database, records)
        stack = ExitStack()
        pytestconfig.add_cleanup(stack.close)  # where the tests are stopped before their last
        pytestconfig.stash[_SERVED] = stack, stack.enter_context(_serving(home, records))
    return pytestconfig.stash[_SERVED][1]


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Stops the server after the last test that may use it: its schedules would go on making work."""
    from tests.distribution import SERVED

    if _SERVED in item.config.stash and (nextitem is None or file_of(nextitem) not in SERVED):
        stack, _ = item.config.stash[_SERVED]
        del item.config.stash[_SERVED]
        stack.close()


@contextmanager
def _serving(home: Path, records: Path) -> Iterator[Served]:
    """A server on a free port; stopped by the process ids it holds."""
    from deployments.address import Address, free_port
    from deployments.keeping import Keeper
    from deployments.processes import client_environment, send_what_is_left
    from deployments.serve import Serving, serving

    address = Address(free_port())
    said: list[str] = []
    keeper = Keeper(said.append)
    context = serving(Serving(address, practice=True), said.append, home, keeper=keeper)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIERWISE_HOME", str(records))
        patch.setenv("TIERWISE_POLL_S", "0.2")
        patch.setenv("TIERWISE_SETTLE_S", "1")
        url = context.__enter__()
    environment = client_environment(home, address) | {"TIERWISE_HOME": str(records)}
    practice = next(line.split()[-1] for line in said if line.startswith("PRACTICE"))
    try:
        yield Served(url, home, records, practice, said, keeper, environment)
    finally:
        send_what_is_left()
        context.__exit__(None, None, None)
    from escalation.testing.guarded import command_line, descending

    left = [command_line(process) for process in descending(psutil.Process())]
    ours = ("prefect", "deployments.server", "practice --port")
    assert not [line for line in left if any(each in line for each in ours)], "serving left processes behind"


@pytest.fixture
def on_server(served: Served, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Has this process use the session's server and the worker's records."""
    from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

    from escalation.ports.configuration import settings
    from flows.credential import credential

    monkeypatch.setenv("TIERWISE_HOME", str(served.records))
    settings.cache_clear()
    with temporary_settings({PREFECT_API_URL: served.url, PREFECT_API_AUTH_STRING: credential(served.home)}):
        yield served
    settings.cache_clear()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Path]:
    """The socket of a PostgreSQL server that runs for the session."""
    from tests.records.postgresql import programs, serving

    with _needed():
        programs()
    with serving() as socket:
        yield socket


@contextmanager
def _needed() -> Iterator[None]:
    """Skips where a Debian package is missing and cannot be had; fails there in CI."""
    from tests.debian import Missing

    try:
        yield
    except Missing as reason:
        if os.environ.get("CI"):
            pytest.fail(str(reason), pytrace=False)
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def slurm_cluster() -> "Iterator[Cluster]":
    """A real Slurm with two nodes, for the module's tests."""
    from tests.slurm.cluster import cluster, install

    with _needed():
        install()
    with cluster() as started:
        yield started


@pytest.fixture
def slurm(slurm_cluster: "Cluster", monkeypatch: pytest.MonkeyPatch) -> "Iterator[Cluster]":
    """The module's cluster, which this process and what it starts use; without a job before and after."""
    for name in [name for name in os.environ if name.startswith(("SLURM", "SBATCH", "SRUN"))]:
        monkeypatch.delenv(name)
    for name, value in slurm_cluster.environment.items():
        monkeypatch.setenv(name, value)
    yield slurm_cluster
    slurm_cluster.reset()


@pytest.fixture(scope="session")
def faketime() -> dict[str, str]:
    """The environment of a process whose time of day is as `FAKETIME` says (`+3s`), as if it had been set."""
    from tests.debian import installed

    library = Path(f"/usr/lib/{platform.machine()}-linux-gnu/faketime/libfaketime.so.1")
    with _needed():
        preload = str(installed(library, "libfaketime"))
    # the kernel's other clocks stay: nobody can set them
    return {**os.environ, "LD_PRELOAD": preload, "DONT_FAKE_MONOTONIC": "1"}
