"""How much each row counts: the column of weights, as simulated collisions and sampled surveys have one."""

import numpy as np

from escalation.model.errors import BadInput
from escalation.text.wording import counted
from problems.prediction.tasks.reading import amounts
from toolbox.arrays.types import Floats
from toolbox.tables.raw import RawTable

LEAST, MOST = 1e-100, 1e100
"""Weights between which sums of their squares are numbers."""
NEGATIVE = (
    "fits and bounds need weights above 0: resample the events to positive weights first (Andersen and "
    "others 2020, arXiv:2005.09375; Nachman and Thaler 2020, arXiv:2007.11586), or simulate without "
    "negative ones"
)


def row_weights(table: RawTable, name: str) -> tuple[Floats, tuple[str, ...]]:
    """Returns the weight of each row, shape (n,), and what was assumed.

    Raises:
        BadInput: with one line that names the row, on a weight that is missing, no number, infinite, 0,
            negative or beyond number.
    """
    weights, _, remarks = amounts(table, name, "weight")
    for place in np.flatnonzero(weights <= 0)[:1]:
        many = int(np.sum(weights < 0))
        if not many:
            why = "a row that does not count is no row of this table: remove it"
        else:
            why = f"{counted(many, 'row has', 'rows have')} a negative one: {NEGATIVE}"
        raise BadInput(
            f"weight column {name!r}, {table.where[place]}: expected a weight above 0, got "
            f"{weights[place]:g}; {why}"
        )
    for place in np.flatnonzero((weights < LEAST) | (weights > MOST))[:1]:
        raise BadInput(
            f"weight column {name!r}, {table.where[place]}: expected a weight from {LEAST:g} to {MOST:g}, "
            f"got {weights[place]:g}: divide all of them by one number"
        )
    worth = float(weights.sum() / weights.max())
    said = (
        f"column {name!r}: rows count by their weight in fits, figures and bounds; {len(weights):,} "
        f"rows bound no more than {worth:,.0f} of one weight, the heaviest's, would"
    )
    return weights, (*remarks, said)
