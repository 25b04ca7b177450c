"""Scores and prediction sets of a candidate, recomputed from the model bytes that it carries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from escalation.model.attempt import Candidate, Done
from escalation.model.errors import first_line
from problems.prediction.prediction_sets.rules import RULES
from problems.prediction.prediction_sets.split_conformal import SLACK, excess
from problems.prediction.prediction_sets.task_sets import StatedSets, stated_claim
from problems.prediction.tasks.task import Asking, task
from toolbox.arrays import npy
from toolbox.arrays.types import Floats

if TYPE_CHECKING:
    from problems.prediction.tables.instance import TableInstance

TOLERANCE = 1e-9
"""By how much a recomputed probability may differ: sums in another order, on another processor."""

MOST_MODEL_BYTES = 1 << 30


class Forged(Exception):
    """What a candidate states does not come from what it carries; says how."""


@dataclass(frozen=True)
class Recomputed:
    """What a candidate's model says of the sealed rows.

    Attributes:
        scores: predictions as the task has them: of two classes the probability of the positive one.
        deviation: largest difference from what the candidate stated.
    """

    scores: Floats
    deviation: float


def recompute(instance: "TableInstance", candidate: Candidate, evidence: Sequence[Done]) -> Recomputed:
    """Returns the scores of the sealed rows from the model's bytes, compared with those stated.

    Raises:
        Forged: when anything is missing, malformed or different; never anything else.
    """
    stated = stated_scores(candidate, len(instance.sealed_index), instance.asked)
    model_format = candidate.values.get("model_format")
    scores = _scores(instance, candidate, ("model", model_format), evidence)
    if scores.shape != stated.shape or not bool(np.isfinite(scores).all()):
        raise Forged(f"the model gives scores of shape {scores.shape}, not {stated.shape}, or not all finite")
    wrong = task(instance.asked.task).wrong(scores, instance.asked)
    if wrong:
        raise Forged(f"what the model's bytes give are no predictions: {wrong}")
    deviation = _deviation(scores, stated)
    if not deviation <= TOLERANCE:
        raise Forged(
            f"forged predictions: they differ from what the model's bytes give by up to {deviation:.3g}"
        )
    return Recomputed(scores, deviation)


def _deviation(scores: Floats, stated: Floats) -> float:
    """The largest difference; of numbers beyond 1 relative to them, as sums of such are rounded."""
    return float(np.max(np.abs(scores - stated) / np.maximum(np.abs(stated), 1.0), initial=0.0))


def check_sets(instance: "TableInstance", candidate: Candidate, evidence: Sequence[Done]) -> None:
    """Makes the prediction sets again from the set model's bytes and the stated thresholds.

    The thresholds themselves are believed: a wrong one shows in the coverage that the report counts on the
    sealed rows, and no certificate rests on it.

    Raises:
        Forged: when there are sets, and anything is missing, malformed or different; never anything else.
    """
    stated = stated_sets(candidate, len(instance.sealed_index), instance.asked)
    if stated is None or not len(stated):
        return
    if instance.asked.task != "binary":
        _check_task_sets(instance, candidate, evidence, stated)
        return
    model_format, thresholds = _claim(candidate)
    scores = _scores(instance, candidate, ("set_model", model_format), evidence)
    if scores.shape != stated.shape[:1] or not bool(np.isfinite(scores).all()):
        raise Forged(f"sealed_sets: the set model gives scores of shape {scores.shape}, or not all finite")
    beyond = excess(scores, thresholds) - SLACK
    wrong = (stated != (beyond <= 0)) & (np.abs(beyond) > TOLERANCE)
    if wrong.any():
        count = int(wrong.any(axis=1).sum())
        raise Forged(
            f"forged prediction sets: {count} of {len(stated)} are not those of the set model and thresholds"
        )


def _check_task_sets(
    instance: "TableInstance", candidate: Candidate, evidence: Sequence[Done], stated: NDArray[Any]
) -> None:
    claim = claim_of_sets(candidate, instance.asked)
    said = _scores(instance, candidate, ("set_model", claim.model_format), evidence)
    try:
        count = claim.differing(stated, said, instance.asked, TOLERANCE)
    except ValueError as error:
        raise Forged(f"sealed_sets: {_line(error)}") from error
    if count:
        raise Forged(
            f"forged prediction sets: {count} of {len(stated)} are not those of the set model and thresholds"
        )


def claim_of_sets(candidate: Candidate, asked: Asking) -> StatedSets:
    """Returns what the candidate claims of its sets, of other tasks than two classes.

    Raises:
        Forged: when it is no claim about sets of this task.
    """
    try:
        return stated_claim(candidate.values.get("conformal"), asked)
    except ValueError as error:
        raise Forged(f"sealed_sets: {error}") from error


def _claim(candidate: Candidate) -> tuple[Any, tuple[float, float]]:
    claim = candidate.values.get("conformal")
    stated = claim.get("thresholds") if isinstance(claim, Mapping) else None
    if not isinstance(claim, Mapping) or not isinstance(stated, Sequence) or len(stated) != 2:
        raise Forged("sealed_sets: expected `conformal` with two thresholds among the values, got none")
    if not all(type(limit) in (int, float) and 0 <= limit <= 1 for limit in stated):
        raise Forged(f"sealed_sets: expected thresholds from 0 to 1, got {str(list(stated))[:100]}")
    return claim.get("model_format"), (float(stated[0]), float(stated[1]))


def _scores(
    instance: "TableInstance", candidate: Candidate, named: tuple[str, Any], evidence: Sequence[Done]
) -> Floats:
    """Scores the sealed rows with one of the models that a candidate carries, named (file, format)."""
    from problems.prediction.models.artefact import scores
    from problems.prediction.verify.circuit_evidence import sealed_features

    model = _file(candidate, named[0])
    if len(model) > MOST_MODEL_BYTES:
        raise Forged(f"{named[0]}: expected at most {MOST_MODEL_BYTES} bytes, got {len(model)}")
    rows = instance.sealed_features
    try:
        features = sealed_features(candidate.values, evidence, rows)
    except Exception as error:  # whatever a candidate states, it is a finding about the candidate
        raise Forged(f"features cannot be recomputed: {_line(error)}") from error
    try:
        return np.asarray(scores(named[1], model, rows, features), dtype=np.float64)
    except Exception as error:  # likewise for its bytes
        raise Forged(f"the {named[0].replace('_', ' ')}'s bytes give no scores: {_line(error)}") from error


def stated_scores(candidate: Candidate, rows: int, asked: Asking) -> Floats:
    """Returns the predictions that the candidate states, in the shape that the task has.

    Raises:
        Forged: when they are no predictions of that many rows.
    """
    each = task(asked.task)
    scores: Floats = _array(candidate, "sealed_scores", np.float64, each.shape(rows, asked))
    wrong = each.wrong(scores, asked)
    if wrong:
        raise Forged(f"sealed_scores: {wrong}")
    return scores


def stated_sets(candidate: Candidate, rows: int, asked: Asking | None = None) -> NDArray[Any] | None:
    """Returns the conformal sets, None where the candidate has none; of two classes where nothing is asked.

    Returns:
        Of classes and levels bool of shape (rows, K), of numbers both ends, shape (rows, 2), of times those
        that are outlasted, shape (rows,).

    Raises:
        Forged: when they have another shape or type.
    """
    if "sealed_sets" not in candidate.files:
        return None
    if asked is None or asked.task not in RULES:
        return _array(candidate, "sealed_sets", np.bool_, (rows, 2))
    return _array(candidate, "sealed_sets", *RULES[asked.task].stated(rows, asked))


def _array(candidate: Candidate, name: str, dtype: type[np.generic], shape: tuple[int, ...]) -> NDArray[Any]:
    try:
        return npy.load(_file(candidate, name), dtype, shape, name)
    except ValueError as error:
        raise Forged(str(error)) from error


def _file(candidate: Candidate, name: str) -> bytes:
    if name not in candidate.files:
        raise Forged(f"the candidate carries no file {name!r}")
    return candidate.files[name].data


def _line(error: Exception) -> str:
    return first_line(error)[:300]
