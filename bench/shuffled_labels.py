"""What the control with shuffled labels finds on public sets, and how often it calls noise a signal.

    python -m bench.shuffled_labels ../shared/data/domains [--noise 2000]

Method. Each set's columns and outcome go to the control as the verifier gives it the open rows, here all of
them: a ridge that was fixed beforehand, five folds, 999 shuffles. Noise: tables of 40 rows and 200 normal
columns with labels by chance, half of them in pairs of dependent rows; a rate at α may exceed it by three
standard errors."""

import argparse
from collections.abc import Callable
from functools import partial
from math import sqrt
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from bench.machine import machine
from toolbox.arrays.types import Floats, Ints
from toolbox.stats import permutation

Rows = Callable[[pd.DataFrame], tuple[Any, Floats]]


def _classes(target: str, positive: str, drop: tuple[str, ...] = ()) -> Rows:
    return lambda table: (
        table.drop(columns=[target, *drop]),
        np.asarray(table[target] == positive, dtype=np.float64),
    )


def _times(table: pd.DataFrame) -> tuple[Any, Floats]:
    scores = permutation.log_rank_scores(table["time"].to_numpy(np.float64), table["event"].to_numpy())
    return table.drop(columns=["time", "event", "Diam", "N", "ER", "Grade"]), scores


SETS: dict[str, tuple[str, Rows, Any]] = {
    "golub, AML": ("omics_golub/golub.csv", _classes("label", "AML"), permutation.areas),
    "colon, tumour": (
        "omics_colon/colon_discretised.csv",
        _classes("label", "tumour"),
        permutation.areas,
    ),
    "leukaemia, BCR/ABL": (
        "omics_all/all_bcr_abl_79x2000.csv",
        _classes("label", "BCR/ABL", ("patient", "diagnosis", "sex", "age")),
        permutation.areas,
    ),
    "breast, log-rank scores": ("omics_nki70/nki70.csv", _times, permutation.rank_correlations),
}
"""Where it is, columns and labels, the score."""


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--noise", type=int, default=2000)
    asked = parser.parse_args()
    print(machine())
    for name, (path, rows, score) in SETS.items():
        features, labels = rows(pd.read_csv(asked.data / path))
        begun = perf_counter()
        found = _control(np.asarray(features, dtype=np.float64), labels, np.arange(len(labels)), score, 999)
        shape = "{} x {}".format(*features.shape)
        print(
            f"{name:26} {shape:>10}  score {found.score:6.3f}  shuffled {found.shuffled.mean():6.3f} "
            f"(95 % below {np.quantile(found.shuffled, 0.95):.3f})  p {found.p_value:.3f}  "
            f"{perf_counter() - begun:.1f} s"
        )
    _noise(asked.noise)


def _noise(tables: int) -> None:
    rng = np.random.default_rng(permutation.SEED)
    values = []
    for table in range(tables):
        groups = np.arange(40) // (1 + table % 2)
        labels = rng.integers(0, 2, 40).astype(np.float64)
        values.append(_control(rng.normal(size=(40, 200)), labels, groups, permutation.areas, 99).p_value)
    for alpha in (0.01, 0.05, 0.1):
        rate = float(np.mean(np.array(values) <= alpha))
        most = alpha + 3 * sqrt(alpha * (1 - alpha) / tables)
        print(f"noise, {tables} tables: p <= {alpha:<4} in {rate:.3f} (at most {most:.3f})")


def _control(
    features: Floats, labels: Floats, groups: Ints, score: Any, shuffles: int
) -> permutation.Shuffled:
    smoother = permutation.ridge_smoother(features, permutation.group_folds(groups))
    strata = np.zeros(len(labels), dtype=np.intp)
    found = permutation.shuffled_labels(labels, groups, strata, partial(score, smoother), shuffles=shuffles)
    assert found is not None
    return found


if __name__ == "__main__":
    main()
