"""Adds to the history: every engine alone on every instance of the recipes that it has not been tried on yet.

    python -m problems.optimisation.learning.collect [--each 12] [--seconds 4] [--processes 2]

Run it on a quiet machine: engines are compared by the clock. Engines that were tried on an instance are not
tried again; delete the file to begin anew. Engines run in turn on the same instance, so that a slow minute
hits all of them.
"""

import argparse
import json
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from escalation.model.identity import canonical_json
from escalation.model.report import Report
from problems.optimisation.forms.compile import compile_mip
from problems.optimisation.learning.features import NAMES, features
from problems.optimisation.learning.history import HISTORY, Trial, read_history, write_history
from problems.optimisation.learning.integrals import distances
from problems.optimisation.learning.recipes import recipes
from problems.optimisation.model.models import Model, sign
from problems.optimisation.proofs.second_engine import small


def main() -> None:
    """Collects what is missing, writing the file after every instance."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--each", type=int, default=12, help="instances of every kind")
    parser.add_argument("--seconds", type=float, default=4.0, help="of every engine on every instance")
    parser.add_argument("--processes", type=int, default=2, help="instances at a time")
    chosen = parser.parse_args()
    known = list(read_history(HISTORY.read_bytes())) if HISTORY.exists() else []
    texts = [canonical_json(each).decode() for each in recipes(chosen.each)]
    own = [[trial for trial in known if trial.recipe == text] for text in texts]
    # A process of its own for every instance: an engine that ends badly takes no other with it.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(chosen.processes, mp_context=context, max_tasks_per_child=1) as pool:
        for text, trials in zip(
            texts, pool.map(_try, texts, own, [chosen.seconds] * len(texts)), strict=True
        ):
            known += trials
            HISTORY.write_bytes(write_history(sorted(known, key=_place), NAMES))
            print(f"{len(trials)} engines on {text}", flush=True)  # noqa: T201


def _place(trial: Trial) -> tuple[str, str, str]:
    return trial.kind, trial.recipe, trial.engine


def _try(recipe: str, known: Sequence[Trial], seconds: float) -> list[Trial]:
    """The engines of the kind that were not tried yet, on one instance."""
    from problems.optimisation.loading.loading import load
    from problems.optimisation.portfolio.plan import SHARES

    model = load(json.loads(recipe), 0, Path()).model
    names = [name for name in SHARES[model.kind] if name not in {trial.engine for trial in known}]
    told = _bounds_told(model)
    stories = {name: _heard(_run(model, name, seconds), told) for name in names}
    return trials_of(recipe, model, stories, seconds, [trial.cost for trial in known])


def _bounds_told(model: Model) -> tuple[str, ...]:
    """Which finds count as bounds: those without a proof where the verifier would ask a second engine."""
    return ("bound", "unchecked bound") if small(compile_mip(model)) else ("bound",)


def _heard(story: list[dict[str, Any]], told: tuple[str, ...]) -> list[dict[str, Any]]:
    """The story with finds of these names as bounds, and without other bounds."""
    return [
        {**find, "what": "bound" if find["what"] in told else find["what"]}
        for find in story
        if find["what"] in ("objective", *told)
    ]


def trials_of(
    recipe: str,
    model: Model,
    stories: dict[str, list[dict[str, Any]]],
    seconds: float,
    known: Sequence[int | None] = (),
) -> list[Trial]:
    """Judges every engine's timeline by the best cost that any found, `known` ones too; none without any."""
    direction = sign(model)
    costs = [direction * find["value"] for story in stories.values() for find in story if _is_cost(find)]
    costs += [cost for cost in known if cost is not None]
    if not costs:
        return []
    best, found = min(costs), features(model)
    trials = []
    for engine, story in stories.items():
        own = [direction * find["value"] for find in story if _is_cost(find)]
        bounds = [direction * find["value"] for find in story if not _is_cost(find)]
        primal, dual = distances(story, best, direction, seconds)
        trials.append(
            Trial(
                recipe=recipe,
                kind=model.kind,
                engine=engine,
                seconds=seconds,
                cost=min(own, default=None),
                bound=max(bounds, default=None),
                primal=round(primal, 6),
                dual=round(dual, 6),
                features={name: float(f"{value:.6g}") for name, value in found.items()},
            )
        )
    return trials


def _is_cost(find: dict[str, Any]) -> bool:
    return bool(find["what"] == "objective")


def _run(model: Model, engine: str, seconds: float) -> list[dict[str, Any]]:
    """The timeline of one engine alone; empty where it found nothing, failed, or does not suit."""
    from mpi4py import MPI

    from problems.optimisation.model.models import dump
    from problems.optimisation.portfolio.program import run

    params = {
        "aim": {"metric": "absolute_gap", "limit": 0.0},
        "search_s": seconds,
        "seed": 1,
        "engines": [engine],
        "weights": None,
        "rounds": None,
    }
    try:
        output = run(MPI.COMM_SELF, params, {"model": dump(model)}, Report())
    except RuntimeError:  # its only engine failed
        return []
    assert output is not None
    story: Sequence[dict[str, Any]] = json.loads(output.evidence["portfolio.json"])["timeline"]
    return list(story)


if __name__ == "__main__":
    main()
