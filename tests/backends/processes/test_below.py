"""Which processes live below one: as a search through all of them finds."""

import subprocess
from pathlib import Path

import psutil
import pytest

from backends.processes.below import below

TREE = "sleep 60 & (sleep 60 & echo begun; wait); wait"


@pytest.mark.parametrize("kernel_says", [True, False])
def test_children_and_theirs_are_found_whether_or_not_the_kernel_says(
    kernel_says: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if not kernel_says:
        monkeypatch.setattr("backends.processes.below._PROC", tmp_path)
    with subprocess.Popen(["sh", "-c", TREE], stdout=subprocess.PIPE, text=True) as root:
        assert root.stdout is not None
        assert root.stdout.readline() == "begun\n"
        found = below(root.pid)
        expected = psutil.Process(root.pid).children(recursive=True)
        assert len(found) == 3
        assert set(found) == {each.pid for each in expected}
        for process in expected:
            process.kill()
        root.kill()
        psutil.wait_procs(expected, timeout=30)
    assert below(root.pid) == []
