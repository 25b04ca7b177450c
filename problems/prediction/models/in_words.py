"""What each kind of model is and does with its input, in words: for cards that are read without the code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_PIPELINE = "numbers are standardised, categories coded as one column a level"
_IMPUTED = (
    "a missing number is the median of the training rows, and a further column says that it was missing; a "
    "missing or unknown level is 0 in all of its columns"
)


@dataclass(frozen=True)
class ModelWords:
    """A kind of model.

    Attributes:
        algorithm: what it is, with its source.
        input: how features are prepared.
        missing: what is done with missing values, in training and afterwards.
        weighted: whether classes are weighted alike, whatever the metric.
    """

    algorithm: str
    input: str = _PIPELINE
    missing: str = _IMPUTED
    weighted: bool = False


_SIGMOID = "; a sigmoid fitted to held-out scores makes them probabilities (Platt 1999)"
_MAP = "; a map fitted to out-of-fold scores makes them probabilities"

KINDS: Mapping[str, ModelWords] = {
    "ridge": ModelWords("logistic regression with a squared (L2) penalty"),
    "elastic_net": ModelWords("logistic regression with an elastic-net penalty (Zou and Hastie 2005)"),
    "svm_rbf": ModelWords(f"support vector machine with a Gaussian kernel{_SIGMOID}"),
    "nystroem_rbf": ModelWords(
        "logistic regression on Nyström's approximation of a Gaussian kernel (Williams and Seeger 2000)"
    ),
    "nearest_neighbours": ModelWords(f"vote of the nearest neighbours{_SIGMOID}"),
    "xgboost": ModelWords(
        f"gradient-boosted trees (Chen and Guestrin 2016){_MAP}",
        "numbers as they are, categories as such",
        "nothing is imputed: in every split of a tree missing and unknown values go where they fitted better",
    ),
    "random_forest": ModelWords(
        f"random forest (Breiman 2001){_MAP}",
        "numbers as they are, categories of more than two levels as one column a level",
        "a missing number is not imputed: in every split of a tree it goes where it fitted better; a missing "
        "or unknown level is 0 in all of its columns",
    ),
    "cumulative": ModelWords(
        "logistic regressions, one for each level that may be exceeded (Frank and Hall 2001), with a squared "
        "(L2) penalty"
    ),
    "neighbours_vote": ModelWords("vote of the nearest neighbours"),
    "least_squares_ridge": ModelWords("least squares with a squared (L2) penalty"),
    "least_squares_elastic_net": ModelWords(
        "least squares with an elastic-net penalty (Zou and Hastie 2005)"
    ),
    "gaussian_process": ModelWords(
        "mean of a Gaussian process with a Gaussian kernel (kernel ridge regression)"
    ),
    "svm_regression": ModelWords("support vector regression with a Gaussian kernel"),
    "nystroem_regression": ModelWords(
        "least squares on Nyström's approximation of a Gaussian kernel (Williams and Seeger 2000)"
    ),
    "neighbours_mean": ModelWords("mean of the nearest neighbours, the nearer the more they count"),
    "cox": ModelWords(
        "proportional hazards (Cox 1972) with a squared (L2) penalty and Breslow's baseline hazard"
    ),
    "ensemble": ModelWords(
        "weighted mean of several models (Caruana and others 2004), the weights found on rows that each of "
        "them had not seen",
        "as each model needs them: trees take numbers as they are, others standardised",
        "as each model needs it: trees send a missing value where it fitted better, others take the median "
        "of the training rows",
    ),
    "RBF SVM": ModelWords(
        f"support vector machine with a Gaussian kernel on features that a quantum circuit makes{_SIGMOID}",
        "numbers are scaled by median and quartiles, categories coded as one column a level, and both put "
        "into angles of a circuit",
        "a missing number is the median of the training rows; a missing or unknown level is 0 in all of its "
        "columns",
        weighted=True,
    ),
}
"""By the word with which what a candidate chose begins."""


def model_words(chosen: Any) -> ModelWords | None:
    """The words for what a candidate chose; None where it is of no kind that is known."""
    text = str(chosen)
    return next((words for name, words in KINDS.items() if text.startswith(name)), None)
