"""`tierwise predict`: an accepted model on the rows of another file."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from escalation.model.attempt import Candidate
from escalation.model.errors import BadInput, first_line
from escalation.ports.applying import Applied, SaidOfRow
from problems.prediction.applying.new_rows import NewRows, new_rows
from problems.prediction.applying.reasons import MOST_CELLS, reasons
from problems.prediction.applying.saying import said_of
from problems.prediction.models.artefact import scores
from problems.prediction.tasks.task import Asking, of_json
from toolbox.arrays.types import Floats
from toolbox.tables.any_file import read_any
from toolbox.tables.raw import RawTable

if TYPE_CHECKING:
    import pandas as pd

ON_ROWS = ("csv", "parquet", "excel", "dataset")
"""Sources whose rows a table of the same columns gives again."""


def apply(
    instance: Mapping[str, Any], recorded: Mapping[str, Any], candidate: Candidate, path: Path, folder: Path
) -> Applied:
    """Applies a model to the rows of a table.

    Args:
        instance: as the problem states it.
        recorded: what the record has of the instance, see `TableInstance.describe`.
        candidate: the accepted one, with its model.
        path: of a CSV, Parquet or Excel file with the columns that were learnt from; others may be in it.
        folder: where it starts from.

    Raises:
        BadInput: when the rows cannot be read as those that were learnt from, or the model needs more than
            a row to say something of it.
    """
    if not any(instance.get(name) is not None for name in ON_ROWS):
        raise BadInput(
            "its rows were made from other files than tables, which new rows cannot be made from yet"
        )
    if "features" in candidate.values:
        raise BadInput("its model needs a circuit to be run for every row, which is not offered")
    table = _table(instance, path, folder)
    rows = new_rows(table, recorded["features"])
    asked = asking(recorded)
    predict = _predictor(candidate, "model", candidate.values["model_format"])
    values = said_of(asked, predict(rows.frame), _sets(candidate, rows.frame))
    said = zip(table.where, values, _reasons(rows, recorded, predict, asked), rows.flags, strict=True)
    return Applied(tuple(SaidOfRow(*each) for each in said), _remarks(rows, recorded))


def asking(recorded: Mapping[str, Any]) -> Asking:
    """What was asked, as the record has it."""
    if "asked" in recorded:
        return of_json(recorded["asked"])
    return Asking("binary", (recorded["negative"], recorded["positive"]))


def _table(instance: Mapping[str, Any], path: Path, folder: Path) -> RawTable:
    table = read_any(folder / path, tuple(instance.get("na_values") or ()))
    if not len(table):
        raise BadInput(f"{path}: expected rows, got none")
    return table


def _predictor(candidate: Candidate, name: str, model_format: str) -> Callable[["pd.DataFrame"], Floats]:
    model = candidate.files[name].data

    def predict(frame: "pd.DataFrame") -> Floats:
        try:
            return scores(model_format, model, frame)
        except ValueError as error:
            raise BadInput(f"the model says nothing of these rows: {first_line(error)}") from error

    return predict


def _sets(candidate: Candidate, frame: "pd.DataFrame") -> Any:
    """What the set model says, and the thresholds; None where no sets were made."""
    claim = candidate.values.get("conformal")
    if not isinstance(claim, Mapping) or "set_model" not in candidate.files:
        return None
    return _predictor(candidate, "set_model", claim["model_format"])(frame), claim


def _reasons(
    rows: NewRows, recorded: Mapping[str, Any], predict: Callable[["pd.DataFrame"], Floats], asked: Asking
) -> list[tuple[str, ...]]:
    best = np.argmax(predict(rows.frame), axis=1) if asked.task in ("multiclass", "ordinal") else None

    def one(frame: "pd.DataFrame") -> Floats:
        found = predict(frame)
        if best is not None:
            found = found[np.arange(len(found)), best]
        return found if found.ndim == 1 else found[:, -1]

    spread = float(np.ptp(one(rows.frame))) if asked.task == "regression" else 1.0
    return reasons(rows.frame, recorded["features"], one, max(0.01 * spread, 1e-9))


def _remarks(rows: NewRows, recorded: Mapping[str, Any]) -> tuple[str, ...]:
    features, count = recorded["features"], len(rows.frame)
    found = list(rows.remarks)
    if outside := sum(map(bool, rows.flags)):
        found.append(f"{outside} of {count} rows are unlike all that the model learnt from: see `unlike`")
    if not any("seen" in each for each in features):
        found.append("the record does not say which values were seen: no row is flagged, none explained")
    elif len(features) * count > MOST_CELLS:
        found.append("no reasons are given: too many columns and rows")
    return tuple(found)
