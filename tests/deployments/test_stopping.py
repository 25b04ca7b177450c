"""A server that a shell started in the background stops when it is told to, and leaves nothing."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
import pytest

from deployments import serve
from deployments.address import Address, free_port
from deployments.keeping import Keeper
from deployments.processes import Say
from deployments.serve import Serving

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


@contextmanager
def _up(what: object, tell: Say, home: Path, keeper: Keeper, *, stops: threading.Event) -> Iterator[str]:
    """In place of a server: told to stop, and told again while it is at it."""
    yield "http://127.0.0.1:1/api"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT):
        signal.raise_signal(number)
    stops.set()


def test_who_asks_again_while_it_stops_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    said: list[str] = []
    stopped = threading.Event()
    monkeypatch.setattr(serve, "serving", partial(_up, stops=stopped))
    monkeypatch.setattr(serve, "announcement", lambda what, home: [])
    monkeypatch.setattr(serve, "_look_after", lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        serve.serve(Serving(Address(free_port())), said.append, tmp_path)
        signal.raise_signal(signal.SIGINT)  # the process has not ended yet
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), before, strict=True):
            signal.signal(number, handler)
    assert stopped.is_set()
    assert said == ["stopping\n", "stopped\n"]
