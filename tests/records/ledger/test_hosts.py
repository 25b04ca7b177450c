"""One ledger and several hosts: containers of one machine, restarted ones, machines whose clocks are off.

A container here is what the kernel makes of one: a host name, process ids and mounts of its own. A machine is
such a container that reads another boot id too, as systemd-nspawn has its containers do.
"""

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from escalation.model.case import CaseInfo
from escalation.model.clock import kernel
from records.ledger.one_machine import beyond_one, file_system
from records.store.files import FileStore

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="expected root, who alone may make namespaces")

HOST = """
import json, sys
from pathlib import Path
from escalation.model.case import CaseInfo
from escalation.model.clock import kernel, this_process
from escalation.model.errors import TierwiseError
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
url, folder, info, lease_s = sys.argv[1:]
info, ledger = CaseInfo.model_validate(json.loads(info)), None
def do(verb):
    global ledger
    if verb == "who":
        return json.dumps(this_process().to_json() | {"kernel": kernel()})
    ledger = ledger or SqlLedger(url, FileStore(Path(folder)), float(lease_s))
    if verb == "now":
        return ledger.now_s()
    ledger.open_case(info) if verb == "open" else ledger.heartbeat(info.case_id)
    return "done"
for line in sys.stdin:
    try:
        print(do(line.strip()), flush=True)
    except TierwiseError as error:
        print(error, flush=True)
"""
INSIDE = """
printf %s "$1" > /proc/sys/kernel/hostname
[ -z "$2" ] || mount --bind "$2" /proc/sys/kernel/random/boot_id
shift 2
exec "$@"
"""
LEASE_S = 30.0
OVER = "UPDATE leases SET beat_boot_s = beat_boot_s - 31, beat_at = beat_at - 31"
"""The lease's time passes, by every clock."""
PATIENCE_S = 60.0


class Host:
    """A process in a container or on a machine, which does as it is told."""

    def __init__(self, process: Any) -> None:
        self.process = process

    def do(self, verb: str) -> str:
        self.process.stdin.write(f"{verb}\n")
        self.process.stdin.flush()
        said: str = self.process.stdout.readline().strip()
        return said or str(self.process.communicate()[1])

    def who(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.do("who"))
        return said

    def kill(self) -> None:
        self.process.kill()  # unshare, and by its word the whole container
        self.process.communicate()


Start = Callable[..., Host]


@pytest.fixture
def start(
    spawn: Callable[..., Any], url: str, store: FileStore, make_info: Callable[..., CaseInfo], tmp_path: Path
) -> Start:
    """Starts a host on the one ledger of the test: `machine` is its boot id, else it is a container here."""

    def begin(
        name: str = "worker",
        machine: str = "",
        lease_s: float = LEASE_S,
        environment: Mapping[str, str] | None = None,
    ) -> Host:
        boot = tmp_path / f"boot-{machine}"
        boot.write_text(f"{machine}\n")
        prefix = ["unshare", "--uts", "--pid", "--mount", "--fork", "--mount-proc", "--kill-child"]
        prefix += ["sh", "-c", INSIDE, "sh", name, str(boot) if machine else ""]
        info = json.dumps(make_info().to_json())
        process = spawn(HOST, url, store.folder, info, lease_s, prefix=prefix, environment=environment)
        return Host(process)

    return begin


def until_done(host: Host, verb: str) -> str:
    """What the host says in the end, asked again and again."""
    until = time.monotonic() + PATIENCE_S
    said = host.do(verb)
    while said != "done" and time.monotonic() < until:
        time.sleep(0.05)
        said = host.do(verb)
    return said


def test_containers_of_one_machine_have_its_boot_and_each_its_own_process_ids(start: Start) -> None:
    first, second = start("worker").who(), start("worker").who()
    assert first["kernel"] == second["kernel"] == kernel()
    assert (first["host"], first["pid"]) == (second["host"], second["pid"]) == ("worker", 1)
    assert first["namespace"] != second["namespace"]


def test_another_container_is_refused_while_the_first_lives_and_takes_over_when_its_lease_is_over(
    start: Start, sql: Callable[..., None]
) -> None:
    first, others = start("worker"), [start("worker"), start("blue")]  # one name, two names
    refused = "case 'c' is being run by process 1 on worker, which cannot be seen from here"
    assert first.do("open") == "done"
    assert [other.do("open")[: len(refused)] for other in others] == [refused] * 2
    sql(OVER)
    assert first.do("beat") == "done"
    assert [other.do("open")[: len(refused)] for other in others] == [refused] * 2
    first.kill()
    assert others[0].do("open").startswith(refused)  # nobody there can tell yet
    sql(OVER)
    assert others[1].do("open") == "done"
    assert "is being run by process 1 on blue" in others[0].do("open")


def test_a_container_that_is_started_again_is_another_one_with_the_same_process_id(start: Start) -> None:
    first = start(lease_s=1.0)
    assert first.do("open") == "done"
    first.kill()
    again = start(lease_s=1.0)
    assert again.who()["pid"] == 1
    assert until_done(again, "open") == "done"  # once the second of the lease is over, and nothing sooner


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_machines_whose_clocks_are_hours_apart_agree_on_the_time_and_on_a_lease(
    start: Start, sql: Callable[..., None], faketime: Mapping[str, str]
) -> None:
    first = start("red", machine="1111")
    second = start("blue", machine="2222", environment={**faketime, "FAKETIME": "+7h"})
    # so that a question, which stands for hours, expires at one moment for both
    assert abs(float(second.do("now")) - float(first.do("now"))) < 60.0
    assert first.do("open") == "done"
    assert "which cannot be seen from here" in second.do("open")
    sql(OVER)
    assert second.do("open") == "done"
    assert "which cannot be seen from here" in first.do("open")
    sql(OVER)
    assert first.do("open") == "done"


def test_a_ledger_that_other_machines_may_reach_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    assert file_system(Path("/proc/self/status")) == "proc"
    assert beyond_one(f"sqlite:///{Path.cwd()}/ledger.db") == ""
    monkeypatch.setattr("records.ledger.one_machine.file_system", lambda _: "nfs4")
    assert "/home/ada/ledger.db lies on nfs4" in beyond_one("sqlite:////home/ada/ledger.db")
    assert beyond_one("postgresql://db/tierwise") == ""


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_file_of_sqlite_serves_the_containers_of_one_machine_and_no_second_machine(start: Start) -> None:
    first, beside, elsewhere = start("red"), start("blue"), start("node7", machine="7777")
    assert first.do("open") == "done"
    assert "which cannot be seen from here" in beside.do("open")
    said = elsewhere.do("open")
    assert "ledger.db is open on another machine, red: SQLite's file serves one machine at a time" in said
    assert "TIERWISE_LEDGER_URL" in said
    first.kill()
    assert "is open on another machine" in elsewhere.do("open")  # by the second container
    beside.kill()
    # nobody has it open any more; the lease of the first is judged by the clock, and still stands
    assert "process 1 on red, which cannot be seen from here" in elsewhere.do("open")
