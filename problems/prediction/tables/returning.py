"""Names that come back: the id of a patient with several rows, by the column's name and by its values."""

import re
from collections import Counter

import numpy as np

from escalation.inputs.document import dumped
from problems.prediction.tables.counters import names_something
from toolbox.tables.raw import Numbers, Texts

NAMED = re.compile(
    r"(.*[_\W])?(?i:"
    r"(pat|patient|subj|subject|person|case|record|visit)?[_\W]*(ids?|identifier|uid|uuid)|mrn|pid|pseudonym"
    r"|patients?|subjects?|persons?"
    r"|(pat|patient|subj|subject|person|case|record|hospital|nhs|study|visit)[_\W]*(no|nr|num|number|code)"
    r")\W*|.*[a-z]ID",
    re.ASCII,
)
"""`id`, `Patient ID`, `patientid`, `patientID`, `MRN`, `Case No.`; not `acid`, nor `covid`."""

FEW = 10
"""Different values up to which a column divides the rows, and names nobody."""

TEXTS = 50
"""Different texts beyond which they are names whatever the column is called…"""

ROWS_EACH = 1.5
"""…where so many rows have each, on average; and where none has more than this share of the rows:"""
SHARE = 0.1


def comes_back(name: str, values: Texts | Numbers) -> int:
    """How many different values there are that seem to name somebody who has several rows; 0: they do not.

    Args:
        name: of the column.
        values: numbers (NaN missing), or texts (None missing).
    """
    if isinstance(values, np.ndarray):
        present = values[~np.isnan(values)]
        counts = np.unique(present, return_counts=True)[1]
        whole = bool(np.all(present == np.floor(present)))
        shaped = whole and bool(names_something(present))
    else:
        whole = True
        counts = np.array([*Counter(text for text in values if text is not None).values()], dtype=np.int64)
        rows = int(counts.sum())
        shaped = len(counts) > TEXTS and rows >= ROWS_EACH * len(counts) and counts.max() <= SHARE * rows
    again = len(counts) > FEW and counts.max() > 1
    return len(counts) if again and whole and (shaped or NAMED.fullmatch(name)) else 0


def what_to_paste(name: str, distinct: int) -> str:
    """What is said of such a column, with the lines for `instance`."""
    return (
        f"its {distinct} different values may name patients, or others, who have several rows, which a model "
        f"would then learn from and be judged on: put `{line('group', name)}` under `instance` (--group), or "
        f"`{line('drop', [name])}` if they do not"
    )


def line(field: str, value: object) -> str:
    """`group: Patient ID`, as a problem file has it."""
    return dumped({field: value}).strip()
