"""A server that a shell started in the background stops when it is told to, and leaves nothing."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deployments.address import free_port

IGNORING = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""As a shell does it for a background job; see POSIX, Shell Command Language, 2.11."""


def _of(home: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if process.environ().get("TIERWISE_HOME") == str(home):
                yield process
        except psutil.Error:
            continue


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_stops_on_every_signal_that_asks_for_it(tmp_path: Path, number: signal.Signals) -> None:
    command = [
        sys.executable,
        "-c",
        IGNORING,
        sys.executable,
        "-m",
        "tierwise",
        "serve",
        "--port",
        str(free_port()),
    ]
    env = {**os.environ, "TIERWISE_HOME": str(tmp_path)}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        assert served.stdout.readline().startswith("starting the Prefect server")
        served.send_signal(number)
        assert "stopped before it was up\n" in served.stdout
        assert served.wait(60) == 0
    assert list(_of(tmp_path)) == []
