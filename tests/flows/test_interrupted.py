"""Ctrl-C at a program without a server configured: the one that Prefect starts for it hears of the end."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from escalation.inputs.settings import ROOT
from escalation.model.case import CaseStatus
from escalation.ports.configuration import settings
from records.runtime import open_records

pytestmark = pytest.mark.timeout(900)  # the first of all waits for the server's migration

PROGRAM = """\
from flows.python import escalate
escalate({"family": "toy", "instance": {"numbers": [3, 1, 9], "pause_s": 300},
    "target": {"metric": "number", "at_least": 9}, "data_class": "public"}, case_id="sync")
"""


def until_sent(case_id: str, program: "subprocess.Popen[bytes]") -> None:
    """Waits until work of the case runs."""
    with open_records() as (ledger, _):
        while not any(event["kind"] == "work.submitted" for event in ledger.events(case_id)):
            assert program.poll() is None, "ended before it could be stopped"
            time.sleep(0.1)


def test_a_program_is_stopped_by_the_terminal_and_its_run_says_so(
    tmp_path: Path, prefect_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    homes = {"TIERWISE_HOME": tmp_path / "home", "PREFECT_HOME": tmp_path / "prefect", "HOME": tmp_path}
    for name in [name for name in os.environ if name.startswith("PREFECT")]:
        monkeypatch.delenv(name)
    for name, path in homes.items():
        path.mkdir(mode=0o700, exist_ok=True)
        monkeypatch.setenv(name, str(path))
    shutil.copy(prefect_database, homes["PREFECT_HOME"])
    monkeypatch.setenv("TIERWISE_TRACKING", "off")
    settings.cache_clear()
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        until_sent("sync", program)
        os.killpg(program.pid, signal.SIGINT)  # as a terminal does: all that it started gets it, too
        said = program.communicate(timeout=120)[1].decode()
    finally:
        program.kill()
    assert "KeyboardInterrupt: stopped; `tierwise cases` lists" in said
    assert "exception" not in said  # of what was stopped: nothing failed
    assert "Unable to connect" not in said  # the server is there until the end is told
    with open_records() as (ledger, _):
        assert ledger.case("sync").status is CaseStatus.INTERRUPTED
    settings.cache_clear()
    with closing(sqlite3.connect(homes["PREFECT_HOME"] / "prefect.db")) as database:
        assert database.execute("SELECT state_name FROM flow_run").fetchall() == [("Interrupted",)]
    assert not [each for each in psutil.pids() if _session(each) == program.pid]


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0
