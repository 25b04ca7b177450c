"""The settings that nested cross-validation chooses from, by task; the most regularised first."""

from collections.abc import Mapping
from typing import Any

from problems.prediction.models.estimators import CLASSES
from problems.prediction.models.reduction import reduced_grids

Grid = list[dict[str, Any]]

SAGA_CELLS = 200_000
"""Rows × features × classes up to which an elastic net of classes is fitted in a fraction of a second."""

GAMMAS = (0.1, 0.3, 1.0)


def task_grids(
    task: str, rows: int, features: int, classes: int, exact_rows: int, *, blocks: bool = False
) -> Mapping[str, Grid]:
    """Returns the settings by model.

    Args:
        task: `multiclass`, `ordinal`, `regression` or `time_to_event`.
        rows: open ones.
        features: after coding.
        classes: 0 where there are none.
        exact_rows: up to which an exact kernel is affordable.
        blocks: whether columns are of several kinds.
    """
    if task == "time_to_event":
        cox: Grid = [{"penalty": each} for each in (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)]
        return reduced_grids({"cox": cox}, rows, features, blocks=blocks)
    of_classes = task in CLASSES
    grids = _of_classes(rows * features * classes) if of_classes else _of_numbers(rows <= exact_rows)
    if task == "ordinal":
        grids["cumulative"] = [{"C": C} for C in (0.01, 0.1, 1.0)]
    neighbours = "neighbours_vote" if of_classes else "neighbours_mean"
    grids[neighbours] = [{"n_neighbors": k} for k in (41, 21, 11, 5) if k <= rows / 4]
    return reduced_grids(
        {model: grid for model, grid in grids.items() if grid}, rows, features, blocks=blocks
    )


def _of_classes(cells: int) -> dict[str, Grid]:
    grids: dict[str, Grid] = {"ridge": [{"C": C} for C in (0.001, 0.01, 0.1, 1.0, 10.0)]}
    if cells <= SAGA_CELLS:
        grids["elastic_net"] = [{"C": C, "l1_ratio": 0.5} for C in (0.02, 0.1, 0.5)]
    grids["nystroem_rbf"] = [{"C": C, "gamma": g} for C in (0.1, 10.0) for g in GAMMAS]
    return grids


def _of_numbers(exact: bool) -> dict[str, Grid]:
    """Each scale of the number; where it is not positive and skewed, a search leaves the logarithm out."""
    ridge: Grid = [{"alpha": alpha} for alpha in (1000.0, 100.0, 10.0, 1.0)]
    elastic: Grid = [{"alpha": alpha, "l1_ratio": 0.5} for alpha in (0.3, 0.1, 0.03, 0.01)]
    kernel: Grid = [{"alpha": alpha, "gamma": g} for alpha in (1.0, 0.1) for g in GAMMAS]
    grids = {
        "least_squares_ridge": [*ridge, *({**each, "log": True} for each in ridge)],
        "least_squares_elastic_net": elastic,
    }
    if exact:
        grids["gaussian_process"] = [*kernel, *({**each, "log": True} for each in kernel)]
        grids["svm_regression"] = [{"C": C, "gamma": g} for C in (1.0, 10.0) for g in GAMMAS]
    else:
        grids["nystroem_regression"] = kernel
    return grids
