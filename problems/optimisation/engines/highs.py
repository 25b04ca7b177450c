"""HiGHS (Huangfu & Hall 2018, Math. Prog. Comp. 10, 119), as scipy has it, on the MIP.

With an answer in hand it is asked for a better one: that there is none proves the answer best. It begins anew
with every slice, so the caller makes slices longer and longer; and it runs in a process of its own, which is
ended as soon as the search is over.
"""

import json
import subprocess
import sys
from contextlib import suppress
from math import ceil
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, ClassVar
from weakref import finalize

import numpy as np

from problems.optimisation.engines import highs_child
from problems.optimisation.engines.base import Incumbent, Unsuitable
from problems.optimisation.forms.compile import compile_mip
from problems.optimisation.forms.mip_appointments import MOST_STARTS, starts
from problems.optimisation.model.models import Appointments, Model
from problems.optimisation.proofs.model import Proof

POLL_S = 0.01
"""Seconds between two questions to the board while HiGHS is at work."""
LEAST_S, LEAST_S_AN_ENTRY = 0.25, 2e-5
"""A shorter slice ends within the first linear relaxation."""
MOST_ENTRIES = 5_000_000
"""Of the matrix."""
_ROUNDING, _ROUNDING_RELATIVE = 1e-6, 1e-9
"""What a bound may be off by: HiGHS's absolute gap, and the arithmetic of large costs, less than one unit."""
_SOLVED, _INFEASIBLE, _FAILED = 0, 2, 4
_CHECKOUT = Path(__file__).parents[3]


class Highs:
    """Branch and cut. Not deterministic: a slice ends by the clock."""

    name: ClassVar[str] = "highs"
    deterministic: ClassVar[bool] = False

    def __init__(self, model: Model, seed: int) -> None:
        del seed  # scipy passes none on
        if isinstance(model, Appointments) and starts(model) > MOST_STARTS:
            raise Unsuitable(f"{self.name} takes up to {MOST_STARTS} starts of patients, not {starts(model)}")
        self._mip = compile_mip(model)
        entries = self._mip.matrix.nnz
        if entries > MOST_ENTRIES:
            raise Unsuitable(f"{self.name} takes up to {MOST_ENTRIES} entries, the MIP has {entries}")
        self._child: _Child | None = None
        self._slices = self._answers = self._bounds = self._nodes = 0
        self._status = ""

    def run(self, incumbent: Incumbent, effort_s: float) -> bool:
        """Solves for a while; False once nothing is left to find or prove."""
        if incumbent.stop():
            return True
        if self._child is None:
            self._child = _Child(highs_child.packed(self._mip))
        cost = incumbent.cost
        least_s = max(LEAST_S, LEAST_S_AN_ENTRY * self._mip.matrix.nnz)
        limit_s = min(max(effort_s, least_s), max(incumbent.left_s(), POLL_S))
        self._child.ask({"time_limit_s": limit_s, "incumbent": cost})
        found = self._child.answer(POLL_S)
        while found is None:
            if incumbent.stop():
                self._stop()
                return True
            found = self._child.answer(POLL_S)
        return self._finish(incumbent, found, cost)

    def notes(self) -> dict[str, Any]:
        """What was done."""
        return {
            "columns": self._mip.columns,
            "rows": self._mip.rows,
            "slices": self._slices,
            "answers": self._answers,
            "bounds": self._bounds,
            "nodes": self._nodes,
            "status": self._status,
        }

    def _finish(self, incumbent: Incumbent, found: dict[str, Any], cost: int | None) -> bool:
        """Reads an answer; `cost` is that of the incumbent it had to be better than."""
        self._slices += 1
        self._nodes += found.get("nodes", 0)
        status = found["status"]
        self._status = {_SOLVED: "solved", _INFEASIBLE: "infeasible", _FAILED: "failed"}.get(status, "limit")
        if found["x"] is not None:
            x = np.zeros(self._mip.columns, dtype=np.int64)
            for column, value in found["x"]:
                x[column] = value
            self._answers += incumbent.offer(self._mip.point_of(x), self.name)
        bound = self._bound(found, cost)
        if bound is not None:
            self._bounds += incumbent.prove(Proof("second_engine", bound, {"engine": self.name}), self.name)
        if status in {_SOLVED, _INFEASIBLE, _FAILED}:
            self._stop()
        return status not in {_SOLVED, _INFEASIBLE, _FAILED}

    def _stop(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None

    def _bound(self, found: dict[str, Any], cost: int | None) -> int | None:
        """On all costs; not above the incumbent's, which HiGHS's tolerance could make it."""
        if found["bound"] is None:
            return None
        real: float = found["bound"]
        bound = ceil(real - max(_ROUNDING, _ROUNDING_RELATIVE * abs(real)))
        return bound if cost is None else min(bound, cost)


class _Child:
    """The process, and a thread that listens to it."""

    def __init__(self, mip: bytes) -> None:
        command = [sys.executable, "-m", highs_child.__name__]
        self._process = subprocess.Popen(
            command, cwd=_CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._end = finalize(self, _ended, self._process)
        self._heard: SimpleQueue[bytes] = SimpleQueue()
        Thread(target=_listen, args=(self._process, self._heard), daemon=True).start()
        self._write(mip)

    def ask(self, question: dict[str, Any]) -> None:
        """Sends a question."""
        self._write(json.dumps(question).encode() + b"\n")

    def answer(self, wait_s: float) -> dict[str, Any] | None:
        """The answer; None where there is none yet, a failure where the process has died."""
        try:
            line = self._heard.get(timeout=wait_s)
        except Empty:
            return None
        if not line:
            return {"status": _FAILED, "x": None, "bound": None}
        found: dict[str, Any] = json.loads(line)
        return found

    def end(self) -> None:
        """Ends the process."""
        self._end()

    def _write(self, data: bytes) -> None:
        """Writes to a process that may have died: its answer will say so."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(data)
            self._process.stdin.flush()


def _listen(process: "subprocess.Popen[bytes]", heard: "SimpleQueue[bytes]") -> None:
    assert process.stdout is not None
    with process.stdout as answers:
        for line in answers:
            heard.put(line)
    heard.put(b"")


def _ended(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.close()
