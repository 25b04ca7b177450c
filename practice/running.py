"""Starts a practice service: in a thread of this process, or in a process of its own."""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from practice.control import PracticeControl
from practice.errors import PracticeError
from practice.settings import INSTANCE, LABEL, TOKEN, PracticeSettings

START_S = 120.0
STOP_S = 20.0


@dataclass(frozen=True)
class Practice:
    """A running service, and how to reach it.

    Attributes:
        url: of the service; also what `url` and `url_resolver` of the client are.
        token: an API key that it takes; it takes any.
        instance: a CRN that it takes; it takes any.
        control: its controls.
        pid: of its process; None where it runs in a thread of this one.
    """

    url: str
    token: str
    instance: str
    control: PracticeControl
    pid: int | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a process needs for IBM's client to talk to this service alone."""
        return environment(self.url)


DEVICES = "ibm_runtime:practice_…"
"""As Tierwise's policies name them."""


def client_settings(url: str) -> dict[str, str]:
    """Returns Tierwise's settings for the service: its address, and an account that is nobody's."""
    return {"TIERWISE_IBM_URL": url, "TIERWISE_IBM_TOKEN": TOKEN, "TIERWISE_IBM_INSTANCE": INSTANCE}


def environment(url: str, env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Returns what to set for IBM's client.

    `IAM_URL` is where it gets access tokens, and `QISKIT_FUNCTIONS_EXPERIMENTAL` keeps it from looking up
    instances in IBM's catalogue (`qiskit_ibm_runtime/accounts/account.py`). Where the machine has a proxy,
    the loopback address is added to what goes past it.
    """
    environment = {"IAM_URL": url, "QISKIT_FUNCTIONS_EXPERIMENTAL": "1"}
    if any(name.lower() in ("http_proxy", "all_proxy") for name in env):
        past = [part for part in (env.get("NO_PROXY") or env.get("no_proxy") or "").split(",") if part]
        both = ",".join(dict.fromkeys([*past, "127.0.0.1"]))
        environment |= {"NO_PROXY": both, "no_proxy": both}
    return environment


@contextmanager
def running(settings: PracticeSettings | None = None, port: int = 0) -> Iterator[Practice]:
    """Runs a service in a thread of this process for as long as the block lasts.

    What a first job needs is imported before, as imports in two threads at once can fail.
    """
    from practice.host import Host
    from practice.server import Server

    load()
    server = Server(Host(settings or PracticeSettings()), port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="practice-server", daemon=True)
    thread.start()
    try:
        yield Practice(server.url, TOKEN, INSTANCE, PracticeControl(server.url))
    finally:
        server.close()
        thread.join(STOP_S)


def load() -> None:
    """Imports what running a job needs."""
    import samplomatic.quantum_program  # noqa: F401

    from practice import primitives, quantum_program  # noqa: F401


@contextmanager
def process(settings: PracticeSettings | None = None) -> Iterator[Practice]:
    """Runs a service in a process of its own for as long as the block lasts; it ends with this process, too.

    Raises:
        practice.errors.PracticeError: when it does not say where it listens.
    """
    command = [
        sys.executable,
        "-m",
        "practice",
        "--with-parent",
        "--settings",
        json.dumps((settings or PracticeSettings()).to_json()),
    ]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        url = _url(child)
        yield Practice(url, TOKEN, INSTANCE, PracticeControl(url), child.pid)
    finally:
        _stop(child)


def _url(child: "subprocess.Popen[str]") -> str:
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    out = child.stdout
    assert out is not None
    threading.Thread(target=lambda: lines.put(out.readline()), daemon=True).start()
    try:
        line = lines.get(timeout=START_S)
    except queue.Empty:
        line = ""
    url = next((word for word in line.split() if word.startswith("http://")), None)
    if url is None:
        raise PracticeError(f"the practice service did not start: it said {line!r}, exit {child.poll()}")
    return url


def _stop(child: "subprocess.Popen[str]") -> None:
    child.terminate()
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()


def connect(practice: "Practice | str") -> Any:
    """Returns IBM's own client, unmodified, connected to a practice service. Needs qiskit-ibm-runtime.

    The client reads some of its settings from the environment, and only while it is made: they are set for
    that long.
    """
    from qiskit_ibm_runtime import QiskitRuntimeService

    url = practice if isinstance(practice, str) else practice.url
    before = dict(os.environ)
    os.environ.update(environment(url))
    try:
        return QiskitRuntimeService(
            channel="ibm_quantum_platform",
            token=TOKEN,
            url=url,
            instance=INSTANCE,
            url_resolver=lambda *_: url,
        )
    finally:
        for name in environment(url, before):
            os.environ.pop(name)
            os.environ.update({name: before[name]} if name in before else {})


def say(url: str) -> str:
    """The line that a service prints when it is up."""
    return f"practice service on {url} ({LABEL})"
