"""The work of a cell: it writes down that it begins, in a file that every host appends to."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from escalation.model.output import Output
from escalation.model.report import Report

ANSWER = 42
_STRAY = "import os, signal\nif os.fork() == 0:\n    os.setsid()\n    signal.pause()\n"


def answer(params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report) -> Output:
    """Takes its time, and answers."""
    _begin(params)
    time.sleep(params["for_s"])
    return Output({"x": ANSWER})


def endless(params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report) -> NoReturn:
    """Never ends."""
    _begin(params)
    while True:
        signal.pause()


def starve(params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report) -> NoReturn:
    """Takes all the memory that it asked for, and is killed as the kernel kills then."""
    _begin(params)
    held = bytearray(params["memory_mb"] * 2**20)
    held[:: 2**12] = b"x" * len(held[:: 2**12])
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def fork_twice(
    comm: Any, params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report
) -> Output | None:
    """Every rank leaves a process behind that has left its parent and its session."""
    if comm.Get_rank() == 0:
        _begin(params)
    subprocess.run([sys.executable, "-I", "-S", "-c", _STRAY], check=True, stdout=subprocess.DEVNULL)
    comm.Barrier()
    return Output({"x": ANSWER}) if comm.Get_rank() == 0 else None


def _begin(params: Mapping[str, Any]) -> None:
    with Path(params["began"]).open("a", encoding="utf-8") as file:
        file.write(f"{os.environ.get('SLURM_JOB_ID')}\n")
