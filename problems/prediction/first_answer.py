"""An answer early on: a model with default settings that stands until the search behind it is done.

Where the search is stopped at its time limit, by the problem's budget or its own, the first model is the
tier's answer. Both are pieces of work of their own with a recorded end, so a replay asks no clock: it finds
the same first model, and takes the record's word for what the limit ended.
"""

from dataclasses import replace

from escalation.model.attempt import Candidate
from escalation.model.job_state import JobState
from escalation.model.result import RawResult
from problems.prediction.tables.table import TableView, width

CELLS = 4_000
"""Open rows × features from which on a first model is made; the search through fewer takes seconds."""


def wanted(view: TableView) -> bool:
    """Tells whether a search takes so long that a first model is made before it."""
    return view.n_open * width(view.columns) >= CELLS


def stands(result: RawResult) -> bool:
    """Tells whether a search was ended by its time limit, so that what was found before is the answer."""
    return result.state is JobState.TIMED_OUT


def why(first: object, search: RawResult) -> str:
    """Says what ended the search, and what the first model before it where that failed too."""
    if isinstance(first, RawResult) and not first.ok:
        return f"{search.error}; its first model, before it: {first.error}"
    return str(search.error)


def standing(first: Candidate, search: RawResult) -> Candidate:
    """Returns the first model as the answer, with what was left undone.

    Args:
        first: the candidate that it makes.
        search: the work that was ended.
    """
    undone = {"step": 1, "of": 2, "undone": "the search for better settings and models", "by": search.error}
    chosen = f"{first.values['chosen']}, default settings: the search was stopped by its time limit"
    return replace(
        first,
        values={**first.values, "chosen": chosen},
        notes={**first.notes, "stopped_after": undone},
    )
