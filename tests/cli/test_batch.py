"""`tierwise batch`: lines, exit codes, and a process that is killed or stopped in the middle."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from escalation.inputs.settings import ROOT
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore

POLICY = """\
policy: small
summary: calls on this machine alone
tiers: [ai]
backends: {local_call: local}
"""
LONG_S = 3.0
"""What the third of the six takes: while it runs, the process is stopped."""
Call = Callable[..., Any]


@pytest.fixture
def problems(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A list of six problems, and a policy beside it."""
    monkeypatch.setenv("TIERWISE_TRACKING", "off")
    (tmp_path / "small.yaml").write_text(POLICY)
    (tmp_path / "six.jsonl").write_text(
        "".join(json.dumps(toy(seed, pause_s=LONG_S * (seed == 2))) + "\n" for seed in range(6))
    )
    return tmp_path / "six.jsonl"


def toy(seed: int, number: float = 9, pause_s: float = 0.0) -> dict[str, Any]:
    return {
        "family": "toy",
        "instance": {"numbers": [number] * 4, "pause_s": pause_s},
        "target": {"metric": "number", "at_least": 9},
        "data_class": "public",
        "seed": seed,
    }


def arguments(problems: Path, *more: str) -> list[str]:
    policy = str(problems.parent / "small.yaml")
    return [
        "batch",
        str(problems),
        "--policy",
        policy,
        "--engine",
        "plain",
        "--workers",
        "1",
        "--json",
        *more,
    ]


@contextmanager
def begun(problems: Path) -> Iterator[tuple["subprocess.Popen[str]", list[Any]]]:
    """A process that has ended two cases and runs the third; with the processes below it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tierwise", *arguments(problems)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ),
    )  # fmt: skip
    assert process.stdout is not None
    try:
        rows = [json.loads(process.stdout.readline()) for _ in range(2)]
        process.send_signal(signal.SIGSTOP)  # however slowly this test goes on
        assert [row["status"] for row in rows] == ["accepted", "accepted"]
        yield process, psutil.Process(process.pid).children(recursive=True)
    finally:
        process.kill()
        process.wait(60)
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()


def gone_on_with(call: Call, problems: Path, home: Path) -> None:
    """Run again, it takes up what is left; no piece of work that had ended was sent twice."""
    said = call(*arguments(problems))
    *rows, summary = map(json.loads, said.out.splitlines())
    assert (said.code, summary["counts"], summary["earlier"]) == (0, {"accepted": 6}, 2)
    assert [row["earlier"] for row in rows] == [True, True, False, False, False, False]
    ledger = SqlLedger(f"sqlite:///{home / 'ledger.db'}", FileStore(home / "store"))
    try:
        for row in rows[:2]:
            kinds = [event["kind"] for event in ledger.events(row["case_id"])]
            assert (kinds.count("case.opened"), kinds.count("work.submitted")) == (1, 2)
            assert "case.resumed" not in kinds
        assert ledger.verify() > 0
        assert len(ledger.cases()) == 6
    finally:
        ledger.close()


def test_a_killed_batch_is_gone_on_with_and_nothing_is_left_running(
    call: Call, problems: Path, home: Path
) -> None:
    with begun(problems) as (process, below):
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        assert not psutil.wait_procs(below, timeout=60)[1]
    gone_on_with(call, problems, home)


def test_ctrl_c_stops_the_work_and_says_what_was_done(call: Call, problems: Path, home: Path) -> None:
    with begun(problems) as (process, below):
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGCONT)
        out, said = process.communicate(timeout=60)
        assert process.returncode == 130
        assert said == "stopped; the same command goes on with what is left\n"
        summary = json.loads(out.splitlines()[-1])
        left = {"interrupted": 1, "not started": 3}, {"not started": 4}  # the third may not have begun
        assert summary["counts"] in [{**each, "accepted": 2} for each in left]
        assert not psutil.wait_procs(below, timeout=60)[1]
    gone_on_with(call, problems, home)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_several_processes_end_with_their_batch_and_are_gone_on_with(
    call: Call, problems: Path, home: Path, how: signal.Signals
) -> None:
    two = [*arguments(problems), "--workers", "2", "--processes", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tierwise", *two],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ),
    )  # fmt: skip
    try:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        below = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(how)
        out, said = process.communicate(timeout=60)
        assert not psutil.wait_procs(below, timeout=60)[1]
    finally:
        process.kill()
        process.wait(60)
    if how is signal.SIGINT:
        assert (process.returncode, json.loads(out.splitlines()[-1])["problems"]) == (130, 6)
        assert said == "stopped; the same command goes on with what is left\n"
    again = call(*two)
    *rows, summary = map(json.loads, again.out.splitlines())
    assert (again.code, summary["counts"], len(rows)) == (0, {"accepted": 6}, 6)
    assert {row["earlier"] for row in rows if row["number"] == first["number"]} == {True}
    ledger = SqlLedger(f"sqlite:///{home / 'ledger.db'}", FileStore(home / "store"))
    try:
        for row in rows:
            kinds = [event["kind"] for event in ledger.events(row["case_id"])]
            assert (kinds.count("case.opened"), kinds.count("work.settled")) == (1, 2)
        assert ledger.verify() > 0
    finally:
        ledger.close()


def test_a_line_a_problem_and_the_worst_of_them_is_the_exit_code(call: Call, problems: Path) -> None:
    folder = problems.parent / "folder"
    folder.mkdir()
    for name, text in (("a", json.dumps(toy(1))), ("b", json.dumps(toy(1))), ("c", "family: toy"),
                       ("d", json.dumps(toy(2, 8)))):  # fmt: skip
        (folder / f"{name}.yaml").write_text(text)
    said = call("batch", str(folder), "--policy", str(problems.parent / "small.yaml"), "--engine", "plain")
    lines = said.out.splitlines()
    assert said.code == 2
    assert sorted(line.split()[1] for line in lines[:4]) == ["abstained", "accepted", "bad", "duplicate"]
    assert lines[-2] == "4 problems: 1 bad input, 1 abstained, 1 duplicate, 1 accepted"
    assert lines[-1].startswith("sum over all cases: ")
    assert lines[-4].startswith("1 for a person")
    assert lines[-3].startswith("3 bad input ")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("nowhere/",), "expected a problem file"),
        (("x.yaml", "--workers", "-3"), "workers: expected 1 to 256, got -3"),
        (("x.yaml", "--processes", "65"), "processes: expected 1 to 64, got 65"),
        (
            ("x.yaml", "--processes", "3", "--workers", "2"),
            "processes: expected at most one for each of the 2",
        ),
        (("x.yaml", "--name", "../x"), "the batch's name: expected up to 40 letters"),
        (("x.yaml", "--usd", "-1"), "budget: usd: expected at least 0"),
        (("x.yaml", "--policy", "nope"), "unknown policy 'nope'"),
    ],
)
def test_what_is_wrong_with_the_batch_as_a_whole_is_one_line(
    call: Call, home: Path, args: tuple[str, ...], says: str
) -> None:
    said = call("batch", *args, "--engine", "plain")
    assert (said.code, said.out) == (2, "")
    assert said.err.count("\n") == 1
    assert says in said.err
