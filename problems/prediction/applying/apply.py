"""`tierwise predict`: an accepted model on the rows of another file."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from escalation.model.attempt import Candidate
from escalation.model.certificate import Certificate
from escalation.model.errors import BadInput, first_line
from escalation.ports.applying import Applied, SaidOfRow
from problems.prediction.applying.new_rows import NewRows, new_rows
from problems.prediction.applying.reasons import Cause, causes, explained, reasons
from problems.prediction.applying.saying import one_by_one, said_of
from problems.prediction.applying.unlike import columns_said
from problems.prediction.models.artefact import scores
from problems.prediction.prediction_sets.split_conformal import WEIGHTED
from problems.prediction.sources.new_data import read_new
from problems.prediction.tasks.task import Asking, of_json
from problems.prediction.verify.coverage import refuted_in_words, why_no_sets
from toolbox.arrays.types import Floats, Index
from toolbox.tables.raw import RawTable

if TYPE_CHECKING:
    import pandas as pd


def apply(
    instance: Mapping[str, Any],
    recorded: Mapping[str, Any],
    candidate: Candidate,
    path: Path,
    folder: Path,
    *,
    certificate: Certificate | None = None,
) -> Applied:
    """Applies a model to new data of the kind that it was learnt from.

    Args:
        instance: as the problem states it.
        recorded: what the record has of the instance, see `TableInstance.describe`.
        candidate: the accepted one, with its model.
        path: of the new data, see `new_data.read_new`.
        folder: where it starts from.
        certificate: what was certified of it; sets that it refutes are left out.

    Raises:
        BadInput: when the rows cannot be read as those that were learnt from, or the model needs more than
            a row to say something of it.
    """
    if "features" in candidate.values:
        raise BadInput("its model needs a circuit to be run for every row, which is not offered")
    table, source = read_new(instance, recorded, path, folder)
    rows = new_rows(
        table, recorded["features"], int(recorded["open"]["rows"]), source.block_words, source.files
    )
    asked = asking(recorded)
    predict = _predictor(candidate, "model", candidate.values["model_format"])
    refuted = refuted_in_words(certificate.evidence.get("sets")) if certificate else ""
    lacking = WEIGHTED if instance.get("weight") else why_no_sets(asked, candidate)
    sets = None if refuted or lacking else _sets(candidate, rows.frame)
    values = said_of(asked, predict(rows.frame), sets)
    words = {block: said for block, said in source.block_words.items() if block in table.blocks}
    shared = {name: said for block, said in words.items() for name in table.blocks[block]}
    known = causes(recorded["features"], shared)
    because = _reasons(rows, known, predict, asked)
    said = zip(table.where, values, because, rows.flags, strict=True)
    remarks = _remarks(rows, recorded, table, known, instance.get("event"))
    remarks = (*remarks, *([f"{refuted} They are left out."] if refuted else []))
    remarks = (*remarks, *([f"no prediction sets: {lacking}"] if lacking else []))
    return Applied(tuple(SaidOfRow(*each) for each in said), remarks, one_by_one(asked))


def asking(recorded: Mapping[str, Any]) -> Asking:
    """What was asked, as the record has it."""
    if "asked" in recorded:
        return of_json(recorded["asked"])
    return Asking("binary", (recorded["negative"], recorded["positive"]))


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
    rows: NewRows, known: Sequence[Cause], predict: Callable[["pd.DataFrame"], Floats], asked: Asking
) -> list[tuple[str, ...]]:
    best = np.argmax(predict(rows.frame), axis=1) if asked.task in ("multiclass", "ordinal") else None

    def one(frame: "pd.DataFrame", which: Index) -> Floats:
        found = predict(frame)
        if best is not None:
            found = found[np.arange(len(found)), best[which]]
        return found if found.ndim == 1 else found[:, -1]

    every = np.arange(len(rows.frame))
    spread = float(np.ptp(one(rows.frame, every))) if asked.task == "regression" else 1.0
    return reasons(rows.frame, known, one, max(0.01 * spread, 1e-9))


def _remarks(
    rows: NewRows,
    recorded: Mapping[str, Any],
    table: RawTable,
    known: Sequence[Cause],
    event: str | None,
) -> tuple[str, ...]:
    features, count = recorded["features"], len(rows.frame)
    found = [*table.remarks, *rows.remarks]
    outcome = [name for name in (recorded.get("target"), event) if name and name in table.columns]
    if outcome:
        found.append(f"{columns_said(outcome)} of the outcome: not looked at")
    if outside := sum(map(bool, rows.flags)):
        found.append(f"{outside} of {count} rows are unlike all that the model learnt from: see `unlike`")
    if not known:
        found.append("the record does not say which values were seen: no row is flagged, none explained")
    elif (some := explained(len(features), len(known), count)) < count:
        found.append(f"reasons are given of the first {some} rows alone: there are too many columns and rows")
    return tuple(found)
