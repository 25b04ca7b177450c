"""How much: a number."""

from collections.abc import Mapping
from math import inf, sqrt
from typing import Any

import numpy as np

from escalation.model.errors import BadInput
from problems.prediction.stated.spec import ColumnsSpec
from problems.prediction.tasks.reading import amounts
from problems.prediction.tasks.task import Asking, Labelled, Outcomes, TaskMetric
from toolbox.arrays.types import Flags, Floats, Ints
from toolbox.stats import paired
from toolbox.stats import regression as stats
from toolbox.stats.bounds import Bound
from toolbox.tables.raw import RawTable

STRATA = 10
ROWS_OF_STRATUM = 20

LIMITLESS = "no bound; none holds for errors without a limit: state the `range` of the outcome"

PARAMETERS: Mapping[str, tuple[Any, str]] = {
    "within_tolerance": (stats.within_tolerance, "tolerance"),
    "error_quantile": (stats.error_quantile, "quantile"),
    "mae": (stats.mean_absolute_error, "range"),
    "rmse": (stats.root_mean_squared_error, "range"),
    "r_squared": (stats.r_squared, "range"),
}
"""Of each metric its bound, and the parameter that this takes."""


class Regression:
    """Numbers; predictions are numbers, shape (n,)."""

    name = "regression"
    fields: tuple[str, ...] = ("tolerance", "quantile", "range")
    least = 1
    of_either = "rows in all"
    metrics: Mapping[str, TaskMetric] = {
        "mae": TaskMetric("at_most", high=None, needs=("range",)),
        "rmse": TaskMetric("at_most", high=None, needs=("range",)),
        "r_squared": TaskMetric(needs=("range",)),
        "rank_correlation": TaskMetric(low=-1.0),
        "within_tolerance": TaskMetric(needs=("tolerance",)),
        "error_quantile": TaskMetric("at_most", high=None, needs=("quantile",)),
    }

    def read(self, table: RawTable, spec: ColumnsSpec) -> Labelled:
        """Numbers are float64.

        Raises:
            BadInput: on a missing value, what is no number, one value throughout, and values out of range.
        """
        numbers, unit, remarks = amounts(table, spec.target)
        if len(np.unique(numbers)) < 2:
            raise BadInput(
                f"target column {spec.target!r}: expected numbers that differ, all of them are {numbers[0]:g}"
            )
        if spec.range is not None:
            _check_range(numbers, spec.range, table, spec.target)
        stated = {
            "tolerance": spec.tolerance,
            "quantile": spec.quantile,
            "range": None if spec.range is None else list(spec.range),
            "unit": unit or None,
        }
        kept = {name: value for name, value in stated.items() if value is not None}
        return Labelled(Outcomes(numbers), Asking(self.name, (), kept), remarks)

    def strata(self, outcomes: Outcomes) -> Ints:
        """Ten intervals of equally many rows, fewer where rows are few; equal numbers stay together."""
        count = min(STRATA, max(2, len(outcomes) // ROWS_OF_STRATUM))
        edges = np.quantile(outcomes.values, np.arange(1, count) / count) if len(outcomes) else np.zeros(0)
        found = np.searchsorted(edges, outcomes.values, side="left")
        return np.unique(found, return_inverse=True)[1]

    def kinds(self, outcomes: Outcomes, asked: Asking) -> Mapping[str, Flags]:
        """All rows are of one kind."""
        return {"with a number": np.ones(len(outcomes), dtype=np.bool_)}

    def shape(self, rows: int, asked: Asking) -> tuple[int, ...]:
        """A number a row."""
        return (rows,)

    def wrong(self, predictions: Floats, asked: Asking) -> str:
        """Whether they are finite, and can be squared."""
        if not bool(np.isfinite(predictions).all()) or float(np.abs(predictions).max(initial=0.0)) > MOST:
            return f"expected numbers between {-MOST:g} and {MOST:g}, got one outside or NaN"
        return ""

    def perfect(self, outcomes: Outcomes, asked: Asking) -> Floats:
        """The numbers."""
        return outcomes.values.astype(np.float64)

    def needed(self, metric: str, outcomes: Outcomes, asked: Asking) -> Mapping[str, Flags]:
        """None."""
        return {}

    def bound(self, metric: str, rows: Outcomes, predictions: Floats, asked: Asking, alpha: float) -> Bound:
        """See `toolbox.stats.regression`; without a range bounds of errors' means are infinite."""
        given: tuple[Any, ...] = rows.values, predictions, rows.grouped, alpha
        if metric == "rank_correlation":
            return stats.rank_correlation(*given)
        bounding, parameter = PARAMETERS[metric]
        if parameter not in asked.parameters:
            return _estimated(metric, rows.values, predictions)
        stated = asked.parameters[parameter]
        found: Bound = bounding(*given, tuple(stated) if parameter == "range" else stated)
        return found

    def compare(
        self, metric: str, rows: Outcomes, candidate: Floats, control: Floats, asked: Asking
    ) -> tuple[float, float]:
        """By the rows' losses, the rank correlation by their influences.

        Two quantiles of the error by the shares of rows with an error beyond the middle between them.
        """
        if metric == "rank_correlation":
            ranks = [stats.ranked(rows.values, each) for each in (candidate, control)]
            return paired.compare_influences(ranks[0], ranks[1], rows.grouped)
        one, other = (stats.errors(rows.values, each) for each in (candidate, control))
        if metric == "error_quantile":
            gone = [float(np.quantile(each, asked.parameters["quantile"])) for each in (other, one)]
            far, farther = ((each > sum(gone) / 2).astype(np.float64) for each in (one, other))
            return gone[0] - gone[1], paired.compare_losses(far, farther, rows.grouped)[1]
        lost, missed = (_losses(metric, each, asked) for each in (one, other))
        return paired.compare_losses(lost, missed, rows.grouped)


def _losses(metric: str, errors: Floats, asked: Asking) -> Floats:
    if metric == "within_tolerance":
        return np.asarray(~stats.close(errors, float(asked.parameters["tolerance"])), dtype=np.float64)
    return errors if metric == "mae" else np.square(errors)


MOST = 1e150
"""Largest number whose square is one."""


def _estimated(metric: str, outcomes: Floats, predictions: Floats) -> Bound:
    if metric == "r_squared":
        return Bound(stats.explained_share(outcomes, predictions), -inf, LIMITLESS)
    errors = stats.errors(outcomes, predictions)
    found = float(errors.mean()) if metric == "mae" else sqrt(float(np.mean(errors**2)))
    return Bound(found, inf, LIMITLESS)


def _check_range(numbers: Floats, within: tuple[float, float], table: RawTable, target: str) -> None:
    low, high = within
    if not low < high:
        raise BadInput(
            f"instance: range: expected two numbers, the lower one first, got {low:g} and {high:g}"
        )
    outside = np.flatnonzero((numbers < low) | (numbers > high))
    if len(outside):
        place = outside[0]
        raise BadInput(
            f"target column {target!r}, {table.where[place]}: {numbers[place]:g} is not within the range "
            f"{low:g} to {high:g}: a range holds whatever may occur by the nature of what is measured"
        )
