"""Scikit-learn pipelines of the HPC tier: imputation, scaling, coding, model, calibration.

Every step is fitted on the training rows it is given and on nothing else. Classes are not reweighted:
reweighting shifts probabilities away from the truth, and the AUC does not need it. The one exception is
balanced accuracy, whose 0.5 threshold belongs to equal priors.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from problems.prediction.tables.table import Column
from toolbox.arrays.types import Floats, Index, Labels
from toolbox.stats.splits import train_test_pairs
from toolbox.stats.weighted_metrics import fitting_weights, prior_shift

CALIBRATED = ("svm_rbf", "nearest_neighbours")
"""Models whose scores are no probabilities until a sigmoid is fitted to held-out scores (Platt 1999)."""

CALIBRATION_FOLDS = 3
NYSTROEM_COMPONENTS = 200
NEWTON_FEATURES = 200


def preprocessing(columns: Sequence[Column]) -> Any:
    """Median and missingness indicator, then standardisation, of numbers; one column a level of categories.

    A missing or unseen category is 0 in all of its columns.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = [column.name for column in columns if column.kind == "number"]
    categories = [column for column in columns if column.kind == "category"]
    imputer = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    parts: list[tuple[str, Any, list[str]]] = []
    if numbers:
        parts.append(("numbers", make_pipeline(imputer, StandardScaler()), numbers))
    if categories:
        levels = [list(column.levels) for column in categories]
        coder = OneHotEncoder(categories=levels, handle_unknown="ignore", sparse_output=False)
        parts.append(("categories", coder, [column.name for column in categories]))
    return ColumnTransformer(parts)


def base_model(model: str, params: Mapping[str, Any], features: int, metric: str, seed: int) -> Any:
    """Returns the unfitted model that works on preprocessed features.

    Args:
        model: a key of the plan's grids.
        params: one entry of its grid; `gamma` is in units of 1 / features.
        features: number of preprocessed features.
        metric: what the target asks for.
        seed: of Nyström's landmarks and of SAGA's shuffles.
    """
    from sklearn.linear_model import LogisticRegression

    weight = _class_weight(metric)
    if model == "ridge":
        solver = "newton-cholesky" if features <= NEWTON_FEATURES else "lbfgs"
        return LogisticRegression(C=params["C"], solver=solver, max_iter=1000, class_weight=weight)
    if model == "elastic_net":
        return LogisticRegression(
            C=params["C"],
            l1_ratio=params["l1_ratio"],
            solver="saga",
            tol=1e-3,
            max_iter=1000,
            class_weight=weight,
            random_state=seed,
        )
    return _kernel_model(model, params, features, weight, seed)


def _kernel_model(model: str, params: Mapping[str, Any], features: int, weight: str | None, seed: int) -> Any:
    if model == "svm_rbf":
        from sklearn.svm import SVC

        return SVC(C=params["C"], gamma=params["gamma"] / features)
    if model == "nearest_neighbours":
        from sklearn.neighbors import KNeighborsClassifier

        return KNeighborsClassifier(n_neighbors=params["n_neighbors"], algorithm="brute")
    if model == "nystroem_rbf":
        from sklearn.kernel_approximation import Nystroem
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        landmarks = Nystroem(
            gamma=params["gamma"] / features, n_components=NYSTROEM_COMPONENTS, random_state=seed
        )
        regression = LogisticRegression(
            C=params["C"], solver="newton-cholesky", max_iter=1000, class_weight=weight
        )
        return make_pipeline(landmarks, regression)
    raise ValueError(f"unknown model {model!r}")


def _class_weight(metric: str) -> str | None:
    return "balanced" if metric == "balanced_accuracy" else None


@dataclass(frozen=True, eq=False)
class ProbabilityCalibration:
    """How scores become probabilities.

    Attributes:
        groups: group of each training row, integers from 0, shape (n,).
        metric: what the target asks for.
        seed: of the calibration folds.
        forward: rows are in order of time.
        weights: of each training row, shape (n,); None where all count alike.
    """

    groups: Index
    metric: str
    seed: int
    forward: bool = False
    weights: Floats | None = None

    def part(self, rows: Index) -> Floats | None:
        """The weights of some of the rows."""
        return None if self.weights is None else self.weights[rows]

    def pairs(self, labels: Labels) -> list[tuple[Index, Index]]:
        """Returns (train, test) positions of the scores that a sigmoid is fitted to.

        Raises:
            ValueError: when the rows cannot be divided with both classes on both sides.
        """
        folds = CALIBRATION_FOLDS - self.forward
        return train_test_pairs(labels, self.groups, folds, self.seed, time_ordered=self.forward)


def fit_probabilistic(
    model: str, base: Any, data: Floats, labels: Labels, calibration: ProbabilityCalibration
) -> Any:
    """Fits a model so that its `predict_proba` are probabilities.

    A sigmoid is fitted to scores of rows that the scored model has not seen: out-of-fold scores in
    general; where rows are ordered by time (`forward`), those of the latest third, and the model is then
    the one of the earlier rows.

    Args:
        model: its name.
        base: unfitted, from `base_model`.
        data: preprocessed features, shape (n, features).
        labels: 0 or 1, shape (n,).
        calibration: how the sigmoid is fitted.
    """
    if model not in CALIBRATED:
        return _shifted(fitted(base, data, labels, calibration.weights), labels, calibration)
    from sklearn.ensemble import StackingClassifier
    from sklearn.linear_model import LogisticRegression

    weight = _class_weight(calibration.metric)
    sigmoid = LogisticRegression(C=1e3, class_weight=weight)
    method = "decision_function" if model == "svm_rbf" else "predict_proba"
    pairs = calibration.pairs(labels)
    if not calibration.forward:
        stack = StackingClassifier([("base", base)], sigmoid, cv=pairs, stack_method=method)
        return _shifted(fitted(stack, data, labels, calibration.weights), labels, calibration)
    earlier, later = pairs[-1]
    earlier_fit = fitted(base, data[earlier], labels[earlier], calibration.part(earlier))
    stack = StackingClassifier([("base", earlier_fit)], sigmoid, cv="prefit", stack_method=method)
    fit = fitted(stack, data[later], labels[later], calibration.part(later))
    return _shifted(fit, labels, calibration)


def _shifted(model: Any, labels: Labels, calibration: ProbabilityCalibration) -> Any:
    """Of weighted rows: from the classes' shares of the fit to those of the weights; see `prior_shift`."""
    shift = prior_shift(labels, calibration.weights)
    if shift and calibration.metric != "balanced_accuracy":
        last = model.steps[-1][1] if hasattr(model, "steps") else getattr(model, "final_estimator_", model)
        last.intercept_ = last.intercept_ + shift
    return model


def joined(prepare: Any, model: Any, reduce: Any = None) -> Any:
    """Joins fitted steps into one pipeline that takes the feature columns; `reduce` comes between them."""
    from sklearn.pipeline import Pipeline

    steps = [("prepare", prepare), ("reduce", reduce), ("model", model)]
    return Pipeline([step for step in steps if step[1] is not None])


def fitted(estimator: Any, data: Any, labels: Labels, weights: Floats | None = None) -> Any:
    """Fits, with `fitting_weights`; a solver that stops at its iteration limit is a regularised fit, not an
    error."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        if weights is None:
            return estimator.fit(data, labels)
        name = f"{estimator.steps[-1][0]}__sample_weight" if hasattr(estimator, "steps") else "sample_weight"
        return estimator.fit(data, labels, **{name: fitting_weights(labels, weights)})


def ranking_scores(estimator: Any, data: Floats) -> Floats:
    """Returns scores that rank rows: the decision function where there is one, else P(positive)."""
    if hasattr(estimator, "decision_function"):
        return np.asarray(estimator.decision_function(data), dtype=np.float64)
    return positive_probabilities(estimator, data)


def positive_probabilities(estimator: Any, data: Any) -> Floats:
    """Returns P(positive), shape (n,)."""
    place = [int(label) for label in estimator.classes_].index(1)
    return np.asarray(estimator.predict_proba(data)[:, place], dtype=np.float64)
