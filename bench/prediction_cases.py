"""Solves prediction problems as a person would, each tier to its end, and says what the verifier found of
each."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.machine import machine

LIMIT_S = 900
UNREACHED = {"metric": "roc_auc", "at_least": 0.9999, "confidence": 0.95}
"""A target that nothing reaches, so that every open tier is tried."""


@dataclass(frozen=True)
class Judged:
    """What the verifier found of an attempt.

    Attributes:
        tier: `hpc`, `ai`, `quantum`.
        estimate: of the metric, on rows kept aside.
        bound: one-sided, by its share of α.
        seconds: of the attempt, wall clock.
        shuffled: of the control with shuffled labels: `value`, `mean_of_shuffled`, `p_value`; empty without
            it.
        note: why there is no figure.
    """

    tier: str
    estimate: float | None
    bound: float | None
    seconds: float
    shuffled: Mapping[str, Any]
    note: str = ""


def solved(
    folder: Path, instance: Mapping[str, Any], seed: int, target: Mapping[str, Any] = UNREACHED
) -> list[Judged]:
    """Solves by the command line in a home of its own.

    Args:
        folder: where paths of the instance start.
        instance: as a problem file has it.
        seed: of the split and the search.
        target: default: the ROC area, out of reach.
    """
    problem = {
        "family": "prediction",
        "instance": dict(instance),
        "target": dict(target),
        "budget": {"wall_s": LIMIT_S, "usd": 0},
        "data_class": "public",
        "seed": seed,
    }
    with tempfile.TemporaryDirectory() as home:
        path = folder / "bench.problem.json"
        path.write_text(json.dumps(problem))
        command = [sys.executable, "-m", "tierwise", "solve", str(path), "--engine", "plain", "--json"]
        run = subprocess.run(
            command, env=_environment(home), capture_output=True, text=True, timeout=2 * LIMIT_S, check=False
        )
    try:
        answer = json.loads(run.stdout)
    except json.JSONDecodeError:
        return [Judged("none", None, None, 0.0, {}, run.stderr.strip().splitlines()[-1][:160])]
    return [_judged(attempt) for attempt in answer["attempts"]]


def _environment(home: str) -> dict[str, str]:
    import os

    return {**os.environ, "TIERWISE_HOME": home}


def _judged(attempt: Mapping[str, Any]) -> Judged:
    found = attempt.get("certificate") or {}
    evidence = found.get("evidence") or {}
    note = "; ".join(found.get("reasons") or ()) if found.get("estimate") is None else ""
    seconds = float((attempt.get("cost") or {}).get("wall_s") or 0.0)
    shuffled = evidence.get("shuffled_labels") or {}
    return Judged(attempt["tier"], found.get("estimate"), found.get("value"), seconds, shuffled, note)


def shown(name: str, seed: int, rows: list[Judged]) -> None:
    """Prints a line an attempt."""
    for each in rows:
        value = "-" if each.estimate is None else f"{each.estimate:.3f}"
        bound = "-" if each.bound is None else f"{each.bound:.3f}"
        control = ""
        if "p_value" in each.shuffled:
            mean, p_value = each.shuffled["mean_of_shuffled"], each.shuffled["p_value"]
            control = f"simple learner {each.shuffled['value']:.3f}, shuffled {mean:.3f}, p {p_value:.3f}"
        print(
            f"{name:28} seed {seed}  {each.tier:8} {value:>6} {bound:>6} {each.seconds:6.0f} s  "
            f"{control}{each.note}",
            flush=True,
        )


def arguments(sets: Mapping[str, Any], description: str | None) -> argparse.Namespace:
    """Reads the command line of a bench of data sets: `data`, `seeds` and which `only`."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--only", nargs="+", choices=list(sets), default=list(sets))
    return parser.parse_args()


def show_sets(sets: Mapping[str, Mapping[str, Any]], description: str | None) -> None:
    """Reads the command line, prints what became of each set and seed; their paths begin with `data`."""
    asked = arguments(sets, description)
    print(machine())
    for name in asked.only:
        for seed in asked.seeds:
            with tempfile.TemporaryDirectory() as folder:
                data = Path(folder) / "data"
                data.symlink_to(asked.data.resolve())
                shown(name, seed, solved(Path(folder), sets[name], seed))
