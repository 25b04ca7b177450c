"""What the classical tiers have run: a scan spread over MPI ranks, and a look at random places."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from escalation.model.output import Output
from escalation.model.report import Report


def scan(comm: Any, params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report) -> Output | None:
    """Every rank looks at every size-th position; rank 0 returns the position of the largest number."""
    numbers = params["numbers"]
    _pause(params["pause_s"], report if comm.rank == 0 else Report())
    mine = [(numbers[i], -i) for i in range(comm.rank, len(numbers), comm.size)]
    found = comm.gather(max(mine, default=None), root=0)
    if comm.rank != 0:
        return None
    number, negated = max(each for each in found if each is not None)
    return Output({"position": -negated, "number": number})


def look(params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report) -> Output:
    """Looks at half of the positions, chosen at random."""
    numbers = params["numbers"]
    _pause(params["pause_s"], report)
    places = np.random.default_rng(params["seed"]).permutation(len(numbers))[: len(numbers) // 2]
    position = int(max(places, key=lambda place: numbers[place]))
    return Output({"position": position, "number": numbers[position]})


def _pause(seconds: float, report: Report) -> None:
    """Sleeps in tenths, with progress: long work to watch, stop and kill."""
    end = time.monotonic() + seconds
    while (rest := end - time.monotonic()) > 0:
        report(1 - rest / seconds, "pausing")
        time.sleep(min(rest, 0.1))
