"""Does learning which engines deserve the time help? Learned shares against usual ones and single engines.

    python -m bench.optimisation.learning [--seconds 10] [--each 4]

Method: instances of every kind come from the generators, of sizes and seeds that history does not hold. On
each, in turn, with 2 ranks and the same seconds: the portfolio with its usual shares (the baseline), with the
learned shares, and the pair of engines that is best on average in history, one for answers and one for bounds
(`fixed`: what one would choose without looking at the instance). Reported is the relative gap that the
verifier showed, its mean over instances, and on how many of them learned shares came out better or worse than
the baseline by more than a tenth of its gap. The seconds of choosing (features, training) are not counted;
they are printed. Learning helps where its mean gap is below the baseline's: read the table, kind by kind.
"""

import argparse
from pathlib import Path
from statistics import mean
from time import perf_counter
from typing import Any

from bench.machine import machine
from bench.optimisation.running import RankRunner, bench
from bench.optimisation.targets import held_out
from escalation.model.report import Report
from problems.optimisation.learning.choose import best_fixed, choose
from problems.optimisation.learning.history import HISTORY, read_history
from problems.optimisation.loading.loading import load
from problems.optimisation.model.models import KINDS, Model, dump
from problems.optimisation.tiers.hpc import Portfolio

Gaps = dict[str, list[float]]


def main() -> None:
    """Runs everything side by side, and prints a line for each kind and method."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--each", type=int, default=4, help="instances of every kind")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    chosen = parser.parse_args()
    print(machine())
    with bench() as place:
        for kind in chosen.kinds:
            models = [load(recipe, 0, Path()).model for recipe in held_out(kind, chosen.each)]
            _print(kind, _gaps(place, kind, models, chosen.seconds))


def _gaps(place: RankRunner, kind: str, models: list[Model], seconds: float) -> Gaps:
    trials = [trial for trial in read_history(HISTORY.read_bytes()) if trial.kind == kind]
    fixed = tuple(dict.fromkeys(best_fixed(trials, side) for side in ("primal", "dual")))
    print(f"\n{kind}: fixed is {' and '.join(fixed)}", flush=True)
    found: Gaps = {"usual": [], "learned": [], "fixed": []}
    for model in models:
        start = perf_counter()
        weights: dict[str, Any] = choose(
            {"seed": 1}, {"model": dump(model), "history": HISTORY.read_bytes()}, Report()
        ).values["learned"]
        chose_s = perf_counter() - start
        methods = {
            "usual": Portfolio(),
            "learned": Portfolio(weights=weights or None),
            "fixed": Portfolio(engines=fixed),
        }
        for name, portfolio in methods.items():
            found[name].append(min(place.run(model, seconds, portfolio=portfolio).gap, 1.0))
        told = ", ".join(f"{name} {100 * gaps[-1]:.2f} %" for name, gaps in found.items())
        print(f"  {model.size} variables or patients: {told}; chosen in {chose_s:.1f} s", flush=True)
    return found


def _print(kind: str, found: Gaps) -> None:
    pairs = list(zip(found["usual"], found["learned"], strict=True))
    better = sum(learned < 0.9 * usual for usual, learned in pairs)
    worse = sum(learned > 1.1 * usual for usual, learned in pairs)
    means = ", ".join(f"{name} {100 * mean(gaps):.2f} %" for name, gaps in found.items())
    print(
        f"{kind}: mean gap {means}; learned better on {better}, worse on {worse} of {len(pairs)}", flush=True
    )


if __name__ == "__main__":
    main()
