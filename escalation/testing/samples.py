"""Small pieces of work with known answers, and misbehaving ones, for contract suites and documentation."""

import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from typing import Any, NoReturn

from escalation.model.output import Output
from escalation.model.report import Report


def double(params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report) -> Output:
    """Returns twice `params["x"]`, and every input file twice over."""
    print(f"doubling {params['x']}")  # noqa: T201  (what work prints belongs into its log)
    report(1.0, "doubled")
    return Output({"x": 2 * params["x"]}, {name: data + data for name, data in inputs.items()})


def fail(params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report) -> NoReturn:
    """Raises `ValueError` with `params["message"]`."""
    raise ValueError(params["message"])


def stall(params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report) -> NoReturn:
    """Starts a child and a stray, prints their process ids, reports half of its work done, and never ends.

    With `params["busy"]` it computes all the while, otherwise it waits.
    """
    print(*_start_sleepers())  # noqa: T201
    report(0.5, "stalled")
    while True:
        if not params.get("busy"):
            threading.Event().wait()


def count_up(params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report) -> Output:
    """Counts to `params["to"]` and keeps every number; a first try stops for good at `params["pause_at"]`.

    Returns the number; the file `started` says from where this try went on.
    """
    kept = report.saved()
    number = start = int(kept or b"0")
    while number < params["to"]:
        number += 1
        report.save(b"%d" % number)
        report(number / params["to"], f"at {number}")
        while kept is None and number == params["pause_at"]:
            threading.Event().wait()
    return Output({"number": number}, {"started": b"%d" % start})


SLEEP = "import signal; signal.pause()"
STRAY = f"""\
import os
if pid := os.fork():
    os.write(1, b'%d' % pid)
else:
    os.setsid(); os.close(1)
    {SLEEP}
"""


def _start_sleepers() -> list[int]:
    """Starts a child, and a stray that has left its parent and its session; returns their process ids."""
    python = [sys.executable, "-I", "-S", "-c"]
    child = subprocess.Popen([*python, SLEEP])
    stray = subprocess.run([*python, STRAY], stdout=subprocess.PIPE, check=True)
    return [child.pid, int(stray.stdout)]


def leave_behind(params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report) -> Output:
    """Returns while a child and a stray of its own go on; their process ids are in `pids`."""
    return Output({"pids": _start_sleepers()})


def surroundings(params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report) -> Output:
    """Returns its process id, and the variables named in `params["variables"]`."""
    return Output(
        {"pid": os.getpid(), "variables": {name: os.environ.get(name) for name in params["variables"]}}
    )


def wrong_type(params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report) -> Any:
    """Returns a plain dict instead of an `Output`."""
    return {"x": 1}


def crash(params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report) -> NoReturn:
    """Kills its own process, as a fault in compiled code or the kernel's memory guard would."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def quit_at_once(params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report) -> NoReturn:
    """Ends its own process with the exit code `params["code"]`, as compiled code may."""
    os._exit(params["code"])


def want(params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report) -> Output:
    """Asks for so many `params["bytes"]` of memory."""
    return Output({"got": len(bytearray(params["bytes"]))})


def fill(params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report) -> Output:
    """Writes to `params["path"]`; Linux's `/dev/full` is a disk that is full."""
    with open(params["path"], "wb", buffering=0) as file:
        return Output({"written": file.write(b"x")})


def block_sum(
    comm: Any, params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report
) -> Output | None:
    """Sums sin(k)/k for k = 1…terms, in `blocks` blocks spread over the ranks and added in block order.

    Floating-point addition is not associative: only the fixed order makes the bits independent of the ranks.
    """
    terms, blocks = params["terms"], params["blocks"]
    mine = {}
    for block in range(comm.Get_rank(), blocks, comm.Get_size()):
        mine[block] = sum(math.sin(k) / k for k in range(1 + block, terms + 1, blocks))
    print(f"rank {comm.Get_rank()} summed {len(mine)} blocks")  # noqa: T201
    parts = comm.gather(mine, root=0)
    if parts is None:
        return None
    report(1.0, "summed")
    merged = {block: value for part in parts for block, value in part.items()}
    total = 0.0
    for block in range(blocks):
        total += merged[block]
    return Output({"sum": total}, {"sum.hex": total.hex().encode()})


def rank_fails(
    comm: Any, params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report
) -> Output | None:
    """Raises on rank `params["rank"]` while the others wait for it."""
    if comm.Get_rank() == params["rank"]:
        raise ValueError(params["message"])
    comm.Barrier()
    return Output()


def rank_crashes(
    comm: Any, params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report
) -> Output | None:
    """Kills the process of rank `params["rank"]` while the others wait for it."""
    if comm.Get_rank() == params["rank"]:
        crash(params, inputs, report)
    comm.Barrier()
    return Output()


def rank_quits(
    comm: Any, params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report
) -> Output | None:
    """Ends rank `params["rank"]` with the exit code `params["code"]` while the others wait for it."""
    if comm.Get_rank() == params["rank"]:
        quit_at_once(params, inputs, report)
    comm.Barrier()
    return Output()


def ranks_stall(
    comm: Any, params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report
) -> NoReturn:
    """Does on every rank what `stall` does."""
    stall(params, inputs, report)


def ranks_litter(
    comm: Any, params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report
) -> Output | None:
    """Tells how it finds its process and leaves it otherwise; with `child`, a child of rank 1 stays."""
    found = {"folder": os.getcwd(), "LITTER": os.environ.get("LITTER"), "temporary": tempfile.gettempdir()}
    os.chdir("/")
    os.environ["LITTER"] = "left"
    pids = _start_sleepers() if params["child"] and comm.Get_rank() == 1 else []
    left = comm.gather(pids, root=0)
    return None if left is None else Output({**found, "pids": [pid for each in left for pid in each]})
