"""The process that runs HiGHS: scipy's call cannot be interrupted, a process can be ended.

On standard input: the programme as NumPy's `.npz` behind its length (8 bytes, big-endian), then questions, a
line of JSON each: {"time_limit_s": seconds, "cutoff": a cost, or null}. An answer is a line, too: {"status":
scipy's, "bound": the dual one or null, "x": [[column, value], …] without zeros, or null, "nodes": how many}.
When its input ends, so does the process, whatever it is doing.
"""

import json
import os
import sys
from io import BytesIO
from queue import SimpleQueue
from threading import Thread
from typing import Any, BinaryIO

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, vstack

from problems.optimisation.forms.programme import FREE, Ints, Programme

HEADER_BYTES = 8


def packed(programme: Programme) -> bytes:
    """The programme as the child reads it."""
    file, matrix = BytesIO(), programme.matrix
    np.savez(
        file,
        cost=programme.cost,
        offset=np.int64(programme.offset),
        lower=programme.lower,
        upper=programme.upper,
        top=programme.top,
        data=matrix.data,
        indices=matrix.indices,
        indptr=matrix.indptr,
    )
    data = file.getvalue()
    return len(data).to_bytes(HEADER_BYTES, "big") + data


def main() -> None:
    """Answers questions one by one."""
    source = sys.stdin.buffer
    arrays = dict(np.load(BytesIO(source.read(int.from_bytes(source.read(HEADER_BYTES), "big")))))
    asked: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_read, args=(source, asked), daemon=True).start()
    while True:
        print(json.dumps(solve(arrays, **json.loads(asked.get()))), flush=True)  # noqa: T201


def _read(source: BinaryIO, asked: "SimpleQueue[bytes]") -> None:
    for line in source:
        asked.put(line)
    os._exit(0)


def solve(arrays: dict[str, Ints], time_limit_s: float, cutoff: int | None) -> dict[str, Any]:
    """Runs HiGHS on the programme, limited to costs of at most the cutoff."""
    found = milp(
        arrays["cost"].astype(float),
        integrality=np.ones(len(arrays["cost"]), dtype=np.int64),
        bounds=Bounds(0, arrays["top"].astype(float)),
        constraints=_rows(arrays, cutoff),
        options={"time_limit": time_limit_s, "mip_rel_gap": 0.0},
    )
    bound = found.mip_dual_bound
    x = None if found.x is None else np.rint(found.x).astype(np.int64)
    return {
        "status": int(found.status),
        "bound": None if bound is None or not np.isfinite(bound) else float(bound),
        "x": None if x is None else [[j, int(x[j])] for j in np.flatnonzero(x).tolist()],
        "nodes": int(found.mip_node_count or 0),
    }


def _rows(arrays: dict[str, Ints], cutoff: int | None) -> tuple[LinearConstraint, ...]:
    shape = (len(arrays["lower"]), len(arrays["cost"]))
    matrix = csr_array((arrays["data"], arrays["indices"], arrays["indptr"]), shape=shape).astype(float)
    lower = np.where(arrays["lower"] == -FREE, -np.inf, arrays["lower"])
    upper = np.where(arrays["upper"] == FREE, np.inf, arrays["upper"])
    if cutoff is not None:
        matrix = vstack([matrix, csr_array(arrays["cost"].astype(float)[None, :])], format="csr")
        lower = np.append(lower, -np.inf)
        upper = np.append(upper, float(cutoff - int(arrays["offset"])))
    return (LinearConstraint(matrix, lower, upper),) if matrix.shape[0] else ()


if __name__ == "__main__":
    main()
