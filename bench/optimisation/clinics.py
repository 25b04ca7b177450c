"""Clinics of 60, 120 and 200 patients: the portfolio against each of its engines alone.

    python -m bench.optimisation.clinics [--seconds 30] [--seeds 1 2 3]

Method: for every size and seed a clinic is generated (`problems.optimisation.generate.clinic`). The
portfolio, and each engine alone, get the same 2 ranks and the same seconds, in turn on the same clinic; an
engine alone runs on both ranks with different seeds and shares what it finds, as in the portfolio. Reported,
medians over seeds, is the relative gap of each method's own answer to its own bound, once to the bound that
the verifier showed again, and once to the bound that the method states ("-" where it lacks an answer or a
bound); beside it answers and bounds against the best that any method found. HiGHS and CP-SAT state bounds
without a proof, which the verifier only believes on small instances, after another engine found the same. The
last row pairs the best single answer with the best shown bound of all: an oracle that no engine alone
reaches.
"""

import argparse
from collections.abc import Sequence
from statistics import median

from bench.machine import machine
from bench.optimisation.running import RankRunner, Run, bench
from problems.optimisation.generate.clinic import clinic
from problems.optimisation.portfolio.plan import SHARES
from problems.optimisation.tiers.hpc import Portfolio

SIZES = (60, 120, 200)
Runs = dict[str, list[Run]]


def main() -> None:
    """Runs everything side by side, and prints a table for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    chosen = parser.parse_args()
    print(machine())
    with bench() as place:
        for size in chosen.sizes:
            print(f"\n{size} patients, {chosen.seconds:g} s, seeds {chosen.seeds}", flush=True)
            _print(_runs(place, size, chosen.seeds, chosen.seconds))


def _runs(place: RankRunner, size: int, seeds: Sequence[int], seconds: float) -> Runs:
    alone = {name: Portfolio(engines=(name,)) for name in SHARES["appointments"]}
    methods = {"portfolio": Portfolio(), **alone}
    found: Runs = {name: [] for name in methods}
    for seed in seeds:
        model = clinic(size, seed)
        for name, portfolio in methods.items():
            found[name].append(place.run(model, seconds, portfolio=portfolio))
    return found


def _print(found: Runs) -> None:
    count = len(found["portfolio"])
    answers = [min(_answer(runs[k]) for runs in found.values()) for k in range(count)]
    bounds = [max(_bound(runs[k]) for runs in found.values()) for k in range(count)]
    for name, runs in found.items():
        shown, stated = median(run.gap for run in runs), median(run.claimed_gap for run in runs)
        worse = median(_answer(run) / best - 1 for run, best in zip(runs, answers, strict=True))
        looser = median(1 - _bound(run) / best for run, best in zip(runs, bounds, strict=True))
        beside = f"answer {_percent(worse)} worse, bound {_percent(looser)} looser than the best"
        print(f"{name:<16} gap shown {_percent(shown)}, stated {_percent(stated)}   {beside}")
    paired = median((answer - bound) / answer for answer, bound in zip(answers, bounds, strict=True))
    print(f"{'oracle':<16} gap shown {_percent(paired)}", flush=True)


def _answer(run: Run) -> float:
    return float("inf") if run.objective is None else run.objective


def _bound(run: Run) -> float:
    return 0.0 if run.bound is None else run.bound


def _percent(value: float) -> str:
    return f"{100 * value:6.2f} %" if value < float("inf") else "       -"


if __name__ == "__main__":
    main()
