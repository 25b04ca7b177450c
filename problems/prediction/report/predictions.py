"""What a model predicts of the rows kept aside, as a table for other programs."""

import csv
import io
from typing import TYPE_CHECKING

from escalation.model.attempt import Candidate
from problems.prediction.verify.recomputation import stated_scores

if TYPE_CHECKING:
    from problems.prediction.tables.instance import TableInstance

NAME = "predictions.csv"


def predictions(instance: "TableInstance", candidate: Candidate) -> dict[str, bytes]:
    """Returns a CSV file by its name: a line a row kept aside, in the order of the table.

    Its columns are the row's place in the table (`line 17` of a CSV file, `row 17` of any other) and the
    probability of the positive class. No class is said, which would need a threshold that nobody has judged.
    Nothing is returned where the candidate states no scores.

    Raises:
        Forged: when the scores are no probabilities of that many rows.
    """
    if "sealed_scores" not in candidate.files or not len(instance.sealed_index):
        return {}
    scores = stated_scores(candidate, len(instance.sealed_index))
    rows = sorted(zip(instance.places[instance.sealed_index].tolist(), scores.tolist(), strict=True))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")  # RFC 4180
    writer.writerow(("row", f"probability of {instance.positive}"))
    writer.writerows((instance.where[place], f"{score:.6g}") for place, score in rows)
    return {NAME: text.getvalue().encode()}
