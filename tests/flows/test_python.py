"""Problems solved from Python: in a running event loop and without one, one and many."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags

from escalation.inputs.settings import ROOT
from escalation.model.case import CaseStatus
from escalation.model.clock import kernel
from escalation.model.errors import BadInput
from escalation.ports.configuration import settings
from escalation.testing.guarded import descending
from flows.credential import credential_file
from flows.engine import SERVER_FILE
from flows.python import escalate, escalate_async, solve_many, solve_many_async
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore

pytestmark = pytest.mark.timeout(900)  # the first of them waits for the server's migration


def toy(seed: int = 1, at_least: float = 9, **more: Any) -> Any:
    return {
        "family": "toy",
        "instance": {"numbers": [3, 1, 4, 1, 5, 9, 2, 6], **more},
        "target": {"metric": "number", "at_least": at_least},
        "data_class": "public",
        "seed": seed,
    }


@pytest.fixture
def ledger(on_server: Any) -> Iterator[SqlLedger]:
    ledger = SqlLedger(settings().ledger, FileStore(settings().store))
    yield ledger
    ledger.close()


def processes() -> set[int]:
    """What this process has started, the tests' server among it."""
    return {process.pid for process in descending(psutil.Process())}


async def until_sent(ledger: SqlLedger, case_id: str, running: "asyncio.Task[Any]") -> None:
    """Waits, with the loop free, until work of the case runs."""
    while True:
        await asyncio.sleep(0.05)
        assert not running.done(), "ended before it could be stopped"
        events = ledger.events(case_id) if ledger.ids_from(case_id, 1) else []
        if any(event["kind"] == "work.submitted" for event in events):
            return


def test_awaited_in_a_running_loop_a_case_ends_as_it_does_without_one(on_server: Any) -> None:
    async def cell() -> Any:
        return await escalate_async(toy(), case_id="awaited")

    outcome = asyncio.run(cell())
    assert (outcome.status, outcome.value, outcome.engine) == (CaseStatus.ACCEPTED, 9, "prefect")

    async def cell_without_await() -> Any:
        return escalate(toy(), case_id="awaited")

    assert asyncio.run(cell_without_await()).decisions == outcome.decisions


def test_bad_input_is_raised_at_whoever_awaits(on_server: Any) -> None:
    with pytest.raises(BadInput, match=r"^unknown family 'nix': expected one of "):
        asyncio.run(escalate_async(toy() | {"family": "nix"}))


def test_cancelled_a_case_stops_and_leaves_no_process(ledger: SqlLedger) -> None:
    before = processes()

    async def interrupted() -> None:
        running = asyncio.create_task(escalate_async(toy(pause_s=300), case_id="cancelled"))
        await until_sent(ledger, "cancelled", running)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(interrupted())
    assert ledger.case("cancelled").status is CaseStatus.INTERRUPTED
    assert processes() <= before
    with get_client(sync_client=True) as client:
        named = FlowRunFilter(tags=FlowRunFilterTags(all_=["case:cancelled"]))
        assert [run.state_name for run in client.read_flow_runs(flow_run_filter=named)] == ["Interrupted"]


def test_many_problems_come_to_a_table_with_their_progress_on_standard_error(
    on_server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    stated = [toy(1), toy(2, 100), toy(3) | {"family": "nix"}]
    report = solve_many(stated, "default", workers=2, name="many")
    frame = report.frame()
    assert [*frame.columns[:6]] == ["problem", "status", "tier", "method", "value", "bound"]
    assert frame.columns.is_unique
    assert [*frame["status"]] == ["accepted", "abstained", "bad input"]
    assert [*frame["bound"][:2]] == [*frame["value"][:2]] == [9, 9]  # a toy's finding is a proof
    assert frame[["tier", "method", "value", "bound", "usd", "case"]].isna().loc[2].all()
    assert [*frame["case"][:2]] == [row.case_id for row in report.rows[:2]]
    assert [*frame["usd"][:2]] == [0, 0]
    said = capsys.readouterr()
    assert "3 of 3 problems" in said.err
    assert "\n3 problem 3: bad input: unknown family 'nix'" in f"\n{said.err}"
    assert "ERROR" not in said.err
    assert said.out == ""
    again = asyncio.run(solve_many_async(stated, "default", name="many", progress=False))
    assert [row.earlier for row in again.rows] == [True, True, False]
    assert [*again.frame()["case"][:2]] == [*frame["case"][:2]]


def test_many_that_are_cancelled_stop_and_leave_no_process(ledger: SqlLedger) -> None:
    before = processes()

    async def interrupted() -> None:
        given = [toy(seed, pause_s=300) for seed in range(3)]
        running = asyncio.create_task(solve_many_async(given, name="stopped", workers=2))
        while not [pid for pid in processes() - before if psutil.pid_exists(pid)]:
            await asyncio.sleep(0.05)
            assert not running.done(), "ended before it could be stopped"
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(interrupted())
    assert processes() <= before


FOUND = """\
import asyncio, os, prefect
from flows.python import escalate, escalate_async
problem = {"family": "toy", "instance": {"numbers": [3, 1, 4]}, "target": {"metric": "number", "at_least": 4},
           "data_class": "public"}
print(asyncio.run(escalate_async(problem, case_id="found-awaited")).status)
print(escalate(problem, case_id="found").status, os.environ["PREFECT_API_URL"])
"""
UNSTARTED = """\
from escalation.model.errors import TierwiseError
from flows.python import escalate
try:
    escalate({"family": "toy"})
except TierwiseError as error:
    print(error)
"""


def elsewhere(script: str, home: Path, folder: Path, **more: str) -> str:
    """What a program prints that knows nothing but the home, in a folder of its own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    env |= {"TIERWISE_HOME": str(home), "PREFECT_HOME": str(folder / "prefect"), "PYTHONPATH": str(ROOT)}
    env |= {"TIERWISE_TRACKING": "off"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=env | more,
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    return done.stdout


def says_served(home: Path, url: str) -> None:
    (home / "prefect").mkdir(parents=True, exist_ok=True)
    (home / "prefect" / SERVER_FILE).write_text(json.dumps({"api_url": url, "kernel": kernel()}))


def test_a_program_in_any_folder_finds_the_server_of_its_home(
    on_server: Any, new_home: Any, tmp_path: Path
) -> None:
    """Prefect was imported before, as a notebook may have it."""
    home, folder = new_home(tmp_path / "home"), tmp_path / "elsewhere"
    folder.mkdir()
    says_served(home, on_server.url)
    shutil.copy(credential_file(on_server.home), credential_file(home / "prefect"))
    assert elsewhere(FOUND, home, folder).splitlines()[-2:] == ["accepted", f"accepted {on_server.url}"]
    with get_client(sync_client=True) as client:
        for case in ("found-awaited", "found"):
            tagged = FlowRunFilter(tags=FlowRunFilterTags(all_=[f"case:{case}"]))
            assert len(client.read_flow_runs(flow_run_filter=tagged)) == 1


def test_where_no_server_comes_up_one_line_says_what_to_do(new_home: Any, tmp_path: Path) -> None:
    """The home's server has gone without a word, and the one that Prefect starts is given no time."""
    home = new_home(tmp_path / "home")
    says_served(home, "http://127.0.0.1:1/api")
    said = elsewhere(UNSTARTED, home, tmp_path, PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS="0")
    assert said.count("\n") == 1
    assert said.startswith("no Prefect server could be started for this process (")
    assert "start one with `tierwise serve`" in said
