"""A site as its systemd units run it: a server on PostgreSQL that other machines reach, a worker apart."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError

import psutil
import pytest

from deployments.address import free_port
from deployments.setup import stated
from escalation.inputs.settings import ROOT
from flows.credential import credential
from tests.debian import Missing, installed
from tests.deployments.patience import until
from tests.deployments.units import PREFIX, UNITS, command, environment
from tests.records import postgresql

pytestmark = pytest.mark.timeout(900)
SECRET = "hunter2-is-the-password-of-the-database"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
SECURE_ENOUGH = 30
"""Tenths of systemd's exposure: OK ends at 5 of 10; these units are at 2."""


def analysed(*arguments: str) -> "subprocess.CompletedProcess[str]":
    try:
        program = installed(Path("/usr/bin/systemd-analyze"), "systemd")
    except Missing as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def here(tmp_path: Path) -> list[Path]:
    """The units for programs that are there: those of this environment."""
    folder, programs = tmp_path / "units", Path(command(SERVICES[0], {})[0]).parent
    folder.mkdir()
    for path in UNITS.iterdir():
        text = path.read_text(encoding="utf-8").replace(f"{PREFIX}/.venv/bin", str(programs))
        (folder / path.name).write_text(text, encoding="utf-8")
    return sorted(folder.iterdir())


def test_systemd_takes_the_units_as_they_are(here: list[Path]) -> None:
    done = analysed("verify", "--man=no", *map(str, here))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_may_do_is_narrow(here: list[Path], name: str) -> None:
    (path,) = [each for each in here if each.name == name]
    done = analysed("security", "--offline=true", "--no-pager", f"--threshold={SECURE_ENOUGH}", str(path))
    assert done.returncode == 0, done.stdout


def outside() -> str:
    """An address of this machine that is not the loopback's."""
    found = [
        each.address
        for addresses in psutil.net_if_addrs().values()
        for each in addresses
        if each.family.name == "AF_INET" and not each.address.startswith("127.")
    ]
    if not found:
        pytest.skip("expected an address of this machine besides the loopback's")
    return found[0]


@contextmanager
def running(unit: str, variables: dict[str, str], log: Path, up: str) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a unit's command until it says that it is up, then for as long as the block lasts; stops it as
    systemd does, and looks for what is left."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(unit, variables), env=environment(unit, variables), cwd=UNITS.parent.parent,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:

        def said() -> bool:
            assert process.poll() is None, log.read_text()
            return up in log.read_text()

        until(said, f"{up!r} in what {unit} says")
        below = psutil.Process(process.pid).children(recursive=True)
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(90) == 0, log.read_text()
        _, left = psutil.wait_procs(below, timeout=30)
        assert left == []
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@dataclass(frozen=True)
class Site:
    """A server that other machines reach, as its unit runs it.

    Attributes:
        base: its address.
        folder: the homes of server and worker, and what they say.
        client: what a machine besides needs in its environment.
    """

    base: str
    folder: Path
    client: dict[str, str]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder, host = tmp_path_factory.mktemp("site"), outside()
    port = free_port(host)
    with postgresql.serving() as socket:
        postgresql.emptied(socket)
        variables = {
            "TIERWISE_HOME": str(folder / "server"),
            "SERVE_OPTIONS": f"--host {host} --port {port}",
            "http_proxy": "http://127.0.0.1:9",  # where nobody listens: its own address is asked past it
            "PREFECT_SERVER_DATABASE_CONNECTION_URL":
                f"postgresql://{postgresql.USER}:{SECRET}@/postgres?host={socket}",
        }  # fmt: skip
        with running("tierwise-server.service", variables, folder / "server.out", "Ctrl-C stops"):
            shown = credential(folder / "server/prefect")
            assert shown
            client = {
                "TIERWISE_HOME": str(folder / "worker"),
                "HOME": str(folder / "worker"),
                "PREFECT_API_URL": f"http://{host}:{port}/api",
                "PREFECT_API_AUTH_STRING": shown,
            }
            yield Site(f"http://{host}:{port}", folder, client)


def asked(url: str, shown: str | None = None, body: object = None, **headers: str) -> tuple[int, str]:
    """Status and body of an answer."""
    if shown:
        headers["Authorization"] = f"Basic {b64encode(shown.encode()).decode()}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_beyond_this_machine_nobody_gets_in_without_the_credential(site: Site) -> None:
    shown = site.client["PREFECT_API_AUTH_STRING"]
    assert asked(f"{site.base}/api/admin/version")[0] == 401
    assert asked(f"{site.base}/api/admin/version", f"{shown}x")[0] == 401
    assert asked(f"{site.base}/api/admin/version", shown) == (200, '"3.8.8"')
    refused = asked(f"{site.base}/api/admin/version", shown, Host="evil.example")
    assert refused[0] == 403
    assert asked(f"{site.base}/api/admin/version", shown, Origin="http://evil.example")[0] == 403
    assert asked(f"{site.base}/api/flows/filter", shown, {})[0] == 403  # no CSRF token


def test_a_worker_on_a_machine_of_its_own_takes_what_the_server_has(site: Site) -> None:
    code = (
        "from prefect.deployments import run_deployment\n"
        "run = run_deployment('reconcile/tierwise', timeout=200, poll_interval=0.5)\nprint(run.state.name)"
    )
    variables = {**site.client, "WORKER_OPTIONS": "--name 'node 7' --limit 2"}
    log = site.folder / "worker.out"
    with running("tierwise-worker.service", variables, log, "Worker 'node 7' started"):
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment("tierwise-worker.service", site.client),
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert done.stdout.split()[-1] == "Completed", log.read_text()
    assert (site.folder / "worker/ledger.db").exists()
    done = subprocess.run(
        command("tierwise-reconcile.service", {}), env=environment("tierwise-reconcile.service", site.client),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "no submission is open\n"), done.stderr


def test_the_page_about_a_server_of_the_sites_own_is_followed(site: Site) -> None:
    page = (ROOT / "docs/how-to/operate.md").read_text(encoding="utf-8")
    block = re.search(r"## A Prefect server of the site's own\n.*?```sh\n(.*?)```", page, re.DOTALL)
    assert block is not None
    steps = [line for line in block[1].splitlines() if not line.startswith("tierwise worker")]
    (site.folder / "credential").write_text(site.client["PREFECT_API_AUTH_STRING"] + "\n")
    env = environment("tierwise-worker.service", {"TIERWISE_HOME": site.client["TIERWISE_HOME"]})
    done = subprocess.run(
        ["bash", "-euc", "\n".join(steps).replace("https://prefect.site.example", site.base)],
        env={**env, "PATH": f"{Path(sys.executable).parent}:{env['PATH']}", "HOME": str(site.folder)},
        cwd=site.folder, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"{site.base}/api has the work pool tierwise (type process)" in done.stdout
    assert "WARNING" not in done.stdout
    deployed = sorted(f"{each['entrypoint'].rpartition('.')[2]}/tierwise" for each in stated())
    assert f"the deployments {', '.join(deployed)};" in done.stdout


def test_the_password_of_the_database_is_shown_nowhere(site: Site) -> None:
    said = (site.folder / "server.out").read_text()
    assert re.search(r"its database     postgresql\+asyncpg://tierwise:\*\*\*@/postgres", said)
    assert "is not encrypted" in said
    shown = site.client["PREFECT_API_AUTH_STRING"]
    pages = [asked(f"{site.base}/api/admin/{name}", shown)[1] for name in ("settings", "version")]
    pages += [asked(f"{site.base}/{name}")[1] for name in ("ui-settings", "")]
    lines = [file.read_bytes().decode(errors="replace") for file in Path("/proc").glob("[0-9]*/cmdline")]
    logs = [file.read_text() for file in site.folder.rglob("*") if file.suffix in {".log", ".out", ".json"}]
    for text in (*pages, *lines, *logs):
        assert SECRET not in text
