"""Which engines deserve the time on one instance: the learned shares, with what they rest on."""

from collections.abc import Mapping, Sequence
from typing import Any

from escalation.model.output import Output
from escalation.model.report import Report
from problems.optimisation.learning.features import features
from problems.optimisation.learning.history import Trial, read_history
from problems.optimisation.learning.predict import FLOOR, Expected, Learner
from problems.optimisation.model.models import parse_model
from problems.optimisation.portfolio.plan import usual_shares

KEPT = 2
"""Engines that get time for incumbents, and engines that get time for bounds."""

INSURED = 0.25
"""Of all time, for the usual shares: what was learned may be wrong about an instance unlike those before."""

HELPS: frozenset[str] = frozenset()
"""The kinds on which learned shares beat the usual ones in `bench/optimisation/learning.py`: so far none. On
the others they are computed and shown, and the usual ones are used."""

LEAST_INSTANCES = 6
"""Solved instances of a kind below which nothing is learned."""


def choose(params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report) -> Output:
    """A local call: shares of time by engine for `inputs["model"]`, learned from `inputs["history"]`.

    The values hold `learned`, the shares (empty where history is too short); `weights`, the shares to use
    (empty where learning was not shown to help: the portfolio then divides time as it would without);
    `expected`; and `instances`, the number of solved instances that were learned from.
    """
    model = parse_model(inputs["model"])
    trials = [trial for trial in read_history(inputs["history"]) if trial.kind == model.kind]
    solved = len({trial.recipe for trial in trials})
    found = features(model)
    if solved < LEAST_INSTANCES:
        return Output({"learned": {}, "weights": {}, "expected": [], "features": found, "instances": solved})
    expected = Learner(trials, params["seed"]).expect(found)
    learned = insured(shares(expected), usual_shares(model))
    return Output(
        {
            "learned": learned,
            "weights": learned if model.kind in HELPS else {},
            "expected": [vars(each) for each in expected],
            "features": found,
            "instances": solved,
        }
    )


def shares(expected: Sequence[Expected]) -> dict[str, float]:
    """Divides the time: half to the engines that bound best, half to those that find best.

    Within a half, each of the best gets time in inverse proportion to its expected distance.
    """
    weights: dict[str, float] = {}
    for side in ("primal", "dual"):
        best = sorted(expected, key=lambda each: (getattr(each, side), each.engine))[:KEPT]
        merits = {each.engine: 1 / max(getattr(each, side), FLOOR) for each in best}
        for engine, merit in merits.items():
            weights[engine] = weights.get(engine, 0.0) + 0.5 * merit / sum(merits.values())
    return {engine: round(weight, 4) for engine, weight in sorted(weights.items())}


def insured(learned: Mapping[str, float], usual: Mapping[str, float]) -> dict[str, float]:
    """Blends learned shares with the usual ones, engine by engine; both are divided by their sums."""

    def part(shares: Mapping[str, float], engine: str) -> float:
        return shares.get(engine, 0.0) / sum(shares.values())

    return {
        engine: round((1 - INSURED) * part(learned, engine) + INSURED * part(usual, engine), 4)
        for engine in sorted({*learned, *usual})
    }


def best_fixed(trials: Sequence[Trial], side: str) -> str:
    """The engine that is best on average: what one would choose without looking at instances."""
    engines = sorted({trial.engine for trial in trials})

    def mean(engine: str) -> float:
        own = [float(getattr(trial, side)) for trial in trials if trial.engine == engine]
        return sum(own) / len(own)

    return min(engines, key=mean)
