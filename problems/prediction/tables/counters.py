"""Columns that tell a row's place in the file: where rows are sorted by class, they tell the class."""

import numpy as np

from toolbox.tables.raw import Numbers

LEAST = 20
"""Present values below which nothing is said: chance makes a few whole numbers regular."""

NEARLY_ALL = 0.9
"""Share of steps from row to row that must be equal in a count that starts anew now and then."""

LARGEST = 2.0**53
REPEATED = 0.75
RARE = 0.1
"""Different values among the rows, and rows of one value, below which far-off whole numbers may be names."""

SURPRISE = 20.0
"""Whole numbers drawn without repeating one have e^-SURPRISE chance to be measurements (birthday problem)."""


def counts_rows(present: Numbers) -> str:
    """Says in what way numbers, in the file's order, count its rows; empty where they do not.

    A count may go up or down, start anywhere, step by more than one, start anew, have gaps where rows were
    left out, or be shuffled after it was made.
    """
    if len(present) < LEAST:
        return ""
    steps = np.diff(present)
    whole = bool(np.all(present == np.floor(present)))
    once = len(np.unique(present)) == len(present)
    if once and _even(present):
        return "its values are evenly spaced, each once"
    if whole and _mostly_one(steps):
        return f"from row to row it mostly changes by {_common(steps):g}"
    if whole and once and (np.all(steps > 0) or np.all(steps < 0)):
        return f"its whole numbers {'rise' if steps[0] > 0 else 'fall'} from row to row"
    if whole and once and len(present) ** 2 > 2 * SURPRISE * (np.ptp(present) + 1):
        return "its whole numbers lie close together, each once"
    return ""


def rises(present: Numbers) -> bool:
    """Whether numbers go one way through the file, as those of patients with several rows do."""
    steps = np.diff(present)
    one_way = bool(np.all(steps >= 0) or np.all(steps <= 0))
    return one_way and len(np.unique(present)) >= LEAST


def names_something(present: Numbers) -> bool:
    """Whether whole numbers seem to be names, not amounts.

    None occurs twice; or many do, though they lie so far apart that amounts would hardly ever meet (fewer
    than one pair is expected, by the birthday problem), and none is as frequent as a round amount.
    """
    levels, counts = np.unique(present, return_counts=True)
    if len(levels) < LEAST or np.any(present != np.floor(present)) or np.abs(levels).max() > LARGEST:
        return False
    unit = np.gcd.reduce(np.diff(levels).astype(np.int64))
    rarely_meet = len(present) ** 2 < 2 * np.ptp(levels) / unit
    repeated = len(levels) < REPEATED * len(present) and counts.max() < RARE * len(present)
    return bool(counts.max() == 1 or (rarely_meet and repeated))


def _even(present: Numbers) -> bool:
    gaps = np.diff(np.sort(present))
    return bool(np.ptp(gaps) <= 1e-6 * gaps.max())


def _mostly_one(steps: Numbers) -> bool:
    common = _common(steps)
    return common != 0 and float(np.mean(steps == common)) >= NEARLY_ALL


def _common(steps: Numbers) -> float:
    values, counts = np.unique(steps, return_counts=True)
    return float(values[np.argmax(counts)])
