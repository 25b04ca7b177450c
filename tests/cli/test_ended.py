"""An export or a replay that is ended in its midst leaves nothing half done and no process behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

WRITING = """
import sys
from records.export import writing
from tierwise import main

def wait(path):
    print("ready", flush=True)
    sys.stdin.read()

writing.synced = wait
main()
"""
"""`tierwise`, which waits where the first file of an export is written, under a name of its own still."""
WORKING = """
import sys
from escalation.replay import recomputing
from tierwise import main

run = recomputing.execute

def wait(*args):
    print("ready", flush=True)
    result = run(*args)
    sys.stdin.read()
    return result

recomputing.execute = wait
main()
"""
"""The same where a piece of work was run again: its processes are warm, and what they made is there."""


PROBLEM = """
family: toy
instance: {numbers: [3, 1, 9]}
target: {metric: number, at_least: 3}
data_class: public
"""


@contextmanager
def waiting(code: str, *args: str) -> Iterator["subprocess.Popen[str]"]:
    """A command that was told where to wait, and does."""
    command, pipe = [sys.executable, "-c", code, *args], subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        while (line := process.stdout.readline()) != "ready\n":
            assert line, process.stderr.read() if process.stderr else ""
        yield process


@pytest.fixture
def exported(call: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An export of a case, beside which nothing is."""
    monkeypatch.setenv("TIERWISE_TRACKING", "off")
    policy, problem = tmp_path / "policy.yaml", tmp_path / "problem.yaml"
    policy.write_text("policy: p\nsummary: AI alone.\ntiers: [ai]\nbackends: {local_call: local}\n")
    problem.write_text(PROBLEM)
    assert call("solve", str(problem), "--policy", str(policy), "--case", "c").code == 0
    assert call("keys", "make").code == 0
    (tmp_path / "there").mkdir()
    assert call("export", "c", "--out", str(tmp_path / "there/case")).code == 0
    return tmp_path / "there/case"


@pytest.mark.parametrize(("stop", "name"), [(signal.SIGTERM, "again"), (signal.SIGINT, "again.zip")])
def test_an_export_that_is_ended_while_it_is_written_leaves_nothing(
    exported: Path, stop: signal.Signals, name: str
) -> None:
    target = exported.with_name(name)
    with waiting(WRITING, "export", "c", "--out", str(target)) as process:
        assert len(os.listdir(target.parent)) == 2  # the one that is being written has no name yet
        assert not target.exists()
        process.send_signal(stop)
        assert process.wait(60) != 0
    assert os.listdir(target.parent) == [exported.name]


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_replay_that_is_ended_while_work_is_run_again_leaves_no_file_and_no_process(
    exported: Path, stop: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    with waiting(WORKING, "replay", str(exported), "--recompute") as process:
        assert os.listdir(scratch) != []
        process.send_signal(stop)
        assert process.wait(60) != 0
        group = process.pid
    assert os.listdir(scratch) == []
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)
