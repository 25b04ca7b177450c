"""How a run would scale: from the measured seconds of its tasks, labelled as what it is."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from toolbox.mpi.task_queue import Phase, longest_first

CURVE = (1, 2, 4, 8, 16, 32)


def scaling_report(phases: Sequence[Phase]) -> dict[str, Any]:
    """Returns what was measured on this number of ranks, and what a list schedule predicts for others.

    Measured: seconds of each phase, and how long each rank was busy with tasks. Predicted: the time that
    the same tasks would take, were they dealt longest first to another number of ranks as fast as these;
    start-up, imports and communication are not in it, so it is an upper bound on the speed-up.
    """
    ranks = phases[0].ranks
    busy = np.sum([_busy(phase) for phase in phases], axis=0)
    wall_s = sum(phase.wall_s for phase in phases)
    total = float(busy.sum())
    return {
        "ranks": ranks,
        "measured": {
            "phases": [_measured(phase) for phase in phases],
            "wall_s": wall_s,
            "busy_s": busy.tolist(),
            "efficiency": total / (ranks * wall_s) if wall_s > 0 else 1.0,
        },
        "predicted": [
            {"ranks": count, "speed_up": total / seconds, "efficiency": total / seconds / count}
            for count, seconds in ((count, sum(_span(phase, count) for phase in phases)) for count in CURVE)
            if seconds > 0
        ],
    }


def _measured(phase: Phase) -> dict[str, Any]:
    return {
        "name": phase.name,
        "tasks": len(phase.task_s),
        "wall_s": phase.wall_s,
        "busy_s": _busy(phase).tolist(),
        "longest_task_s": float(phase.task_s.max(initial=0.0)),
    }


def _busy(phase: Phase) -> Any:
    return np.bincount(phase.rank_of_task, weights=phase.task_s, minlength=phase.ranks)


def _span(phase: Phase, ranks: int) -> float:
    """Seconds until the last of so many ranks would be done with the phase."""
    seconds = phase.task_s.tolist()
    return max(float(sum(seconds[number] for number in dealt)) for dealt in longest_first(seconds, ranks))
