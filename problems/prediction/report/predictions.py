"""What a model predicts of the rows kept aside, as a table for other programs."""

import csv
import io
from typing import TYPE_CHECKING

import numpy as np

from escalation.model.attempt import Candidate
from problems.prediction.verify.recomputation import stated_scores

if TYPE_CHECKING:
    from problems.prediction.tables.instance import TableInstance

NAME = "predictions.csv"


def predictions(instance: "TableInstance", candidate: Candidate) -> dict[str, bytes]:
    """Returns a CSV file by its name: a line a row kept aside, in the order of the table.

    Its columns are the row's place in the table (`line 17` of a CSV file, `row 17` of any other) and what is
    predicted: the probability of the positive class or of each class, or the number. No class is said, which
    would need a threshold that nobody has judged. Nothing is returned where the candidate states no scores.

    Raises:
        Forged: when the scores are no predictions of that many rows.
    """
    if "sealed_scores" not in candidate.files or not len(instance.sealed_index):
        return {}
    scores = stated_scores(candidate, len(instance.sealed_index), instance.asked)
    places = instance.places[instance.sealed_index]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")  # RFC 4180
    writer.writerow(("row", *_columns(instance)))
    for number in np.argsort(places, kind="stable"):
        said = (f"{score:.6g}" for score in np.atleast_1d(scores[number]))
        writer.writerow((instance.where[places[number]], *said))
    return {NAME: text.getvalue().encode()}


def _columns(instance: "TableInstance") -> list[str]:
    asked = instance.asked
    if asked.task == "binary":
        return [f"probability of {instance.positive}"]
    if asked.classes:
        return [f"probability of {name}" for name in asked.classes]
    unit = asked.parameters.get("unit")
    if "times" in asked.parameters:
        return [f"no event by {time:g}" + (f" {unit}" if unit else "") for time in asked.parameters["times"]]
    return [f"predicted {instance.target or 'outcome'}" + (f" in {unit}" if unit else "")]
