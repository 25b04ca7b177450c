"""The models that nested cross-validation chooses from, and how much of each a table's size allows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from problems.prediction.hpc.task_grids import task_grids
from problems.prediction.models.reduction import blocks_of, reduced_grids
from problems.prediction.tables.table import TableView, width
from toolbox.stats.weighted_metrics import RANKING

KERNEL_ROWS = 2000
"""Open rows up to which an exact kernel machine is trained; its cost grows with their square or worse.
Beyond, the kernel is approximated (Nyström; Williams and Seeger, NIPS 2000)."""

TUNING_ROWS = 4000
"""Rows that settings are tuned on; the chosen settings are then fitted on all rows."""

FIT_ROWS = 20_000
"""Rows that models other than logistic regression are fitted on."""

NEIGHBOUR_ROWS = 8000
"""Rows that nearest neighbours are looked for among; a prediction costs as much as there are."""

TASK_KERNEL_ROWS = 1500
"""Likewise for a number, where more settings are tried."""

NEIGHBOUR_SHARE = 0.25
"""Share of the rows that may be neighbours, at most; the smallest training set may allow fewer."""

MOST_SITES = 20
"""Open sites up to which each is left out by itself; of more, several at a time."""

Grid = list[dict[str, Any]]


@dataclass(frozen=True)
class SearchPlan:
    """What the MPI program is asked to do, as plain data.

    Attributes:
        grids: settings to try, by model, the most regularised first: the first wins a tie.
        outer_folds: folds of a repeat of the outer cross-validation, which estimates; 0 for one a group.
        outer_repeats: its repeats, each with another shuffle.
        inner_folds: folds of the inner one, which chooses.
        replicates: of the bootstrap.
        blocks: kinds of columns, see `reduction.Blocks`.
    """

    grids: Mapping[str, Grid]
    outer_folds: int = 5
    outer_repeats: int = 1
    inner_folds: int = 3
    replicates: int = 400
    blocks: Sequence[Sequence[int]] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "grids": {model: list(grid) for model, grid in self.grids.items()},
            "outer_folds": self.outer_folds,
            "outer_repeats": self.outer_repeats,
            "inner_folds": self.inner_folds,
            "replicates": self.replicates,
            **({"blocks": [list(block) for block in self.blocks]} if self.blocks else {}),
        }

    def fits(self, metric: str, groups: int = 0) -> int:
        """Returns the number of models fitted: tuning, evaluation, and calibration where it is needed.

        Tuning happens in every outer fold, for the answer, and for the model behind the prediction sets.

        Args:
            metric: what the target asks for.
            groups: that are left out one at a time, where the plan says so.
        """
        refits = dict.fromkeys(("svm_rbf", "nearest_neighbours"), 1 if metric in RANKING else 4)
        settings = sum(len(grid) * refits.get(model, 1) for model, grid in self.grids.items())
        splits = (self.outer_folds or groups) * self.outer_repeats
        return (splits + 2) * self.inner_folds * settings + splits * len(self.grids) * 4


def plan_for(view: TableView) -> SearchPlan:
    """Returns the plan for a table: exact kernels where they are affordable; of many
    rows, three folds of the estimate say as much as five of few."""
    blocks = blocks_of(view.columns, view.blocks)
    plan = _plan_for(view, blocks=bool(blocks))
    reduced = any("block_components" in params for grid in plan.grids.values() for params in grid)
    return replace(plan, blocks=blocks) if reduced else plan


def _plan_for(view: TableView, *, blocks: bool) -> SearchPlan:
    if view.asked.task != "binary":
        classes, features = len(view.asked.classes), width(view.columns)
        task = view.asked.task
        grids = task_grids(task, view.n_open, features, classes, TASK_KERNEL_ROWS, blocks=blocks)
        return SearchPlan(grids, outer_folds=_outer_folds(view), replicates=200)
    ridge: Grid = [{"C": C} for C in (0.001, 0.01, 0.1, 1.0, 10.0)]
    elastic: Grid = [{"C": C, "l1_ratio": 0.5} for C in (0.02, 0.1, 0.5)]
    gammas = (0.1, 0.3, 1.0)
    neighbours: Grid = [{"n_neighbors": k} for k in (81, 41, 21, 11, 5) if k <= NEIGHBOUR_SHARE * view.n_open]
    exact = view.n_open <= KERNEL_ROWS
    grids = {"ridge": ridge, "elastic_net": elastic}
    if exact:
        grids["svm_rbf"] = [{"C": C, "gamma": g} for C in (0.1, 1.0, 10.0) for g in gammas]
    else:
        grids["nystroem_rbf"] = [{"C": C, "gamma": g} for C in (0.1, 10.0) for g in gammas]
    if "weight" not in view.asked.parameters:  # their votes cannot be weighted
        grids["nearest_neighbours"] = neighbours
    grids = reduced_grids(grids, view.n_open, width(view.columns), blocks=blocks)
    if view.open_sites:
        return SearchPlan(grids, outer_folds=_outer_folds(view))
    return SearchPlan(grids) if exact else SearchPlan(grids, outer_folds=3, replicates=200)


def first_plan(view: TableView) -> SearchPlan:
    """Returns the plan of a first answer: one linear model, moderately regularised, and no estimate."""
    task = view.asked.task
    if task == "time_to_event":
        grids: dict[str, Grid] = {"cox": [{"penalty": 0.03}]}
    elif task == "regression":
        grids = {"least_squares_ridge": [{"alpha": 10.0}]}
    else:
        grids = {"ridge": [{"C": 0.1}]}
    kept = reduced_grids(grids, view.n_open, width(view.columns))
    return SearchPlan(
        {model: grid[-1:] for model, grid in kept.items()}, outer_repeats=0, inner_folds=2, replicates=0
    )


def _outer_folds(view: TableView) -> int:
    """Five, or one a site that is left out."""
    return 0 if 0 < view.open_sites <= MOST_SITES else 5


def estimated_cost(model: str, rows: int, features: int) -> float:
    """Returns the relative cost of one fit, for ordering tasks; no result depends on it."""
    scale = {
        "ridge": 1.0,
        "elastic_net": 4.0,
        "svm_rbf": 1.0,
        "nystroem_rbf": 10.0,
        "nearest_neighbours": 0.5,
    }
    growth = (rows / 300) ** (2 if model in ("svm_rbf", "gaussian_process") else 1)
    return scale.get(model, 2.0) * (0.2 + growth * (0.3 + features / 30))
