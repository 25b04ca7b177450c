"""The ledger between real processes: leases, take-over, budgets, a fresh database."""

import json
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from escalation.attempt import Cost
from escalation.case import CaseInfo, CaseStatus
from escalation.errors import CaseConflict
from records.ledger import SqlLedger
from records.store import FileStore

Spawn = Callable[..., Any]
Open = Callable[[], SqlLedger]

START = """
import json, sys
from pathlib import Path
from escalation.attempt import Cost
from escalation.case import CaseInfo, WorkKey
from escalation.problem import Budget
from records.ledger import SqlLedger
from records.store import FileStore
url, folder, info = sys.argv[1:4]
info = CaseInfo.model_validate(json.loads(info))
def wait(): print("ready", flush=True); assert sys.stdin.readline()
"""

HOLDER = (
    START
    + """
ledger = SqlLedger(url, FileStore(Path(folder)))
ledger.open_case(info)
wait()
from escalation.errors import CaseConflict
try:
    ledger.heartbeat(info.case_id)
except CaseConflict as error:
    print(error, flush=True)
"""
)

FORK = """
def say(value):
    import os
    os.write(1, f"{value}\\n".encode())  # one write, so that two processes' lines cannot mix
def fork(count, work):
    import os
    gate, open_gate = os.pipe()
    children = []
    for number in range(count):
        if not (child := os.fork()):
            os.close(open_gate)
            os.read(gate, 1)  # returns when the parent has closed its end: all start at once
            work(number)
            os._exit(0)
        children.append(child)
    os.close(open_gate)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * count
"""

RESERVERS = (
    START
    + FORK
    + """
def work(number):
    ledger = SqlLedger(url, FileStore(Path(folder)))
    amount, limit = Cost(usd=0.1), Budget(usd=2.5)
    got = [ledger.reserve(WorkKey(info.case_id, number, n), amount, limit) for n in range(10)]
    say(sum(got))
fork(8, work)
"""
)

WRITERS = (
    START
    + FORK
    + """
def work(number):
    ledger = SqlLedger(url, FileStore(Path(folder)))
    case_id = f"case-{number}"
    ledger.open_case(info.model_copy(update={"case_id": case_id}))
    for ordinal in range(10):
        ledger.spend(WorkKey(case_id, 0, ordinal), Cost(usd=1))
    say(ledger.spent(case_id).usd)
fork(4, work)
"""
)


@pytest.fixture
def args(url: str, store: FileStore, make_info: Callable[..., CaseInfo]) -> list[str]:
    return [url, str(store.folder), json.dumps(make_info().to_json())]


def test_a_case_of_a_living_process_is_a_conflict_that_names_it(
    ledger: SqlLedger, spawn: Spawn, args: list[str], make_info: Callable[..., CaseInfo]
) -> None:
    holder = spawn(HOLDER, *args)
    assert holder.stdout.readline() == "ready\n"
    assert ledger.cases()[0].status is CaseStatus.RUNNING
    with pytest.raises(CaseConflict, match=f"case 'c' is being run by process {holder.pid} .*on this host"):
        ledger.open_case(make_info())


def test_a_case_of_a_killed_process_reads_interrupted_and_is_taken_over_at_once(
    ledger: SqlLedger, spawn: Spawn, args: list[str], make_info: Callable[..., CaseInfo]
) -> None:
    holder = spawn(HOLDER, *args)
    assert holder.stdout.readline() == "ready\n"
    holder.send_signal(signal.SIGKILL)
    holder.wait(30)
    assert ledger.case("c").status is CaseStatus.INTERRUPTED
    assert [record.status for record in ledger.cases()] == [CaseStatus.INTERRUPTED]
    assert ledger.open_case(make_info()).status is CaseStatus.RUNNING
    assert ledger.cases()[0].status is CaseStatus.RUNNING
    assert [event["kind"] for event in ledger.events("c")] == ["case.opened", "case.resumed"]


def test_a_killed_process_that_nobody_waited_for_counts_as_gone(
    ledger: SqlLedger, spawn: Spawn, args: list[str]
) -> None:
    holder = spawn(HOLDER, *args)
    assert holder.stdout.readline() == "ready\n"
    holder.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)  # it is dead, and stays a zombie
    assert ledger.case("c").status is CaseStatus.INTERRUPTED


def test_a_process_that_was_believed_dead_cannot_write(
    ledger: SqlLedger,
    sql: Callable[..., None],
    spawn: Spawn,
    args: list[str],
    make_info: Callable[..., CaseInfo],
) -> None:
    holder = spawn(HOLDER, *args)
    assert holder.stdout.readline() == "ready\n"
    sql("UPDATE leases SET started_s = started_s - 60")
    ledger.open_case(make_info())
    holder.stdin.write("\n")
    holder.stdin.flush()
    assert holder.stdout.readline().startswith("case 'c' was taken over by process")


def test_eight_processes_never_overspend_one_budget(
    ledger: SqlLedger, spawn: Spawn, args: list[str], make_info: Callable[..., CaseInfo]
) -> None:
    ledger.open_case(make_info())
    output, errors = spawn(RESERVERS, *args).communicate()
    got = [int(line) for line in output.split()]
    assert len(got) == 8, errors
    assert sum(got) == 25  # of the 80 that were wanted, 25 times 0.10 fit into 2.50
    assert ledger.spent("c") == Cost()
    ledger.verify()


def test_processes_that_open_a_fresh_ledger_at_once_all_write_to_one_chain(
    open_ledger: Open, spawn: Spawn, args: list[str]
) -> None:
    output, errors = spawn(WRITERS, *args).communicate()
    assert output.split() == ["10.0"] * 4, errors
    ledger = open_ledger()
    assert len(ledger.cases()) == 4
    assert ledger.verify() == 4 * 11


def test_threads_share_one_ledger(ledger: SqlLedger, make_info: Callable[..., CaseInfo]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from escalation.case import WorkKey
    from escalation.problem import Budget

    ledger.open_case(make_info())

    def reserve(ordinal: int) -> bool:
        return ledger.reserve(WorkKey("c", 0, ordinal), Cost(usd=0.5), Budget(usd=5))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(reserve, range(40))) == 10
    assert ledger.verify() == 11
