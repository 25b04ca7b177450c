"""The HPC tier's set model: the same search once more, on the open rows less those that calibrate."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from escalation.errors import BadInput
from escalation.identity import derive_seed
from problems.classification.arrays import Floats
from problems.classification.grids import NEIGHBOUR_SHARE, Plan
from problems.classification.search import Choice, OpenRows, Search
from problems.classification.split_conformal import (
    COVERAGE,
    SetModel,
    Sets,
    caveat,
    no_sets,
    set_aside,
    split_conformal,
)
from problems.classification.splits import Index

TOO_FEW = "too few rows of a class are left to select a second model on"


class _Optional(Search):
    """A search that may come to nothing on its fewer rows, where the answer's own would be an error."""

    def tune(self, number: int) -> Floats:
        """Returns NaN where a fold lacks a class."""
        try:
            return super().tune(number)
        except ValueError:
            return np.full(len(self.plan.grids[self.tuning_tasks[number][2]]), np.nan)

    def final_model(self, model: str, params: Mapping[str, Any]) -> bytes:
        """Returns no bytes where a fold lacks a class."""
        try:
            return super().final_model(model, params)
        except ValueError:
            return b""


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

    def sets(self, whole: Search, model: bytes, choice: Choice) -> Sets:
        """Returns the prediction sets of the sealed rows.

        Args:
            whole: the search on all open rows.
            model: what this search came to, as bytes; scored as the verifier will score it.
            choice: what it chose.
        """
        from problems.classification.artefact import scores

        if self.search is None:
            return no_sets(self.because)
        if not model or not np.isfinite(list(choice.scores.values())).all():
            return no_sets(TOO_FEW)
        rows = whole.rows
        calibration = (scores("skops", model, rows.features.iloc[self.held]), rows.labels[self.held])
        trained = len(self.search.rows.labels)
        about = {
            "model": f"{choice.name}, selected and trained on {trained} open rows without these",
            "caveat": caveat(rows.groups, whole.forward),
        }
        made = SetModel("skops", model, calibration, scores("skops", model, rows.sealed))
        return split_conformal(made, COVERAGE, about)


def set_search(whole: Search) -> SetSearch:
    """Returns the search for the set model that belongs to a search on all open rows."""
    seed = derive_seed(whole.seed, "sets")
    try:
        proper, held = set_aside(whole.rows.labels, whole.rows.groups, seed, whole.forward)
        search = _Optional(
            rows=_taken(whole.rows, proper),
            plan=_plan(whole.plan, len(proper)),
            metric=whole.metric,
            seed=seed,
            forward=whole.forward,
        )
        _ = search.inner  # its folds need both classes, as those of the whole search do
    except (BadInput, ValueError) as error:
        return SetSearch(None, whole.rounds[-1].test, str(error))
    return SetSearch(search, held)


def _plan(whole: Plan, rows: int) -> Plan:
    """The same plan without outer folds, and without more neighbours than fewer rows can have."""
    most = NEIGHBOUR_SHARE * rows
    grids = {
        model: [params for params in grid if params.get("n_neighbors", 0) <= most]
        for model, grid in whole.grids.items()
    }
    return replace(whole, grids={model: grid for model, grid in grids.items() if grid}, outer_repeats=0)


def _taken(rows: OpenRows, index: Index) -> OpenRows:
    return replace(
        rows,
        features=rows.features.iloc[index],
        labels=rows.labels[index],
        groups=rows.groups[index],
        digests=tuple(rows.digests[place] for place in index),
    )
