"""The HPC tier's set model: the same search once more, on the open rows less those that calibrate."""

from dataclasses import dataclass, replace

from escalation.model.errors import BadInput
from escalation.model.identity import derive_seed
from problems.prediction.hpc.search import ModelChoice, OpenRows, Search
from problems.prediction.prediction_sets.split_conformal import (
    COVERAGE,
    SetModel,
    Sets,
    caveat,
    no_sets,
    set_aside,
    split_conformal,
)
from toolbox.arrays.types import Index


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

    def sets(self, whole: Search, model: bytes, choice: ModelChoice) -> Sets:
        """Returns the prediction sets of the sealed rows.

        Args:
            whole: the search on all open rows.
            model: what this search came to, as bytes; scored as the verifier will score it.
            choice: what it chose.
        """
        from problems.prediction.models.artefact import scores

        if self.search is None:
            return no_sets(self.because)
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
    if whole.model_format != "skops":
        return SetSearch(None, whole.rounds[-1].test, "for this task none are made yet")
    try:
        proper, held = set_aside(whole.rows.labels, whole.rows.groups, seed, whole.forward)
        plan = replace(whole.plan, outer_repeats=0)
        search = Search(_taken(whole.rows, proper), plan, whole.metric, seed, whole.forward).fitting()
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
    )
