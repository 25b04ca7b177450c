"""A prediction in plain sentences: what is asked, what a model is worth, what would help."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from escalation.model.attempt import Attempt, Candidate
from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.problem import Target
from escalation.ports.families import Answer
from escalation.text.rounding import at_worst, rounded
from escalation.text.shares import of_100
from problems.prediction.report.pictures import picture
from problems.prediction.report.predictions import predictions
from problems.prediction.report.shortcomings import shortcomings
from problems.prediction.tables.roles import EVENT
from problems.prediction.verify.judging import sealed
from problems.prediction.verify.recomputation import stated_scores
from toolbox.stats.sample_size import MOST_ROWS, round_up, rows_needed

if TYPE_CHECKING:
    from problems.prediction.tables.instance import TableInstance

MODELS: Mapping[str, str] = {
    "ridge": "a logistic regression",
    "elastic_net": "a logistic regression with few columns",
    "svm_rbf": "a support vector machine",
    "nystroem_rbf": "an approximate support vector machine",
    "nearest_neighbours": "the vote of the nearest neighbours",
    "random_forest": "a random forest",
    "xgboost": "boosted trees",
    "RBF SVM": "a support vector machine on what qubits measured",
    "re-uploading circuit": "a small circuit trained on a simulator",
    "quantum perceptron": "a perceptron on qubits",
    "RBF kernel machine": "a kernel machine on what qubits measured",
    "cumulative": "logistic regressions of whether each level is exceeded",
    "neighbours_vote": "the vote of the nearest neighbours",
    "least_squares_ridge": "a least-squares regression",
    "least_squares_elastic_net": "a least-squares regression with few columns",
    "gaussian_process": "a Gaussian process",
    "svm_regression": "support vector regression",
    "nystroem_regression": "an approximate kernel regression",
    "neighbours_mean": "the mean of the nearest neighbours",
    "cox": "Cox's model of hazards",
    "ensemble": "a mix of several models",
}
"""By the name with which what was chosen begins."""
FILE_WORDS: Mapping[str, str] = {
    "predictions.csv": "the probability that was predicted for each row kept aside",
    "model": "what a program loads to predict new rows",
    "sealed_scores": "what the model predicts for each row kept aside, as numbers that a program reads",
    "train_rows": "fingerprints (SHA-256) of the rows that it learnt from: none of them was kept aside",
    "set_model": "the second, smaller model, from which sets and intervals beside predictions are made",
    "sealed_sets": "the set or interval of each row kept aside, as numbers that a program reads",
}
NUMBERS_WORDS = "what was predicted for each row kept aside"
"""Of the same file, where it is no probability of one class."""
WORTH: Mapping[str, str] = {
    "roc_auc": "{share} pairs (one of each class) are ordered correctly",
    "accuracy": "{share} rows are called correctly",
    "balanced_accuracy": "{share} rows are called correctly, both classes counted alike",
    "sensitivity": "{share} rows that are {positive} are found",
    "specificity": "{share} rows that are {negative} are recognised as such",
    "brier": "the mean squared error of the predicted probabilities is {value}, where to say the same of "
    "every row errs by {plain}",
    "average_precision": "{share} rows of a list of the likeliest are {positive}, in the mean over the lists "
    "that end at one that is (average precision)",
    "background_rejection": "where {signal_efficiency:.0%} of the rows that are {positive} are kept, {share} "
    "rows that are {negative} are left out",
    "ams": "where {signal_efficiency:.0%} of the rows that are {positive} are kept, the approximate median "
    "significance is {value}",
}
"""What a bound of each metric says."""
OF_TASKS: Mapping[str, Mapping[str, str]] = {
    "multiclass": {
        "balanced_accuracy": "{share} rows are called correctly, all classes counted alike",
        "macro_roc_auc": "{share} pairs (one of a class, one of another) are ordered correctly, in the mean "
        "over the classes",
        "top_accuracy": "{share} rows have their class among the {top} most probable",
        "log_loss": "the mean log loss of the predicted probabilities is {value}",
    },
    "ordinal": {
        "weighted_kappa": "agreement beyond chance (kappa, quadratic weights) is {value}",
        "level_error": "the level predicted is off by {value} levels in the mean",
        "ranked_probability_score": "the ranked probability score is {value}",
    },
    "regression": {
        "mae": "predictions are off by {value}{unit} in the mean",
        "rmse": "the root of the mean squared error is {value}{unit}",
        "r_squared": "the share of the outcome's variance that is explained is {value}",
        "rank_correlation": "the rank correlation of predictions and outcomes is {value}",
        "within_tolerance": "{share} predictions are off by {tolerance:g}{unit} or less",
        "error_quantile": "{quantile:.0%} of predictions are off by {value}{unit} or less",
    },
    "time_to_event": {
        "concordance": "{share} pairs (one with the event before the other) are ordered correctly",
        "roc_auc": "{share} pairs (one with the event by {horizon:g}{unit}, one without) are ordered "
        "correctly",
        "brier": "the mean squared error of the predicted risk by {horizon:g}{unit} is {value}",
        "integrated_brier": "the mean squared error of the predicted survival, over the times until "
        "{horizon:g}{unit}, is {value}",
        "calibration_in_the_large": "the mean predicted risk by {horizon:g}{unit} is off by {value}",
    },
}
"""Likewise of other tasks than that of two classes."""


def asked(instance: "TableInstance") -> str:
    """`Tell malignant from benign on 569 rows of breast_cancer`; of a column, `Predict ill (1 or 0) on …`."""
    first = next(
        iter(instance.source.values()), "a table"
    )  # what sources say first is the name of their file
    of = f" of {first}" if isinstance(first, str) else ""
    where = f"on {len(instance.frame):,} {instance.noun}{of}"
    if instance.asked.task != "binary":
        return f"Predict {_what(instance)} {where}"
    if instance.target:
        return f"Predict {instance.target} ({instance.positive} or {instance.negative}) {where}"
    return f"Tell {instance.positive} from {instance.negative} {where}"


def answer(instance: "TableInstance", target: Target, attempt: Attempt, candidate: Candidate) -> Answer:
    """Says which model it is, what it is worth on the rows kept aside, and what to do next."""
    chosen = str(candidate.values.get("chosen"))
    model = next((said for name, said in MODELS.items() if chosen.startswith(name)), "of its own kind")
    task = f"predicts {_what(instance)}" if instance.target else _tells(instance)
    found = attempt.certificate
    assert found is not None
    return Answer(
        (f"a model that {task}: {model}", f"its settings: {chosen}"),
        _rests_on(instance, target, found),
        tuple(_next_steps(instance, target, found, candidate)),
        files=(files := predictions(instance, candidate) if instance.where else {}),
        file_words={
            name: what for name, what in _file_words(instance).items() if name in {**files, **candidate.files}
        },
        picture=picture(instance, found, candidate),
        limits=tuple(shortcomings(instance, target, found, candidate)),
    )


def _what(instance: "TableInstance") -> str:
    if instance.asked.task == "binary":
        return f"{instance.positive} ({instance.target})"
    event = next((name for name, use in instance.roles.items() if use == EVENT), None)
    if event is not None:
        return f"when {event} happens ({instance.target}{_in_unit(instance)})"
    return f"{instance.target}{_of_classes(instance)}"


def _in_unit(instance: "TableInstance") -> str:
    unit = instance.asked.parameters.get("unit")
    return f" in {unit}" if unit else ""


def _of_classes(instance: "TableInstance") -> str:
    """` (a, b or c)`, ` (mg)`, nothing of numbers without a unit."""
    *first, last = instance.asked.classes or (str(instance.asked.parameters.get("unit", "")),)
    return f" ({', '.join(first)} or {last})" if first else f" ({last})" if last else ""


def _file_words(instance: "TableInstance") -> Mapping[str, str]:
    """What each file is to people."""
    if instance.asked.task == "binary":
        return FILE_WORDS
    return {**FILE_WORDS, "predictions.csv": NUMBERS_WORDS}


def _tells(instance: "TableInstance") -> str:
    return f"tells {instance.positive} from {instance.negative}"


def _rests_on(instance: "TableInstance", target: Target, found: Certificate) -> str:
    """`On 228 rows whose outcome nobody had shown it, at least 97 of 100 pairs … , with 95 % confidence`."""
    if found.value is None:
        few = "too few sites" if instance.by_site else "no rows"
        return f"On nothing yet: {few} were kept aside on which anybody could judge it"
    reached = found.status is CertificateStatus.CERTIFIED
    lower = target.at_least is not None
    side = "at least" if lower else "at most"
    of_two = instance.asked.task == "binary"
    outcomes = instance.sealed_outcomes
    prevalence = float(np.average(outcomes.values, weights=outcomes.weights)) if of_two else 0.0
    worth = {**WORTH, **OF_TASKS.get(instance.asked.task, {})}
    said = worth.get(target.metric, f"{target.metric} is {{value}}").format(
        **{name: value for name, value in instance.asked.parameters.items() if name not in ("range", "unit")},
        share=f"{side} {of_100(found.value, target)} of 100",
        value=f"{side} {at_worst(found.value, target)}",
        plain=rounded(prevalence * (1 - prevalence)),
        positive=instance.positive if of_two else "",
        negative=instance.negative if of_two else "",
        unit=f" {instance.asked.parameters['unit']}" if "unit" in instance.asked.parameters else "",
    )
    counted = ", counted by their weights" if "weight" in instance.asked.parameters else ""
    rows = f"On {len(instance.sealed_index):,} rows whose outcome nobody had shown it{counted}"
    if instance.by_site:
        sites = instance.frame["__group__"].iloc[instance.sealed_index].nunique()
        rows = f"{rows}, of {sites} sites that it had never seen, at half of such sites or more"
    confidence = f"with {100 * target.confidence:g} % confidence"
    if reached:
        return f"{rows}, {said}, {confidence}"
    asked_for = f"{100 * target.limit:g} of 100" if "of 100" in said else target.limit_shown
    return f"{rows}, all that can be promised is that {said}, {confidence}; asked was {side} {asked_for}"


def _next_steps(
    instance: "TableInstance", target: Target, found: Certificate, candidate: Candidate
) -> Iterator[str]:
    if found.value is None:
        more = "more sites" if instance.by_site else "rows"
        yield f"Keep {more} aside (a larger sealed_fraction): without them nothing can be promised"
    elif found.status is CertificateStatus.CERTIFIED:
        yield "Try it on new rows before anybody relies on it: it was judged on rows drawn as the others were"
        yield "Make sure that every column is known at the time of the prediction"
    else:
        yield _what_would_do(instance, target, found, candidate)


def _what_would_do(
    instance: "TableInstance", target: Target, found: Certificate, candidate: Candidate
) -> str:
    """How many rows, or that none will do; by the bound of the certificate, see `rows_needed`."""
    assert found.value is not None
    assert found.estimate is not None
    assert found.alpha is not None
    count = len(instance.sealed_index)
    has = f"Estimate {rounded(found.estimate)}, bound {at_worst(found.value, target)} on {count:,} rows"
    if not target.reached_by(found.estimate):
        return (
            f"{has}: no number of rows will do, for the estimate itself misses {target.limit_shown}; other "
            "columns, another model or a lower target might"
        )
    stated = stated_scores(candidate, count, instance.asked)
    if instance.asked.task == "time_to_event":  # a search through bounds that take a minute each
        return f"{has}: more rows kept aside, a better model or a lower target might do"
    judged = sealed(instance).judged(target.metric, stated, found.alpha)
    needed = rows_needed(judged, target.limit, target.reached_by)
    if needed is None:
        return f"{has}: {MOST_ROWS:,} rows would not do; a better model or a lower target might"
    table = round_up(needed / count * len(instance.frame))
    return (
        f"{has}: about {needed:,} rows kept aside would do, of a table of about {table:,}, if the estimate "
        "stays (by the same bound, these rows repeated)"
    )
