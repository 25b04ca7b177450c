"""The process that runs HiGHS: scipy's call cannot be interrupted, a process can be ended.

On standard input: the MIP as NumPy's `.npz` behind its length (8 bytes, big-endian), then questions, a
line of JSON each: {"time_limit_s": seconds, "incumbent": a cost, or null}. An answer is a line: {"status":
scipy's, "bound": on costs, or null, "x": [[column, value], …] without zeros, or null, "nodes": how many}.
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
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, hstack, vstack

from problems.optimisation.forms.mip import FREE, Ints, Mip

HEADER_BYTES = 8

Reals = NDArray[np.float64]


def packed(mip: Mip) -> bytes:
    """The MIP as the child reads it."""
    file, matrix = BytesIO(), mip.matrix
    np.savez(
        file,
        cost=mip.cost,
        offset=np.int64(mip.offset),
        lower=mip.lower,
        upper=mip.upper,
        top=mip.top,
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


def solve(arrays: dict[str, Ints], time_limit_s: float, incumbent: int | None) -> dict[str, Any]:
    """Runs HiGHS on the MIP, or on the MIP with an escape that costs what the incumbent costs."""
    columns, offset = len(arrays["cost"]), int(arrays["offset"])
    cost, matrix, lower, upper = _rows(arrays)
    top = arrays["top"].astype(float)
    if incumbent is not None:
        matrix, lower, upper = with_escape(cost, matrix, lower, upper, top)
        cost, top = np.append(cost, float(offset - incumbent)), np.append(top, 1.0)
        offset = incumbent
    found = milp(
        cost,
        integrality=np.ones(len(cost), dtype=np.int64),
        bounds=Bounds(0, top),
        constraints=LinearConstraint(matrix, lower, upper) if matrix.shape[0] else (),
        options={"time_limit": time_limit_s, "mip_rel_gap": 0.0},
    )
    bound = found.mip_dual_bound
    x = None if found.x is None else np.rint(found.x).astype(np.int64)
    if x is not None and incumbent is not None and x[columns] == 0:
        x = None
    return {
        "status": int(found.status),
        "bound": None if bound is None or not np.isfinite(bound) else float(bound) + offset,
        "x": None if x is None else [[j, int(x[j])] for j in np.flatnonzero(x[:columns]).tolist()],
        "nodes": int(found.mip_node_count or 0),
    }


def with_escape(
    cost: Reals, matrix: csr_array, lower: Reals, upper: Reals, top: Reals
) -> tuple[csr_array, Reals, Reals]:
    """Adds a column z that is 1 for a real answer: `lower z ≤ A x ≤ upper z`.

    scipy passes HiGHS no answer to begin with, and reports no bound as long as HiGHS has none. With z, the
    vector of zeros is one, and it may cost what the incumbent does. Where z is 0 every column that pays is 0,
    by a row of its own where no other row sees to it; so nothing there is below the incumbent. The relaxation
    is as tight as before: what it gives for a part z of an answer is that part of the whole.
    """
    below, above = np.isfinite(lower) & (lower != 0), np.isfinite(upper) & (upper != 0)
    equal = below & above & (lower == upper)
    parts = [
        _scaled(matrix, equal, upper, 0.0, 0.0),
        _scaled(matrix, below & ~equal, lower, 0.0, np.inf),
        _scaled(matrix, above & ~equal, upper, -np.inf, 0.0),
    ]
    parts += [
        _scaled(matrix, np.isfinite(lower) & ~below, np.zeros_like(lower), 0.0, np.inf),
        _scaled(matrix, np.isfinite(upper) & ~above, np.zeros_like(upper), -np.inf, 0.0),
    ]
    paying = np.flatnonzero((cost < 0) & ~_held(matrix, upper))
    own = csr_array((np.ones(len(paying)), (np.arange(len(paying)), paying)), shape=(len(paying), len(cost)))
    parts.append(_scaled(own, np.ones(len(paying), dtype=bool), top[paying], -np.inf, 0.0))
    rows, least, most = zip(*parts, strict=True)
    return vstack(rows, format="csr"), np.concatenate(least), np.concatenate(most)


def _scaled(
    matrix: csr_array, which: NDArray[np.bool_], limit: Reals, lower: float, upper: float
) -> tuple[csr_array, Reals, Reals]:
    """The rows `lower ≤ A x - limit z ≤ upper`."""
    count = int(which.sum())
    rows = hstack([matrix[which], csr_array(-limit[which][:, None])], format="csr")
    return rows, np.full(count, lower), np.full(count, upper)


def _held(matrix: csr_array, upper: Reals) -> NDArray[np.bool_]:
    """The columns that some row without negative entries limits from above."""
    least = matrix.min(axis=1).toarray().ravel() if matrix.shape[0] else np.zeros(0)
    rows = matrix[np.isfinite(upper) & (least >= 0)]
    held = np.zeros(matrix.shape[1], dtype=bool)
    held[rows.indices[rows.data > 0]] = True
    return held


def _rows(arrays: dict[str, Ints]) -> tuple[Reals, csr_array, Reals, Reals]:
    """Cost, matrix, lower and upper limits as reals."""
    shape = (len(arrays["lower"]), len(arrays["cost"]))
    matrix = csr_array((arrays["data"].astype(float), arrays["indices"], arrays["indptr"]), shape=shape)
    lower = np.where(arrays["lower"] == -FREE, -np.inf, arrays["lower"])
    upper = np.where(arrays["upper"] == FREE, np.inf, arrays["upper"])
    return arrays["cost"].astype(float), matrix, lower, upper


if __name__ == "__main__":
    main()
