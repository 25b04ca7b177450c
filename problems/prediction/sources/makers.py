"""Processes that make features, started when they are needed and gone when they are closed."""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from threading import Lock
from types import TracebackType
from typing import Any

import numpy as np

from escalation.inputs.settings import ROOT
from escalation.model.errors import BadInput, MachineFault, TierwiseError
from escalation.model.identity import canonical_json
from escalation.ports.configuration import without_secrets
from problems.prediction.sources.maker import receive, send
from toolbox.arrays import npy
from toolbox.arrays.types import Floats

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
TRIES = 2
"""Processes that may die under one chunk: the second may find more memory."""


class Makers:
    """As many processes as ask at once for a chunk; safe with threads."""

    def __init__(self, function: str, params: Mapping[str, Any]) -> None:
        """Starts nothing yet."""
        self._task = canonical_json({"function": function, "params": dict(params)})
        self._lock, self._closed = Lock(), False
        self._idle: list[subprocess.Popen[bytes]] = []
        self._all: list[subprocess.Popen[bytes]] = []

    def make(self, chunk: bytes) -> Floats:
        """Has a process make the features of a chunk.

        Raises:
            BadInput: what is wrong with the rows.
            TierwiseError: what else the function raised.
            MachineFault: when process after process died, or they were closed.
        """
        for _ in range(TRIES):
            answer = self._asked(chunk)
            if answer is not None:
                return _read(answer)
        raise MachineFault(f"the processes that make features were ended from outside, {TRIES} in a row")

    def _asked(self, chunk: bytes) -> bytes | None:
        process = self._one()
        answer = None
        with suppress(OSError):
            assert process.stdin is not None
            assert process.stdout is not None
            send(process.stdin, chunk)
            answer = receive(process.stdout)
        if answer is not None:
            with self._lock:
                self._idle.append(process)
        return answer

    def _one(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._closed:
                raise MachineFault("making features was stopped")
            if self._idle:
                return self._idle.pop()
            process = _start()
            self._all.append(process)
        with suppress(OSError):
            assert process.stdin is not None
            send(process.stdin, self._task)
        return process

    def close(self) -> None:
        """Ends them all, whatever they do."""
        with self._lock:
            self._closed, ended, self._all = True, self._all, []
        for process in ended:
            process.kill()
        for process in ended:
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()

    def __enter__(self) -> "Makers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _start() -> "subprocess.Popen[bytes]":
    """In a session of its own: Ctrl-C is for whoever started it."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = {**without_secrets(os.environ), **dict.fromkeys(_THREADS, "1"), "PYTHONPATH": path}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "problems.prediction.sources.maker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=env,
        start_new_session=True,
    )


def _read(answer: bytes) -> Floats:
    kind, rest = answer[:1], answer[1:]
    if kind == b"A":
        return npy.load(rest, np.float64, (None, None))
    if kind == b"B":
        raise BadInput(rest.decode())
    raise TierwiseError(rest.decode())
