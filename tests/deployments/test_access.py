"""Who gets to the server: other users of the machine do not, web pages do not, its own user does."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page as Tab
from prefect.client.orchestration import SyncPrefectClient
from prefect.deployments import run_deployment
from prefect.exceptions import PrefectHTTPStatusError

from deployments.front.users import Users
from flows.credential import credential, credential_file
from tests.deployments.browser import Page, opened
from tests.deployments.open_server import serving

pytestmark = pytest.mark.timeout(900)  # the first of them waits for the server's migration

NOBODY = 65534
ATTACK = Path(__file__).with_name("attack.py")
EVIL = """\
<!doctype html><title>evil</title><script>
const TARGET = 'WHOM', WS = TARGET.replace('http', 'ws');
const tries = {
  read: () => fetch(TARGET + '/api/admin/version').then(a => a.text()),
  write: () => fetch(TARGET + '/api/flows/filter', {
    method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'}).then(a => a.text()),
  with_header: () => fetch(TARGET + '/api/admin/version', {
    headers: {'Authorization': 'Basic YTpi'}}).then(a => a.text()),
  script: () => new Promise((yes, no) => {
    const it = document.createElement('script');
    it.onload = () => yes('loaded'); it.onerror = no;
    it.src = TARGET + '/api/health'; document.head.append(it); }),
  listen: () => new Promise((yes, no) => {
    const it = new WebSocket(WS + '/api/events/out', 'prefect');
    it.onopen = () => yes('open'); it.onerror = no; }),
};
async function all() {
  const got = {};
  for (const [name, what] of Object.entries(tries)) {
    try { got[name] = await what(); } catch (error) { got[name] = null; }
  }
  await fetch(TARGET + '/api/work_pools/', {
    method: 'POST', mode: 'no-cors', headers: {'Content-Type': 'text/plain'},
    body: JSON.stringify({name: 'by-a-page', type: 'process'})}).catch(() => null);
  return got;
}
</script>
"""


def attack(port: int, *files: Path) -> list[str]:
    """What works for another user."""
    if os.geteuid() != 0:
        pytest.skip("expected root, who can act as another user")
    command = [sys.executable, "-I", str(ATTACK), str(NOBODY), str(port), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, cwd="/", env={})
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def test_another_user_of_the_machine_gets_nothing(served: Any) -> None:
    port = int(served.url.split(":")[2].removesuffix("/api"))
    files = [
        served.home,
        credential_file(served.home),
        served.home / "prefect.db",
        served.home / "worker.log",
    ]
    assert attack(port, *files, served.records) == []
    made = [path for path in served.home.rglob("*") if not path.is_symlink()]
    assert [path for path in made if path.stat().st_mode & 0o077] == []
    shown = [file.read_bytes() for file in Path("/proc").glob("[0-9]*/cmdline") if file.exists()]
    assert not any(str(credential(served.home)).encode() in line for line in shown)


def test_the_attacks_of_another_user_work_where_everybody_is_let_in(tmp_path: Path) -> None:
    file = Path("/etc/passwd")
    with serving() as (port, _):
        found = attack(port, file)
    assert {line.split()[0] for line in found} >= {"GET", "POST", "websocket", "file"}


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with opened() as found:
        yield found


def visited(page: Page, target: str) -> tuple[dict[str, Any], str]:
    """What a page of somebody else's gets from the target, and what its address shows under a name that the
    somebody points here."""
    with serving({"/": EVIL.replace("WHOM", target)}) as (port, _):
        page.open(f"http://127.0.0.1:{port}/")
        got: dict[str, Any] = page.value("all()")
    page.open(f"{target.replace('127.0.0.1', 'rebound.example')}/api/admin/version")
    return got, str(page.value("document.body.innerText"))


def test_a_web_page_reaches_a_server_that_lets_everybody_in(page: Page) -> None:
    with serving() as (port, seen):
        got, rebound = visited(page, f"http://127.0.0.1:{port}")
    assert got == {
        "read": '"open"', "write": '"open"', "with_header": '"open"', "script": "loaded", "listen": "open"
    }  # fmt: skip
    assert rebound == '"open"'
    assert "POST /api/work_pools/" in seen


def test_a_web_page_gets_nothing_even_while_its_reader_is_logged_in(
    page: Page, served: Any, client: SyncPrefectClient
) -> None:
    base = served.url.removesuffix("/api")
    log_in(page, base, served.home)
    got, rebound = visited(page, base)
    assert set(got.values()) == {None}
    assert "refused: expected the Host 127.0.0.1" in rebound
    assert [pool.name for pool in client.read_work_pools()] == ["tierwise"]


def log_in(page: Page, base: str, home: Path) -> None:
    """Signs in with the credential, where nobody is signed in yet."""
    page.open(f"{base}/signin")
    if page.value("document.querySelector('#name') !== null"):
        fill_in(page, *str(credential(home)).split(":", 1))
        page.open(f"{base}/signin")
    assert "You are signed in" in page.value("document.body.innerText")


def fill_in(page: Page, name: str, password: str) -> None:
    """Fills the form in that is shown, and waits for the page that comes of it."""
    page.do(lambda tab: tab.fill("#name", name))
    page.do(lambda tab: tab.fill("#password", password))
    press_button(page)


def press_button(page: Page) -> None:
    def pressed(tab: Tab) -> None:
        with tab.expect_navigation():
            tab.click("main button")

    page.do(pressed)


def sign_out(page: Page, base: str) -> None:
    page.open(f"{base}/signin")
    if page.value("document.querySelector('#name') === null"):
        press_button(page)
    page.until("document.querySelector('#name') !== null")


def test_one_sign_in_opens_prefect_the_reports_and_mlflow(page: Page, served: Any) -> None:
    base = served.url.removesuffix("/api")
    log_in(page, base, served.home)
    page.open(f"{base}/v2/deployments")  # so that the browser could keep it
    sign_out(page, base)
    for closed in ("/v2/deployments", "/reports/", "/mlflow/"):
        page.open(f"{base}{closed}")
        page.until("document.querySelector('#password') !== null")
    log_in(page, base, served.home)
    page.open(f"{base}/v2/deployments")
    page.until("document.body.innerText.includes('reconcile')")
    assert page.value("location.pathname") == "/v2/deployments"
    page.open(f"{base}/reports/")
    page.until("document.body.innerText.includes('signed in as tierwise')")
    page.open(f"{base}/mlflow/#/experiments")
    page.until("document.body.innerText.includes('Experiments')")
    sign_out(page, base)
    page.open(f"{base}/v2/deployments")
    page.until("document.querySelector('#password') !== null")


def test_after_the_sign_in_the_page_opens_that_was_asked_for(page: Page, served: Any) -> None:
    base = served.url.removesuffix("/api")
    sign_out(page, base)
    page.open(f"{base}/mlflow/#/experiments/0/runs")
    page.until("document.querySelector('#name') !== null")
    fill_in(page, *str(credential(served.home)).split(":", 1))
    page.until("location.pathname === '/mlflow/'")
    assert page.value("location.hash") == "#/experiments/0/runs"


def test_a_person_who_is_added_signs_in_at_once_and_is_out_when_removed(page: Page, served: Any) -> None:
    base = served.url.removesuffix("/api")
    users = Users(served.home)
    users.add("Ada", "correct horse battery")
    try:
        sign_out(page, base)
        page.open(f"{base}/signin?next=/reports/")
        fill_in(page, "Ada", "correct horse batterz")
        assert "not right" in page.value("document.querySelector('[role=alert]').innerText")
        fill_in(page, *str(credential(served.home)).split(":", 1))  # it is for programs from now on
        assert "not right" in page.value("document.querySelector('[role=alert]').innerText")
        fill_in(page, "Ada", "correct horse battery")
        page.shows("signed in as Ada ")
    finally:
        users.remove("Ada")
    page.open(f"{base}/reports/")
    page.until("document.querySelector('#password') !== null")


@pytest.mark.parametrize(
    "named",
    [{"command": "touch /tmp/x"}, {"env": {"A": "b"}}, {"env.A": "b"}, {"working_dir": "/"}, {"name": "x"}],
)
def test_a_run_cannot_say_how_it_is_run(client: SyncPrefectClient, named: dict[str, Any]) -> None:
    with pytest.raises(PrefectHTTPStatusError, match=re.escape("422")):
        run_deployment("reconcile/tierwise", job_variables=named, timeout=0)
    pool = client.read_work_pool("tierwise")
    assert pool.base_job_template["job_configuration"] == {"stream_output": True}
