"""Columns that count the rows are found in every guise; measurements are left alone."""

import numpy as np
import pytest

from problems.prediction.tables.counters import counts_rows, names_something, rises
from toolbox.tables.raw import Numbers

ROWS = np.arange(200, dtype=np.float64)
RNG = np.random.default_rng(4)
HALF = np.sort(RNG.permutation(400)[:200]).astype(np.float64)

COUNTS = {
    "from 0": ROWS,
    "from 1": ROWS + 1,
    "offset": ROWS + 5001,
    "down": -ROWS,
    "by tens": 10 * ROWS,
    "by tenths": 0.1 * ROWS,
    "shuffled": RNG.permutation(ROWS),
    "gaps": HALF,
    "gaps, shuffled": RNG.permutation(HALF),
    "wide gaps": np.cumsum(RNG.integers(1, 1000, 200)).astype(np.float64),
    "starting anew": np.concatenate([ROWS, ROWS + 1, ROWS]),
}

MEASURED = {
    "ages": RNG.integers(20, 90, 200).astype(np.float64),
    "gaussian": RNG.normal(size=200),
    "sorted measurements": np.sort(RNG.normal(size=200)),
    "hormone": RNG.choice(10**6, 200, replace=False).astype(np.float64),
    "sorted counts": np.sort(RNG.integers(0, 40, 200)).astype(np.float64),
    "flags": RNG.integers(0, 2, 200).astype(np.float64),
    "constant": np.ones(200),
    "few": ROWS[:15],
}


@pytest.mark.parametrize("guise", sorted(COUNTS))
def test_a_count_of_the_rows_is_found(guise: str) -> None:
    assert counts_rows(COUNTS[guise])


@pytest.mark.parametrize("guise", sorted(MEASURED))
def test_measurements_do_not_count_rows(guise: str) -> None:
    assert not counts_rows(MEASURED[guise])


def test_a_measurement_in_order_of_the_file_is_noticed() -> None:
    assert rises(np.sort(RNG.normal(size=200)))
    assert rises(-np.sort(RNG.normal(size=200)))
    assert not rises(MEASURED["gaussian"])
    assert rises(np.repeat(ROWS[:40], 3))  # patients with three visits
    assert not rises(np.repeat(ROWS[:10], 20))


def test_whole_numbers_that_name_somebody() -> None:
    ids = RNG.choice(10**6, 100, replace=False).astype(np.float64)
    assert names_something(ids)
    assert names_something(RNG.permutation(np.repeat(ids, 2)))


@pytest.mark.parametrize(
    "amounts",
    [
        MEASURED["ages"],
        MEASURED["gaussian"],
        MEASURED["flags"],
        100 * RNG.integers(1, 2000, 200).astype(np.float64),  # costs, rounded to hundreds
        np.where(RNG.random(200) < 0.5, 0, RNG.integers(0, 10**6, 200)).astype(
            np.float64
        ),  # many without costs
    ],
)
def test_amounts_name_nobody(amounts: Numbers) -> None:
    assert not names_something(amounts)
