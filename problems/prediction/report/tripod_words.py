"""What the guideline's items say of each task: its measures, its output, its imbalance."""

from collections.abc import Mapping
from typing import NamedTuple


class ItemWords(NamedTuple):
    """Of one task.

    Attributes:
        outcome: where it is defined.
        measures: of performance.
        output: of the model, and what a threshold is.
        balance: what was done about rare classes; empty where that depends on the model.
    """

    outcome: str
    measures: str
    output: str
    balance: str = ""


_CLASSES = "Certificate, metrics, confusion matrix, calibration of the likeliest"
_UNBALANCED = "were neither resampled nor weighted; rows of each: Data"
ITEM_WORDS: Mapping[str, ItemWords] = {
    "binary": ItemWords(
        "data card: column and classes",
        "Certificate, metrics, calibration, net benefit",
        "model card: a probability; the metrics of decisions are those at 0.5, which nobody chose for a use",
    ),
    "multiclass": ItemWords(
        "data card: column and classes",
        f"{_CLASSES}; no net benefit, which is of one decision",
        "model card: a probability of each class; a row is called by the likeliest, which nobody chose for "
        "a use",
        f"classes {_UNBALANCED}",
    ),
    "ordinal": ItemWords(
        "data card: column and levels, lowest first",
        f"{_CLASSES}; no net benefit, which is of one decision",
        "model card: a probability of each level; a row is called by their median, which nobody chose for "
        "a use",
        f"levels {_UNBALANCED}",
    ),
    "regression": ItemWords(
        "data card: column and its unit, where it has one",
        "Certificate, metrics, residuals from low to high predictions; no net benefit, which is of decisions",
        "model card: a number; there is no threshold",
        "the outcome is a number, not a class",
    ),
    "time_to_event": ItemWords(
        "data card: column, event and horizon; Data: rows with the event, and known to be without",
        "Certificate, metrics, Kaplan-Meier by predicted risk, calibration and net benefit at the horizon",
        "model card: probabilities of no event yet, up to the horizon; there is no threshold",
        "events are neither resampled nor weighted; rows with the event: Data",
    ),
}
"""By task."""
