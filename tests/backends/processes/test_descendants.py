"""Which processes live below one: as a search through all of them finds."""

import subprocess

import psutil
import pytest

from backends.processes.guard import descendants

TREE = "sleep 60 & (sleep 60 & echo begun; wait); wait"


@pytest.mark.parametrize("kernel_says", [True, False])
def test_children_and_theirs_are_found_whether_or_not_the_kernel_says(
    kernel_says: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not kernel_says:
        monkeypatch.setattr("backends.processes.guard._children", lambda pid: None)
    with subprocess.Popen(["sh", "-c", TREE], stdout=subprocess.PIPE, text=True) as root:
        assert root.stdout is not None
        assert root.stdout.readline() == "begun\n"
        found = descendants(root.pid)
        expected = psutil.Process(root.pid).children(recursive=True)
        assert len(found) == 3
        assert set(found) == {each.pid for each in expected}
        for process in expected:
            process.kill()
        root.kill()
        psutil.wait_procs(expected, timeout=30)
    assert descendants(root.pid) == []
