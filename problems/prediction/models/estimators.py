"""Scikit-learn's estimators of classes, levels and numbers, by name and settings; none needs a calibration.

Probabilities come from likelihoods (logistic regression on columns, on Nyström's features of a Gaussian
kernel) or from votes. A number is learnt standardised, and where it is positive and skewed on a logarithm's
scale, see `links`.
"""

from collections.abc import Mapping
from typing import Any

NYSTROEM_COMPONENTS = 200
NEWTON_FEATURES = 200

CLASSES = ("multiclass", "ordinal")
"""Tasks whose predictions are a probability a class."""

IGNORES_WEIGHTS = ("neighbours_vote", "neighbours_mean")
"""Models that scikit-learn cannot fit with row weights."""


def estimator(task: str, model: str, params: Mapping[str, Any], shape: tuple[int, int], seed: int) -> Any:
    """Returns the unfitted estimator that works on preprocessed features.

    Args:
        task: `multiclass`, `ordinal` or `regression`.
        model: a key of the plan's grids.
        params: one entry of its grid; `gamma` is in units of 1 / features.
        shape: rows that it will be fitted on, and preprocessed features.
        seed: of Nyström's landmarks and of SAGA's shuffles.

    Raises:
        ValueError: on a model that is none of the task's.
    """
    seed &= 0x7FFFFFFF
    return (_of_classes if task in CLASSES else _of_numbers)(model, params, shape, seed)


def _of_classes(model: str, params: Mapping[str, Any], shape: tuple[int, int], seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline

    if model in ("ridge", "cumulative"):
        solver = "newton-cholesky" if shape[1] <= NEWTON_FEATURES else "lbfgs"
        return LogisticRegression(C=params["C"], solver=solver, max_iter=300)
    if model == "elastic_net":
        return LogisticRegression(
            C=params["C"],
            l1_ratio=params["l1_ratio"],
            solver="saga",
            tol=1e-3,
            max_iter=200,
            random_state=seed,
        )
    if model == "nystroem_rbf":
        # of several classes Newton's matrix would have a row for each landmark and class
        return make_pipeline(_landmarks(params, shape, seed), LogisticRegression(C=params["C"], max_iter=300))
    if model == "neighbours_vote":
        return KNeighborsClassifier(min(params["n_neighbors"], shape[0]), algorithm="brute")
    raise ValueError(f"unknown model {model!r} of classes")


def _of_numbers(model: str, params: Mapping[str, Any], shape: tuple[int, int], seed: int) -> Any:
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.linear_model import ElasticNet, Ridge
    from sklearn.neighbors import KNeighborsRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import SVR

    if model == "least_squares_ridge":
        return Ridge(alpha=params["alpha"])
    if model == "least_squares_elastic_net":
        return ElasticNet(alpha=params["alpha"], l1_ratio=params["l1_ratio"], max_iter=2000, tol=1e-3)
    if model == "gaussian_process":
        return KernelRidge(alpha=params["alpha"], kernel="rbf", gamma=params["gamma"] / shape[1])
    if model == "svm_regression":
        return SVR(C=params["C"], gamma=params["gamma"] / shape[1], epsilon=0.1)
    if model == "nystroem_regression":
        return make_pipeline(_landmarks(params, shape, seed), Ridge(alpha=params["alpha"]))
    if model == "neighbours_mean":
        return KNeighborsRegressor(
            min(params["n_neighbors"], shape[0]), algorithm="brute", weights="distance"
        )
    raise ValueError(f"unknown model {model!r} of a number")


def _landmarks(params: Mapping[str, Any], shape: tuple[int, int], seed: int) -> Any:
    from sklearn.kernel_approximation import Nystroem

    count = min(NYSTROEM_COMPONENTS, shape[0])
    return Nystroem(gamma=params["gamma"] / shape[1], n_components=count, random_state=seed)
