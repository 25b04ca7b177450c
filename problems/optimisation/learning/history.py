"""What engines did on instances that were solved before: one row an engine and instance, in `history.csv`.

The file travels with the code and is an input of the work that learns from it, so a choice can be replayed
from the very rows it rested on. `python -m problems.optimisation.learning.collect` adds rows.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import Field

from escalation.inputs.validation import parse
from escalation.model.frozen import Frozen

HISTORY = Path(__file__).parent / "history.csv"


class Trial(Frozen):
    """One engine alone on one instance, on one core.

    `primal` and `dual` are what Berthold (2013, Oper. Res. Lett. 41, 611) calls primal and dual integral,
    divided by the seconds: the relative distance of the incumbent (the bound) to the best cost that any
    engine found, averaged over the run; 1 while there is none. 0 is best.
    """

    recipe: str = Field(description="The instance as a problem file writes it, canonical JSON.")
    kind: str
    engine: str
    seconds: float = Field(gt=0)
    cost: int | None = Field(description="Of the best point; empty: none found.")
    bound: int | None = Field(description="The best lower bound; empty: none proven.")
    primal: float = Field(ge=0, le=1)
    dual: float = Field(ge=0, le=1)
    features: dict[str, float] = Field(default_factory=dict)


FIELDS = tuple(name for name in Trial.model_fields if name != "features")


def read_history(data: bytes) -> tuple[Trial, ...]:
    """Reads the rows of a history file; raises `BadInput` naming the line of a malformed one."""
    rows = csv.DictReader(io.StringIO(data.decode()))
    return tuple(_trial(row, number) for number, row in enumerate(rows, start=2))


def write_history(trials: Iterable[Trial], features: Sequence[str]) -> bytes:
    """Writes rows in the order given, a column for every one of the named features."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [*FIELDS, *features], lineterminator="\n")
    writer.writeheader()
    for trial in trials:
        known = {name: f"{value:.6g}" for name, value in trial.features.items()}
        writer.writerow({**trial.model_dump(exclude={"features"}), **known})
    return text.getvalue().encode()


def _trial(row: dict[str, str], line: int) -> Trial:
    stated = {name: row.get(name) or None for name in ("cost", "bound")}
    known = {name: value for name, value in row.items() if name not in FIELDS and value}
    plain = {name: row.get(name) for name in FIELDS if name not in stated}
    return parse(Trial, {**plain, **stated, "features": known}, f"history line {line}")
