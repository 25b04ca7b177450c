"""Time to target: the portfolio against the best fixed engine, and the best single engine by hindsight.

    python -m bench.optimisation.targets [--seconds 20] [--each 4]

Method: instances of every kind come from the generators (seeds 1, 2, …, which history never saw). On each,
the portfolio and every engine alone get 2 ranks and the same seconds, in turn. The target of an instance is
frozen before times are looked at: an answer within 0.5 % of the best cost that any of them found (its median
difficulty would otherwise be chosen by the winner). Time to target is when the incumbent first reached it; a
run that never does counts twice the seconds (PAR2, as in the SAT competitions). `fixed` is the engine that
has the best mean over the instances of a kind; `hindsight` takes the best engine for every instance, which
nobody can know beforehand.
"""

import argparse
from pathlib import Path
from statistics import mean, median
from typing import Any

from bench.machine import machine
from bench.optimisation.running import RankRunner, Run, bench
from problems.optimisation.loading.loading import load
from problems.optimisation.model.models import KINDS, Model, sign
from problems.optimisation.portfolio.plan import SHARES
from problems.optimisation.tiers.hpc import Portfolio

WITHIN = 0.005
FIRST_SEED = 1
Times = dict[str, list[float]]


def main() -> None:
    """Runs everything side by side, and prints a table for each kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--each", type=int, default=4, help="instances of every kind")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    chosen = parser.parse_args()
    print(machine())
    with bench() as place:
        for kind in chosen.kinds:
            models = [load(recipe, 0, Path()).model for recipe in held_out(kind, chosen.each)]
            _print(kind, _times(place, kind, models, chosen.seconds), chosen.seconds)


def held_out(kind: str, each: int) -> list[dict[str, Any]]:
    """Instances whose seeds and sizes history does not hold."""
    from problems.optimisation.learning.recipes import recipes

    own = [recipe for recipe in recipes(2 * each + 1) if recipe["kind"] == kind][1::2]
    return [
        {**recipe, "generate": {**recipe["generate"], "seed": FIRST_SEED + number}}
        for number, recipe in enumerate(own)
    ]


def _times(place: RankRunner, kind: str, models: list[Model], seconds: float) -> Times:
    methods = {"portfolio": Portfolio(), **{name: Portfolio(engines=(name,)) for name in SHARES[kind]}}
    found: Times = {name: [] for name in methods}
    for model in models:
        runs = {name: place.run(model, seconds, portfolio=each) for name, each in methods.items()}
        best = min(cost for run in runs.values() for _, cost in _incumbents(model, run))
        for name, run in runs.items():
            found[name].append(_time(model, run, best, seconds))
    return found


def _time(model: Model, run: Run, best: int, seconds: float) -> float:
    limit = best + WITHIN * abs(best)
    return next((at_s for at_s, cost in _incumbents(model, run) if cost <= limit), 2 * seconds)


def _incumbents(model: Model, run: Run) -> list[tuple[float, int]]:
    return [
        (float(find["s"]), sign(model) * int(find["value"]))
        for find in run.timeline
        if find["what"] == "objective"
    ]


def _print(kind: str, found: Times, seconds: float) -> None:
    portfolio, alone = found["portfolio"], {name: t for name, t in found.items() if name != "portfolio"}
    fixed = min(alone, key=lambda name: mean(alone[name]))
    hindsight = [min(times) for times in zip(*alone.values(), strict=True)]
    print(f"\n{kind}, {len(portfolio)} instances, {seconds:g} s each")
    rows = {"portfolio": portfolio, f"fixed ({fixed})": alone[fixed], "hindsight": hindsight}
    for name, times in rows.items():
        missed = sum(time >= seconds for time in times)
        told = f"mean {mean(times):7.2f} s  median {median(times):7.2f} s  missed {missed}"
        print(f"{name:<26} {told}", flush=True)


if __name__ == "__main__":
    main()
