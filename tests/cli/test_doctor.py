"""`tierwise doctor`: what is wrong with the real records, and with what is served, is found and named."""

import json
import os
import sqlite3
import subprocess
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cli import doctor
from escalation.model.clock import kernel
from escalation.ports.configuration import settings
from escalation.submission.unattended import unattended
from flows.engine import SERVER_FILE
from records.runtime import open_records

SERVED = json.dumps({"api_url": "http://127.0.0.1:1/api", "pid": 1, "kernel": kernel()})


def test_a_ledger_that_was_changed_by_hand_is_found(desk: Callable[..., Any], home: Path) -> None:
    desk().run()
    good, said = doctor.safely(doctor.databases)
    assert good, said
    with closing(sqlite3.connect(home / "ledger.db")) as database:
        for (trigger,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute("UPDATE events SET body = replace(body, 'c', 'd') WHERE number = 2")
        database.commit()
    good, said = doctor.safely(doctor.databases)
    assert not good
    assert len(said.splitlines()) == 1


def test_a_store_that_takes_bytes_is_well_and_one_that_does_not_is_named(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert doctor.safely(doctor.kept_bytes) == (True, f"bytes are kept in {home / 'store'}")
    monkeypatch.setenv("TIERWISE_STORE_URL", str(tmp_path / "missing"))
    settings.cache_clear()
    good, said = doctor.safely(doctor.kept_bytes)
    assert not good
    assert "mount it, or make it" in said


def test_an_mlflow_that_is_not_there_is_named_without_its_password(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIERWISE_TRACKING_URI", "postgresql://ada:lovelace@127.0.0.1:1/m")
    settings.cache_clear()
    good, said = doctor.safely(doctor.tracking)
    assert not good
    assert "127.0.0.1" in said
    assert "lovelace" not in said


def test_work_that_nobody_looks_after_is_named_with_what_to_do(
    desk: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = desk()
    made.service.faults = {"send": ["before"], "find": ["down"]}
    assert "parked" in made.run()
    assert doctor.jobs() == (True, "1 case has work at a service, all of it looked after")
    monkeypatch.setattr(doctor, "unattended", partial(unattended, after_s=-1.0))  # as if long ago
    good, said = doctor.jobs()
    assert not good
    assert "c/0/0 is parked" in said
    assert "it waits for a person, see `tierwise jobs`" in said


def test_a_server_that_was_killed_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING"):
        monkeypatch.delenv(name, raising=False)
    assert doctor.serving() == (True, "nothing is served from this home; `tierwise serve` does")
    (home / "prefect").mkdir(parents=True)
    (home / "prefect" / SERVER_FILE).write_text(SERVED)
    good, said = doctor.serving()
    assert not good
    assert said.startswith("no Prefect server answers at http://127.0.0.1:1/api")


def test_records_that_others_could_read_are_closed_and_remarked_on(home: Path) -> None:
    with open_records():
        pass
    (home / "ledger.db").chmod(0o644)
    os.chmod(home / "store", 0o755)
    good, said = doctor.home()
    assert good
    assert "2 files and folders in it were open to other users, and are closed now" in said
    assert doctor.home() == (True, f"records go to {home}, which its user alone can read")


AT = "00:12:33.123 | ERROR   | prefect.server"
BUSY = f"{AT}.utilities.worker_channel - Worker channel heartbeat persistence failed: work_pool=tierwise"
BAD = f"{AT} - Encountered exception in request: {'whole ' * 50}"


@pytest.mark.parametrize(
    ("lines", "good", "said"),
    [
        ([], True, "no errors"),
        ([BUSY], True, "1 error that Prefect made good by itself, nothing to do; "),
        ([BUSY, BUSY], True, "2 errors that Prefect made good by itself, nothing to do; "),
        ([BAD, BUSY], None, "1 error since it began, the last: ERROR   | prefect.server - Encountered"),
        ([BAD, BAD], None, "2 errors since it began, the last: "),
    ],
)
def test_errors_of_the_server_are_a_warning_unless_it_made_them_good(
    home: Path, lines: list[str], good: bool | None, said: str
) -> None:
    folder = home / "prefect"
    folder.mkdir(parents=True)
    (folder / SERVER_FILE).write_text(SERVED)
    (folder / "server.log").write_text("\n".join(["00:12:30.000 | INFO    | all is quiet", *lines]))
    found, told = doctor.server_log()
    assert (found, told[: len(said)]) == (good, said)
    assert told.endswith(str(folder / "server.log")) is bool(lines)
    assert (" whole …; see " in told) is (good is None)


def test_a_warning_is_not_all_is_well_and_no_failure() -> None:
    assert doctor.conclusion(0, 0) == "all is well"
    assert doctor.conclusion(0, 1) == "1 warning: what it is about works, and somebody should yet look"
    assert "checks failed; 2 warnings" in doctor.conclusion(1, 2)


def test_a_check_that_takes_a_while_says_what_it_does_and_one_without_end_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on, said = threading.Event(), list[str]()

    def asks() -> tuple[bool, str]:
        """Whether a server answers. It may be slow."""
        go_on.wait(60)
        return True, "it does"

    def say(line: str) -> None:
        said.append(line)
        go_on.set()

    assert doctor.within(asks, say, patience_s=0.01) == (True, "it does")
    assert said == ["takes a while, 120 s at most: whether a server answers"]
    assert doctor.within(asks, said.append, patience_s=60) == (True, "it does")
    assert len(said) == 1
    go_on.clear()
    monkeypatch.setattr(doctor, "MOST_S", 0.01)
    late = doctor.within(asks, said.append, patience_s=0.01)
    go_on.set()
    assert late == (False, "not known: it took more than 0 s")


def test_the_doctor_asks_what_is_cheap_first_and_says_a_line_a_check(
    home: Path, monkeypatch: pytest.MonkeyPatch, call: Callable[..., Any]
) -> None:
    names = list(doctor.CHECKS)
    assert names.index("python") < names.index("ledger") < names.index("Slurm") < names.index("MLflow")
    monkeypatch.setattr(doctor, "CHECKS", {name: lambda: (True, "fine") for name in names})
    said = call("doctor")
    assert said.out.splitlines() == [*(f"ok   {name}: fine" for name in names), "all is well"]


def test_a_command_that_gives_no_answer_in_time_is_a_line() -> None:
    def asks() -> tuple[bool, str]:
        raise subprocess.TimeoutExpired(["python", "-c", "a long program"], 115)

    assert doctor.safely(asks) == (False, "no answer within 115 s")
