"""The ledger between real processes: leases, take-over, budgets, a fresh database."""

import json
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from escalation.model.amounts import Amounts, Caps
from escalation.model.case import CaseInfo, CaseStatus, WorkKey
from escalation.model.errors import CaseConflict
from escalation.model.submission import ApprovalState, Limit, Period, Verdict
from escalation.model.submission_states import SubmissionState
from records.ledger.database import Database
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore

Spawn = Callable[..., Any]
Open = Callable[[], SqlLedger]

START = """
import json, sys
from pathlib import Path
from escalation.model.amounts import Amounts, Caps
from escalation.model.case import CaseInfo, WorkKey
from records.ledger.database import Database
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
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
from escalation.model.errors import CaseConflict
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
    amount, limit = Amounts(usd=0.1), Caps(usd=2.5)
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
        ledger.spend(WorkKey(case_id, 0, ordinal), Amounts(usd=1))
    say(ledger.spent(case_id).usd)
fork(4, work)
"""
)


HANDING = (
    START
    + FORK
    + """
from escalation.model.submission import Approval, Period, Price
from escalation.model.submission_states import SubmissionState
each = Amounts(qpu_s=0.05, usd=0.05)
price = Price(expected=each, cap=each + each)
def frozen(case_id, ordinal):
    row = ledger.want_submission(WorkKey(case_id, 0, ordinal), "w", "model", 1000.0)
    return ledger.move(row, SubmissionState.FROZEN, 1000.0, payload=f"{case_id}/{ordinal}", price=price)
def opened(case_id):
    global ledger
    ledger = SqlLedger(url, FileStore(Path(folder)))
    ledger.open_case(info.model_copy(update={"case_id": case_id}))
"""
)

AUTHORISERS = (
    HANDING
    + """
def work(number):
    opened(f"case-{number}")
    rows = [frozen(f"case-{number}", n) for n in range(3)]
    words = [ledger.authorise(row, None, Caps(), f"p{number % 2}", 86400.0 * 20)[0].verdict for row in rows]
    say(words.count("granted"))
fork(8, work)
"""
)

DYING = (
    HANDING
    + """
import os, signal
from records.ledger import events
append, LAST = events.append, 3
def work(number):
    case_id = f"case-{number}"
    opened(case_id)
    row = frozen(case_id, 0)
    names = {"case_id": case_id, "attempt": 0, "ordinal": 0, "subject": row.payload, "policy": "p"}
    question = Approval(approval_id=case_id, cap=price.cap, shown={}, asked_at=0, expires_at=9e9, **names)
    row = ledger.authorise(row, question, Caps(), "p", 1001.0)[1]
    ledger.answer(case_id, granted=True, by="Ada", reason="", now=1002.0)
    left = [number]
    def dying(*arguments):
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        return append(*arguments)
    events.append = dying
    ledger.authorise(row, question, Caps(), "p", 1003.0)
    os.kill(os.getpid(), signal.SIGKILL)
for number in range(LAST + 1):
    if not (child := os.fork()):
        work(number)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
say("dead")
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
    sql("UPDATE leases SET started = started - 6000")
    ledger.open_case(make_info())
    holder.stdin.write("\n")
    holder.stdin.flush()
    assert holder.stdout.readline().startswith("case 'c' was taken over by process")


IN_A_CONTAINER = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
"""As a container on the same host: the same host name and kernel, process ids of its own."""

root = pytest.mark.skipif(os.geteuid() != 0, reason="expected root, who alone may make namespaces")


@root
def test_a_case_of_another_pid_namespace_is_held_by_its_heartbeats(
    ledger: SqlLedger,
    sql: Callable[..., None],
    spawn: Spawn,
    args: list[str],
    make_info: Callable[..., CaseInfo],
) -> None:
    holder = spawn(HOLDER, *args, prefix=IN_A_CONTAINER)
    assert holder.stdout.readline() == "ready\n"
    assert ledger.case("c").status is CaseStatus.RUNNING
    with pytest.raises(CaseConflict, match="which cannot be seen from here"):
        ledger.open_case(make_info())
    sql("UPDATE leases SET beat_boot_s = beat_boot_s - 31, beat_at = beat_at + 31")
    assert ledger.open_case(make_info()).status is CaseStatus.RUNNING
    holder.stdin.write("\n")
    holder.stdin.flush()
    assert holder.stdout.readline().startswith("case 'c' was taken over by process")


@root
def test_a_live_case_seen_from_a_container_is_refused_there(
    ledger: SqlLedger, spawn: Spawn, args: list[str], make_info: Callable[..., CaseInfo]
) -> None:
    ledger.open_case(make_info())
    container = spawn(HOLDER, *args, prefix=IN_A_CONTAINER)
    assert container.stdout.readline() == ""
    assert "which cannot be seen from here" in container.communicate()[1]
    ledger.heartbeat("c")


@pytest.mark.parametrize("step", ["-3s", "+30d"])
def test_a_clock_that_is_set_takes_no_case_away(
    ledger: SqlLedger, spawn: Spawn, args: list[str], faketime: dict[str, str], step: str
) -> None:
    ledger.open_case(CaseInfo.model_validate(json.loads(args[2])))
    late = spawn(HOLDER, *args, environment={**faketime, "FAKETIME": step})
    assert late.stdout.readline() == ""
    assert "is being run by process" in late.communicate()[1]
    ledger.heartbeat("c")


def test_eight_processes_never_overspend_one_budget(
    ledger: SqlLedger, spawn: Spawn, args: list[str], make_info: Callable[..., CaseInfo]
) -> None:
    ledger.open_case(make_info())
    output, errors = spawn(RESERVERS, *args).communicate()
    got = [int(line) for line in output.split()]
    assert len(got) == 8, errors
    assert sum(got) == 25  # of the 80 that were wanted, 25 times 0.10 fit into 2.50
    assert ledger.spent("c") == Amounts()
    ledger.verify()


def test_eight_processes_never_overspend_the_limits_of_projects(
    ledger: SqlLedger, spawn: Spawn, args: list[str]
) -> None:
    ledger.set_limit(Limit(project="*", period=Period.MONTH, caps=Caps(usd=1.4)))
    ledger.set_limit(Limit(project="p1", period=Period.DAY, caps=Caps(qpu_s=0.5)))
    output, errors = spawn(AUTHORISERS, *args).communicate()
    got = [int(line) for line in output.split()]
    assert len(got) == 8, errors
    at_s = 86400.0 * 20
    all_usd, p1_qpu_s = (
        ledger.spending("*", Period.MONTH, at_s)[0].usd,
        ledger.spending("p1", Period.DAY, at_s)[0].qpu_s,
    )
    assert p1_qpu_s <= 0.5
    assert all_usd == pytest.approx(sum(got) * 0.1)
    assert sum(got) == 14  # of the 24 that were wanted, 14 times 0.10 fit into 1.40
    states = [row.state for row in ledger.submissions()]
    assert (states.count(SubmissionState.AUTHORISED), states.count(SubmissionState.REFUSED)) == (14, 10)
    ledger.verify()


def test_who_is_killed_while_authorising_did_all_of_it_or_nothing(
    ledger: SqlLedger, spawn: Spawn, args: list[str]
) -> None:
    output, errors = spawn(DYING, *args).communicate()
    assert output.split() == ["dead"], errors
    done = [ledger.find_submission(WorkKey(f"case-{number}", 0, 0)) for number in range(4)]
    # killed before the first, second and third event of the transaction, and after its end
    assert [row and row.state for row in done] == [SubmissionState.ASKED] * 3 + [SubmissionState.AUTHORISED]
    said = [approval.state for approval in ledger.approvals()]
    assert said == [ApprovalState.GRANTED] * 3 + [ApprovalState.USED]
    assert ledger.spending("p", Period.TOTAL, 0.0)[0] == Amounts(qpu_s=0.1, usd=0.1)
    assert len({(event["chain"], event["number"]) for event in ledger.events()}) == ledger.verify()
    for row, approval in zip(done, ledger.approvals(), strict=True):
        assert row is not None
        ledger.take_over(row.case_id)
        if row.state is SubmissionState.ASKED:
            verdict, _ = ledger.authorise(row, approval, Caps(), "p", 1004.0)
            assert verdict.verdict is Verdict.GRANTED
    assert ledger.spending("p", Period.TOTAL, 0.0)[0] == Amounts(qpu_s=0.4, usd=0.4)


def test_processes_that_open_a_fresh_ledger_at_once_all_write_to_one_chain(
    open_ledger: Open, spawn: Spawn, args: list[str]
) -> None:
    output, errors = spawn(WRITERS, *args).communicate()
    assert output.split() == ["10.0"] * 4, errors
    ledger = open_ledger()
    assert len(ledger.cases()) == 4
    assert ledger.verify() == 4 * 11


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)  # waiting for SQLite's lock ends by itself
def test_a_process_that_stalls_in_a_write_does_not_block_the_others_for_good(
    ledger: SqlLedger, url: str, monkeypatch: pytest.MonkeyPatch, make_info: Callable[..., CaseInfo]
) -> None:
    idle = "idle_in_transaction_session_timeout = '200ms'"
    monkeypatch.setattr("records.ledger.database._PATIENCE", (idle,))
    stalled = Database(url)

    def stall() -> None:
        with stalled.writing("c") as connection:
            ledger.open_case(make_info())  # waits until the one who stalls has lost its lock
            connection.execute(text("SELECT 1"))

    with pytest.raises(DBAPIError, match="idle-in-transaction timeout"):
        stall()
    stalled.close()
    assert ledger.verify() == 1


def test_threads_share_one_ledger(ledger: SqlLedger, make_info: Callable[..., CaseInfo]) -> None:
    ledger.open_case(make_info())

    def reserve(ordinal: int) -> bool:
        return ledger.reserve(WorkKey("c", 0, ordinal), Amounts(usd=0.5), Caps(usd=5))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(reserve, range(40))) == 10
    assert ledger.verify() == 11
