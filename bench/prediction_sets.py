"""How often prediction sets, intervals and times hold what they promise, on simulated rows.

    python -m bench.prediction_sets [--sets 2000] [--only regression]

Method. Each data set is drawn anew: rows that calibrate, and 300 new ones. Predictions come with the rows,
as from a model that has seen neither: good, poor, twice too sure, or with a spread that is wrong. The sets
are made by the code that tiers and verifier use (`prediction_sets.rules`), at a coverage of 0.9. Printed:
the share of new rows held in the mean, by how much it misses 0.9 in standard errors of that mean (below -3
is wrong), the share of data sets whose promise the verifier's test refutes at 0.01 on these new rows (at
most 0.0167 allowed, three standard errors), the mean size (labels, width, time; of times the horizon is 1),
and the data sets on which nothing was promised, with the reason. Of times the truth counts, not what is
seen of it.

Rows in groups share nine tenths of their noise. A new row is then one of a new group: where groups differ in
size, one row is drawn of each new group.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from escalation.model.errors import BadInput
from problems.prediction.prediction_sets.rules import RULES
from problems.prediction.tasks.task import Asking, Outcomes
from toolbox.arrays.types import Floats, Ints
from toolbox.stats.conformal import refutation

SEED = 20_261_127
COVERAGE = 0.9
NEW = 300
REFUTED = 0.01
TIMES = np.arange(1, 21) / 20

Drawn = tuple[Outcomes, Floats, Floats]
"""Outcomes as they are seen, what a set model says, and the true outcomes."""


@dataclass(frozen=True)
class SetScenario:
    """Rows as they are drawn, and how many of them calibrate.

    Attributes:
        said: in words.
        task: of the rows.
        draw: from a generator and the numbers of the rows' groups.
        rows: that calibrate.
        largest: rows of the largest group; sizes are even from 1 to that, or all that where `alike`.
    """

    said: str
    task: str
    draw: Callable[[np.random.Generator, Ints], Drawn]
    rows: int
    largest: int = 1
    alike: bool = True
    classes: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def asked(self) -> Asking:
        return Asking(self.task, tuple(map(str, range(self.classes))), self.parameters)

    def groups(self, rng: np.random.Generator) -> Ints:
        """Numbers of the groups of calibration rows, then of new ones, of which none is in both."""
        own: list[int] = []
        while sum(own) < self.rows:
            own.append(self.largest if self.alike else int(rng.integers(1, self.largest + 1)))
        known = np.repeat(np.arange(len(own)), own)[: self.rows]
        return np.concatenate([known, known[-1] + 1 + np.arange(NEW)])


def shared(rng: np.random.Generator, groups: Ints, columns: int = 1) -> Floats:
    """Normal noise of variance 1, nine tenths of it common to the rows of a group; alone it is the row's."""
    common = rng.normal(size=(int(groups.max()) + 1, columns))[groups]
    return np.asarray(np.sqrt(0.9) * common + np.sqrt(0.1) * rng.normal(size=common.shape))


def classes(shares: tuple[float, ...], apart: float, sure: float, rng: Any, groups: Ints) -> Drawn:
    """Classes of groups, with scores so far apart that are taken so many times too seriously."""
    labels = rng.choice(len(shares), int(groups.max()) + 1, p=shares)[groups]
    logits = shared(rng, groups, len(shares)) + apart * np.eye(len(shares))[labels]
    powers = np.exp(sure * (logits - logits.max(axis=1, keepdims=True)))
    return Outcomes(labels, groups=groups), powers / powers.sum(axis=1, keepdims=True), labels


def levels(cuts: tuple[float, ...], noise: float, sure: float, rng: Any, groups: Ints) -> Drawn:
    """Levels of a normal quantity, by one that is off by so much."""
    from scipy.stats import norm

    true = rng.normal(size=int(groups.max()) + 1)[groups]
    seen = true + noise * shared(rng, groups)[:, 0]
    middle, spread = seen / (1 + noise**2), noise / np.sqrt(1 + noise**2) / sure
    edges = norm.cdf((np.asarray(cuts) - middle[:, None]) / spread)
    said = np.diff(np.column_stack([np.zeros(len(seen)), edges, np.ones(len(seen))]), axis=1)
    labels = np.digitize(true, cuts)
    return Outcomes(labels, groups=groups), said, labels


def numbers(shape: str, spread_known: float, rng: Any, groups: Ints) -> Drawn:
    """Numbers whose errors grow with a feature; what is said of the spread is its power, 0 for nothing."""
    feature = rng.uniform(0.5, 3, len(groups))
    noise = shared(rng, groups)[:, 0]
    if shape == "skewed":
        noise = np.exp(noise) - np.exp(0.5)
    elif shape == "heavy":
        noise = noise * np.sqrt(3 / rng.chisquare(3, int(groups.max()) + 1)[groups])
    values = feature + feature * noise
    return Outcomes(values, groups=groups), np.column_stack([feature, feature**spread_known]), values


def times(share: float, hangs: float, sure: float, rng: Any, groups: Ints) -> Drawn:
    """Times of proportional hazards; censoring takes about such a share, and may hang on the risk."""
    risk = 0.8 * shared(rng, groups)[:, 0]
    until = rng.exponential(size=len(groups)) * np.exp(-risk)
    rate = share / (1 - share)
    gone = rng.exponential(size=len(groups)) / rate * np.exp(-hangs * risk)
    said = np.exp(-np.outer(np.exp(sure * risk), TIMES))
    return Outcomes(np.minimum(until, gone), until <= gone, groups=groups), said, until


EVEN3, UNEVEN3, TEN = (1 / 3,) * 3, (0.7, 0.2, 0.1), (0.1,) * 10
CUTS = (-1.0, 0.0, 1.0)


def scenarios() -> list[SetScenario]:
    """All of them."""
    found: list[SetScenario] = []
    for said, draw, count in (
        ("3 even, good", partial(classes, EVEN3, 2.0, 2.0), 3),
        ("3 uneven, poor", partial(classes, UNEVEN3, 1.0, 1.0), 3),
        ("3 uneven, twice too sure", partial(classes, UNEVEN3, 1.5, 3.0), 3),
        ("10 even, good", partial(classes, TEN, 2.5, 2.5), 10),
    ):
        found += [SetScenario(said, "multiclass", draw, rows, classes=count) for rows in (40, 100, 1000)]
    for said, draw in (
        ("4, good", partial(levels, CUTS, 0.5, 1.0)),
        ("4, poor, twice too sure", partial(levels, CUTS, 1.5, 2.0)),
    ):
        found += [SetScenario(said, "ordinal", draw, rows, classes=4) for rows in (40, 100, 1000)]
    for shape in ("normal", "skewed", "heavy"):
        for said, power in (("spread known", 1.0), ("spread unknown", 0.0)):
            draw = partial(numbers, shape, power)
            found += [SetScenario(f"{shape}, {said}", "regression", draw, rows) for rows in (40, 100, 1000)]
    asked = {"times": TIMES.tolist(), "horizon": 1.0}
    for share in (0.2, 0.5, 0.7):
        for sure in (1.0, 2.0):
            draw = partial(times, share, 0.0, sure)
            said = f"{share:.0%} censored" + (", too sure" if sure > 1 else "")
            found += [SetScenario(said, "time_to_event", draw, rows, parameters=asked) for rows in (100, 300)]
    for hangs in (0.3, 0.8):
        draw = partial(times, 0.5, hangs, 1.0)
        said = f"half censored, hazard ratio {np.exp(0.8 * hangs):.2f}"
        found += [SetScenario(said, "time_to_event", draw, rows, parameters=asked) for rows in (100, 300)]
    for alike in (True, False):
        said = "groups of 5" if alike else "groups of 1 to 9"
        size = 5 if alike else 9
        found += [
            SetScenario(f"3, {said}", "multiclass", partial(classes, EVEN3, 1.5, 2.0), 250, size, alike, 3),
            SetScenario(f"4, {said}", "ordinal", partial(levels, CUTS, 1.0, 1.0), 250, size, alike, 4),
            SetScenario(f"normal, {said}", "regression", partial(numbers, "normal", 1.0), 250, size, alike),
            SetScenario(
                f"half censored, {said}",
                "time_to_event",
                partial(times, 0.5, 0.0, 1.0),
                250,
                size,
                alike,
                parameters=asked,
            ),
        ]
    return found


def simulate(scenario: SetScenario, sets: int) -> str:
    """Returns a line of the table."""
    rule, asked, reasons = RULES[scenario.task], scenario.asked, dict[str, int]()
    held, sizes, refuted = [], [], 0
    for number in range(sets):
        rng = np.random.default_rng([SEED, number])
        groups = scenario.groups(rng)
        outcomes, said, truth = scenario.draw(rng, groups)
        known = np.arange(len(groups)) < scenario.rows
        try:
            found = rule.calibrate(said[known], outcomes.take(known), asked, COVERAGE)
        except BadInput as error:
            kind = "censoring depends" if "depends" in str(error) else "too few"
            reasons[kind] = reasons.get(kind, 0) + 1
            continue
        made = rule.made(said[~known], found.thresholds, asked)
        new = outcomes.take(~known)
        inside = truth[~known] >= made if scenario.task == "time_to_event" else rule.held(made, new)
        held.append(float(np.mean(inside)))
        sizes.append(float(np.mean(rule.sizes(made))))
        units = len(np.unique(groups[known]))
        refuted += refutation(rule.held(made, new), np.arange(NEW), COVERAGE, units) < REFUTED
    if not held:
        return f"{scenario.task:14} {scenario.said:36} {scenario.rows:5}  nothing promised {reasons}"
    mean = float(np.mean(held))
    off = (mean - COVERAGE) / float(np.std(held) / np.sqrt(len(held)))
    left = "  ".join(f"{reason} {count}" for reason, count in reasons.items())
    found_out = f"{mean:.4f} {off:+7.1f}  {refuted / len(held):.4f}  {np.mean(sizes):.3f}  {left}"
    return f"{scenario.task:14} {scenario.said:36} {scenario.rows:5}  {found_out}".rstrip()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sets", type=int, default=2000)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    for each in scenarios():
        if each.task.startswith(given.only):
            print(simulate(each, given.sets), flush=True)
