"""Primal and dual integrals of a search (Berthold 2013, Oper. Res. Lett. 41, 611), divided by its seconds."""

from collections.abc import Sequence
from typing import Any


def distances(
    timeline: Sequence[dict[str, Any]], best_cost: int, direction: int, seconds: float
) -> tuple[float, float]:
    """Mean relative distance of incumbent and of bound to the best cost, over the run; 1 while there is none.

    Args:
        timeline: finds {"s", "what": "objective" | "bound", "value"} in the order of time.
        best_cost: that any engine found.
        direction: 1 where objectives are costs, -1 where they are maximised.
        seconds: length of the run.
    """
    return (
        _mean(timeline, "objective", best_cost, direction, seconds),
        _mean(timeline, "bound", best_cost, direction, seconds),
    )


def _mean(
    timeline: Sequence[dict[str, Any]], what: str, best_cost: int, direction: int, seconds: float
) -> float:
    total, since, distance = 0.0, 0.0, 1.0
    for find in timeline:
        if find["what"] != what:
            continue
        at = min(float(find["s"]), seconds)
        total += distance * (at - since)
        since = at
        distance = min(1.0, abs(direction * find["value"] - best_cost) / max(abs(best_cost), 1))
    return (total + distance * (seconds - since)) / seconds
