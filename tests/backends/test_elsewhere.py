"""What a machine says of work that runs in another container: nobody here can see its processes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from escalation.inputs.settings import ROOT, Settings
from escalation.model.job_state import JobState
from escalation.ports.registry import backend_descriptor

SUBMITS = """
import json, sys
from pathlib import Path
from escalation.inputs.settings import Settings
from escalation.ports.registry import backend_descriptor
from escalation.testing.works import sample
descriptor, _ = backend_descriptor(sys.argv[1])
machine = descriptor.open(Settings(home=Path(sys.argv[2])), None)
works = [sample(kind) for kind in descriptor.accepts]
work = next(each.endless or (lambda _: each.good) for each in works)(600.0)
print(json.dumps(machine.submit(work, Path(sys.argv[2], "job"))), flush=True)
input()
"""
CONTAINER = ("unshare", "--uts", "--pid", "--fork", "--mount-proc", "--kill-child")
OWN_DISK = ("sh", "-c", 'mount -t tmpfs none "$1" && shift && exec "$@"', "sh")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="expected root, who alone may make namespaces")


@pytest.fixture
def handle_of(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Submits work in a container of its own, which lives on; returns the handle."""
    started: list[subprocess.Popen[str]] = []

    def submit(name: str, *, own_disk: bool) -> Any:
        disk = (*OWN_DISK, str(tmp_path)) if own_disk else ()
        command = [*CONTAINER, *disk, sys.executable, "-c", SUBMITS, name, str(tmp_path)]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        started.append(subprocess.Popen(command, cwd=ROOT, text=True, **pipes))
        assert started[-1].stdout is not None
        return json.loads(started[-1].stdout.readline())

    yield submit
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("name", ["local", "aer"])
@pytest.mark.parametrize("own_disk", [False, True], ids=["one disk", "a disk of its own"])
def test_work_in_another_container_is_lost_here(
    name: str, own_disk: bool, handle_of: Callable[..., Any], tmp_path: Path
) -> None:
    handle = handle_of(name, own_disk=own_disk)
    machine = backend_descriptor(name)[0].open(Settings(home=tmp_path), None)
    try:
        assert machine.wait(handle, 600.0).state is JobState.FAULT
        result = machine.result(handle)
        machine.cancel(handle)
    finally:
        machine.close()
    assert (result.state, (result.error or "")[:5]) == (JobState.FAULT, "lost:")
    assert Path(handle["folder"]).exists() is not own_disk  # and nothing was left of a folder of theirs
