"""The HPC tier's set model: the same search once more, on the open rows less those that calibrate."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from escalation.model.errors import BadInput
from escalation.model.identity import derive_seed
from problems.prediction.hpc.open_rows import OpenRows
from problems.prediction.hpc.search import ModelChoice, Search
from problems.prediction.hpc.task_search import TaskSearch
from problems.prediction.models import spreads
from problems.prediction.prediction_sets.split_conformal import (
    COVERAGE,
    WEIGHTED,
    SetModel,
    Sets,
    caveat,
    no_sets,
    set_aside,
    split_conformal,
)
from problems.prediction.prediction_sets.task_sets import TaskSetModel, parts_of, task_sets
from problems.prediction.tasks.task import Asking, of_json
from toolbox.arrays.types import Index

SET_FOLDS = 2
"""Inner folds of a task's search for a set model, which only has to be a fair one."""


@dataclass(frozen=True)
class SetSearch:
    """The search for a set model, or why there is none.

    Attributes:
        search: on the proper training rows alone, with the one round that is trained on all of them.
        held: positions of the calibration rows among the open rows.
        because: why there is no search.
    """

    search: Search | None
    held: Index
    because: str = ""

    def sets(
        self, whole: Search, model: bytes, choice: ModelChoice, asked: Mapping[str, Any] | None = None
    ) -> Sets:
        """Returns the prediction sets of the sealed rows.

        Args:
            whole: the search on all open rows.
            model: what this search came to, as bytes; scored as the verifier will score it.
            choice: what it chose.
            asked: of the rows; None of two classes.
        """
        from problems.prediction.models.artefact import scores

        if self.search is None:
            return no_sets(self.because)
        if isinstance(self.search, TaskSearch) and asked is not None:
            return self._of_task(whole, self.search, model, choice, of_json(asked))
        rows = whole.rows
        calibration = (scores("skops", model, rows.features.iloc[self.held]), rows.labels[self.held])
        trained = len(self.search.rows.labels)
        about = {
            "model": f"{choice.name}, selected and trained on {trained} open rows without these",
            "caveat": caveat(rows.groups, whole.forward),
        }
        made = SetModel(
            "skops", model, calibration, scores("skops", model, rows.sealed), rows.groups[self.held]
        )
        return split_conformal(made, COVERAGE, about)

    def _of_task(
        self, whole: Search, search: TaskSearch, model: bytes, choice: ModelChoice, asked: Asking
    ) -> Sets:
        rows, known = whole.rows, replace(search, rows=whole.rows).outcomes.take(self.held)
        trained = len(search.rows.labels)
        about = {"model": f"{choice.name}, selected and trained on {trained} open rows without these"}
        made = TaskSetModel(spreads.FORMAT if search.spread else search.model_format, model, about)
        calibrating = (rows.features.iloc[self.held], replace(known, groups=rows.groups[self.held]))
        least = float(replace(search, rows=rows).outcomes.values.min())
        return task_sets(
            made, calibrating, rows.sealed, asked, COVERAGE, time_ordered=whole.forward, least=least
        )


def set_search(whole: Search) -> SetSearch:
    """Returns the search for the set model that belongs to a search on all open rows."""
    seed, rows = derive_seed(whole.seed, "sets"), whole.rows
    if rows.weights is not None:
        return SetSearch(None, whole.rounds[-1].test, WEIGHTED)
    grids = {model: grid[::2] for model, grid in whole.plan.grids.items()}  # it only has to be a fair one
    plan = replace(whole.plan, outer_repeats=0, grids=grids)
    try:
        if isinstance(whole, TaskSearch):
            proper, held = parts_of(rows.labels, rows.groups, seed, whole.forward)
            spread = whole.modelled.task == "regression"
            plan = replace(plan, inner_folds=min(SET_FOLDS, plan.inner_folds))
            search = replace(whole, rows=_taken(rows, proper), plan=plan, seed=seed, spread=spread).fitting()
        else:
            proper, held = set_aside(rows.labels, rows.groups, seed, whole.forward)
            about = whole.metric, seed, whole.forward, whole.efficiency
            search = Search(_taken(rows, proper), plan, *about).fitting()
        if not search.models:
            raise ValueError("too few rows of a class are left to select a second model on")
    except (BadInput, ValueError) as error:
        return SetSearch(None, whole.rounds[-1].test, str(error))
    return SetSearch(search, held)


def _taken(rows: OpenRows, index: Index) -> OpenRows:
    return replace(
        rows,
        features=rows.features.iloc[index],
        labels=rows.labels[index],
        groups=rows.groups[index],
        digests=tuple(rows.digests[place] for place in index),
        outcomes=None if rows.outcomes is None else rows.outcomes.take(index),
    )
