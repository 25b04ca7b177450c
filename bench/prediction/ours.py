"""What `tierwise solve` answers within the seconds, and which predictions it rests on."""

import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.prediction.running import Run, run
from bench.prediction.sets import SEED, Table
from problems.prediction.tasks.task import Task, TaskMetric, task
from toolbox.arrays import npy
from toolbox.arrays.types import Floats

UNREACHED = {"roc_auc": 0.9999, "accuracy": 0.9999, "concordance": 0.9999, "rmse": 1e-6}
"""Targets that nothing reaches, so that both tiers are tried as far as the seconds go."""
FREE_S = 1800
LATE = 2.5
"""Times the seconds after which a contestant is stopped."""


@dataclass(frozen=True)
class Attempted:
    """What a tier came to.

    Attributes:
        tier: `hpc`, `ai`.
        predictions: of the sealed rows; None where it failed.
        wall_s: of the attempt.
        cpu_s: likewise, of processors.
        answers: whether the case's answer is its.
        said: the model that was chosen, or why there is none.
    """

    tier: str
    predictions: Floats | None
    wall_s: float
    cpu_s: float
    answers: bool
    said: str


def solve(table: Table, rows: Path, seconds: float | None, digest: str) -> tuple[Run, list[Attempted]]:
    """Solves by the command line in a home of its own.

    Args:
        table: the set.
        rows: folder of gathered files.
        seconds: the budget, wall clock; None: as long as it takes.
        digest: of the instance by which everybody is judged.

    Raises:
        RuntimeError: where the command read other rows, or sealed others.
    """
    with tempfile.TemporaryDirectory(prefix="tierwise-bench-") as where:
        folder = Path(where)
        path = rows / f"{table.name}.problem.json"
        path.write_text(json.dumps(problem(table, seconds)))
        command = [sys.executable, "-m", "tierwise", "solve", str(path), "--engine", "plain", "--json"]
        limit_s = FREE_S if seconds is None else LATE * seconds + 10
        took = run(command, folder, limit_s, {"TIERWISE_HOME": str(folder / "home")})
        try:
            answer = json.loads((folder / "stdout").read_bytes())
        except json.JSONDecodeError:
            return took, []
        for each in answer["attempts"]:
            read = ((each.get("certificate") or {}).get("evidence") or {}).get("instance", digest)
            if read != digest:
                raise RuntimeError(f"{table.name}: expected the rows {digest}, the command read {read}")
        return took, [_attempted(each, answer, folder / "home" / "store") for each in answer["attempts"]]


def problem(table: Table, seconds: float | None) -> dict[str, Any]:
    """As a problem file has it."""
    side = _metric(table).side
    return {
        "family": "prediction",
        "instance": dict(table.instance),
        "target": {"metric": table.metric, side: UNREACHED[table.metric], "confidence": 0.95},
        "budget": {"wall_s": FREE_S if seconds is None else seconds, "usd": 0},
        "data_class": "public",
        "seed": SEED,
    }


def _metric(table: Table) -> TaskMetric:
    of: Task = task(str(table.instance.get("task", "binary")))
    return of.metrics[table.metric]


def _attempted(attempt: Mapping[str, Any], answer: Mapping[str, Any], store: Path) -> Attempted:
    candidate, cost = attempt.get("candidate") or {}, attempt.get("cost") or {}
    digest = (candidate.get("files") or {}).get("sealed_scores")
    judged = attempt.get("certificate") or {}
    why = attempt.get("error") or "; ".join(judged.get("reasons") or ())
    said = (candidate.get("values") or {}).get("chosen") or why
    return Attempted(
        attempt["tier"],
        npy.load((store / digest[:2] / digest[2:4] / digest).read_bytes()) if digest and judged else None,
        float(cost.get("wall_s") or 0.0),
        float(cost.get("cpu_s") or 0.0),
        answers=answer["tier"] == attempt["tier"],
        said=str(said)[:200],
    )
