"""A machine on a matrix of features for every task: a linear or kernel model as arrays, without pickle.

A kernel machine is a linear one in coordinates of its kernel's space that reproduce the kernel on the
training rows exactly (representer theorem: Schölkopf and Smola 2002, section 4.2), so that logistic
regression, the cumulative model of levels, ridge regression and Cox's model each have a kernel machine. What
is kept are the training features and one weight a row and output.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from problems.prediction.kernels.geometric import median_gamma, rbf
from problems.prediction.models.ensemble_model import Finish, estimator_says
from problems.prediction.models.feature_svm import Fold, Grid, check_width
from problems.prediction.models.links import Link, skewed
from problems.prediction.models.survival import BASELINE, dump_baseline, load_baseline
from problems.prediction.models.survival_models import events, martingale_residuals
from problems.prediction.models.task_models import FittedSteps, TaskModels
from problems.prediction.tasks.task import Outcomes
from toolbox.arrays import npy
from toolbox.arrays.types import Floats
from toolbox.models.archive import pack, pack_json, unpack, unpack_json
from toolbox.models.cox import Baseline
from toolbox.stats.calibration_map import expit

FORMAT = "machine-on-features"

FINE: Grid = ((0.1, 0.3, 1.0, 3.0), (0.1, 1.0, 10.0, 100.0))
"""Values tried of gamma, in units of 1 / median squared distance, and of the weight of the fit."""

LINEAR: Grid = ((0.0,), (0.01, 0.1, 1.0, 10.0, 100.0))
"""Without a kernel: the fit's weight alone."""

OF_RARE = ("average_precision", "background_rejection", "ams")
"""Metrics of how well a class is found that is rare."""

NEGLIGIBLE = 1e-9
"""Directions of the kernel whose share of the largest eigenvalue is less are left out."""

CERTAIN = 30.0
"""Log odds of what training rows leave no doubt about."""

MODELS = {"ordinal": "cumulative", "regression": "least_squares_ridge", "time_to_event": "cox"}
"""By task, what is linear in the kernel's coordinates; of classes it is a multinomial logistic regression."""

HEADS = {"binary": "two", "ordinal": "levels", "regression": "number", "time_to_event": "survival"}
"""By task, what decision values become; of more classes `classes`."""

NO_BASELINE = Baseline(1.0, np.zeros(0), np.zeros(0))


@dataclass(frozen=True)
class FeatureMachine:
    """A fitted machine.

    Attributes:
        gamma: of the RBF kernel; 0 for none.
        vectors: training features that the kernel is taken with, shape (m, features); (0, features) for none.
        weights: shape (m, outputs), or (features, outputs) without a kernel.
        intercepts: shape (outputs,).
        head: what decision values become, a value of `HEADS`, or `classes`.
        finish: of probabilities or numbers.
        link: the scale of a number.
        baseline: of survival; without times where there is none.
    """

    gamma: float
    vectors: Floats
    weights: Floats
    intercepts: Floats
    head: str
    finish: Finish
    link: Link = field(default_factory=Link)
    baseline: Baseline = NO_BASELINE

    def predictions(self, features: Floats) -> Floats:
        """Returns predictions as the task has them.

        Raises:
            ValueError: when `features` has another width than the training rows had.
        """
        check_width(features, self.vectors)
        return said(self, decisions(self, features))

    def to_bytes(self) -> bytes:
        """Returns a deterministic archive."""
        about = {
            "gamma": self.gamma,
            "head": self.head,
            "finish": self.finish.to_json(),
            "link": self.link.to_json(),
        }
        arrays = {"vectors": self.vectors, "weights": self.weights, "intercepts": self.intercepts}
        named = {f"{name}.npy": npy.dump(array) for name, array in arrays.items()}
        return pack({"machine.json": pack_json(about), **named, **dump_baseline(self.baseline)})

    @staticmethod
    def from_bytes(data: bytes) -> "FeatureMachine":
        """Reads what `to_bytes` wrote; raises `ValueError` on anything else."""
        names = ["machine.json", "vectors.npy", "weights.npy", "intercepts.npy"]
        members = unpack(data, [*names, *BASELINE])
        about = unpack_json(members["machine.json"])
        vectors, weights, intercepts = (npy.load(members[name], np.float64) for name in names[1:])
        gamma, width = float(about["gamma"]), vectors.shape[-1]
        rows = len(vectors) if gamma else width
        if vectors.ndim != 2 or weights.ndim != 2 or weights.shape != (rows, *intercepts.shape):
            raise ValueError(f"expected weights of {rows} rows and an output each, got {weights.shape}")
        if about["head"] not in (*HEADS.values(), "classes"):
            raise ValueError(f"expected one of {', '.join(HEADS.values())}, got {about['head']!r}")
        link, finish, base = (
            Link.from_json(about["link"]),
            Finish.from_json(about["finish"]),
            load_baseline(members),
        )
        return FeatureMachine(gamma, vectors, weights, intercepts, about["head"], finish, link, base)


def scores(model: bytes, rows: Any, features: Floats | None) -> Floats:
    """Recomputes predictions from model bytes, as `artefact.scores` asks for.

    Raises:
        ValueError: without features, or with others than the model was trained on.
    """
    if features is None:
        raise ValueError(f"expected the features that a model of format {FORMAT!r} is evaluated on, got none")
    return FeatureMachine.from_bytes(model).predictions(features)


def decisions(machine: FeatureMachine, features: Floats) -> Floats:
    """Returns decision values, shape (rows, outputs)."""
    base = rbf(features, machine.vectors, machine.gamma) if machine.gamma else features
    return np.asarray(base @ machine.weights + machine.intercepts, dtype=np.float64)


def said(machine: FeatureMachine, values: Floats) -> Floats:
    """Returns what decision values mean: probabilities, numbers or survival."""
    if machine.head == "survival":
        return machine.finish(machine.baseline.surviving(values[:, 0]))
    if machine.head == "number":
        return machine.finish(machine.link.back(values[:, 0]))
    found = machine.finish(_levels(values) if machine.head == "levels" else _softmax(values))
    return found[:, 1] if machine.head == "two" else found


def _softmax(values: Floats) -> Floats:
    odds = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True), dtype=np.float64)


def _levels(values: Floats) -> Floats:
    """From log odds that each level is exceeded, put in order where they cross (Frank and Hall 2001)."""
    above = np.minimum.accumulate(expit(values), axis=1)
    edges = np.column_stack([np.ones(len(above)), above, np.zeros(len(above))])
    return np.asarray(edges[:, :-1] - edges[:, 1:], dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Fitting:
    """What machines are fitted for.

    Attributes:
        models: of the task; of two classes those of classes in general.
        outcomes: of the training rows.
        binary: whether the probability of the second of two classes is wanted alone.
        balanced: whether rows are to be drawn in equal numbers of two classes, since what counts is how well
            a rare one is found; their weights say what each stands for.
    """

    models: TaskModels
    outcomes: Outcomes
    binary: bool = False
    balanced: bool = False

    @property
    def head(self) -> str:
        return "two" if self.binary else HEADS.get(self.models.task, "classes")

    def take(self, index: Any) -> "Fitting":
        """The same for some of the rows."""
        return replace(self, outcomes=self.outcomes.take(index))


@dataclass(frozen=True)
class Setting:
    """The best setting found.

    Attributes:
        gamma: of the RBF kernel; 0 for none.
        cost: weight of the fit against the norm.
        score: minus the loss over folds, higher is better.
    """

    gamma: float
    cost: float
    score: float


def tune_machine(features: Floats, rows: Fitting, folds: Sequence[Fold], grid: Grid = FINE) -> Setting:
    """Searches gamma and cost by cross-validation; on equal scores the smoother machine stays."""
    unit = median_gamma(features)
    best: Setting | None = None
    for width in grid[0]:
        for cost in grid[1]:
            losses = [_loss(features, rows, fold, (width * unit, cost)) for fold in folds]
            score = -float(np.mean(losses))
            if best is None or score > best.score + 1e-9:
                best = Setting(width * unit, cost, score)
    assert best is not None
    return best


def _loss(features: Floats, rows: Fitting, fold: Fold, setting: tuple[float, float]) -> float:
    train, test = fold
    machine = fit_machine(features[train], rows.take(train), *setting)
    found = machine.predictions(features[test])
    if rows.binary:
        found = np.column_stack([1.0 - found, found])
    return rows.models.loss(rows.outcomes.take(test), found)


def fit_machine(features: Floats, rows: Fitting, gamma: float, cost: float) -> FeatureMachine:
    """Fits on all of the rows.

    Args:
        features: shape (n, anything).
        rows: what is known of them.
        gamma: of the RBF kernel; 0 for none.
        cost: weight of the fit against the norm.
    """
    data, back = _coordinates(features, gamma) if gamma else (features, np.eye(features.shape[1]))
    steps = _fitted(data, rows, cost)
    coefficients, intercepts = _linear(steps, rows.models)
    return FeatureMachine(
        gamma,
        features if gamma else features[:0],
        back @ coefficients,
        intercepts,
        rows.head,
        rows.models.finish(rows.outcomes),
        steps.link,
        steps.model[1] if rows.head == "survival" else NO_BASELINE,
    )


def _coordinates(features: Floats, gamma: float) -> tuple[Floats, Floats]:
    """Coordinates of rows whose inner products are the kernel, and what turns kernel values into them."""
    values, vectors = np.linalg.eigh(rbf(features, features, gamma))
    kept = values > NEGLIGIBLE * values[-1]
    back = vectors[:, kept] / np.sqrt(values[kept])
    return vectors[:, kept] * np.sqrt(values[kept]), back


def _fitted(data: Floats, rows: Fitting, cost: float) -> FittedSteps:
    models, outcomes = rows.models, rows.outcomes
    model = MODELS.get(models.task)
    if model is not None:
        settings = {"C": cost, "alpha": 1.0 / cost, "penalty": 1.0 / cost / len(data)}
        own = {"cumulative": "C", "least_squares_ridge": "alpha", "cox": "penalty"}[model]
        log = models.task == "regression" and skewed(outcomes.values.astype(np.float64))
        params = {own: settings[own], **({"log": True} if log else {})}
        return models.fitted(model, params, data, outcomes, 0)
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LogisticRegression

    labels = outcomes.values.astype(np.intp)
    if len(np.unique(labels)) < 2:
        return FittedSteps(None, DummyClassifier(strategy="prior").fit(data, labels), Link())
    # of several classes Newton's matrix would have a row for each row and class
    found = LogisticRegression(C=cost, max_iter=300).fit(data, labels, sample_weight=outcomes.weights)
    return FittedSteps(None, found, Link())


def _linear(steps: FittedSteps, models: TaskModels) -> tuple[Floats, Floats]:
    """Coefficients of shape (coordinates, outputs) and intercepts of what was fitted."""
    if models.task == "time_to_event":
        coefficients = np.asarray(steps.model[0], dtype=np.float64)[:, None]
        return coefficients, np.zeros(1)
    if not models.classes:
        found = np.asarray(steps.model.coef_, dtype=np.float64).reshape(-1, 1)
        return found, np.asarray(steps.model.intercept_, dtype=np.float64).reshape(1)
    if isinstance(steps.model, list):
        columns = [_of_two(each) for each in steps.model]
        return np.column_stack([each for each, _ in columns]), np.array([each for _, each in columns])
    return _of_classes(steps.model, models.classes)


def _of_two(estimator: Any) -> tuple[Floats, float]:
    """Of whether a level is exceeded; where all training rows agree, that is certain."""
    if hasattr(estimator, "coef_"):
        return estimator.coef_[0], float(estimator.intercept_[0])
    width = estimator.n_features_in_
    certain = estimator_says(estimator, np.zeros((1, width)), 2)[0, 1]
    return np.zeros(width), CERTAIN if certain > 0.5 else -CERTAIN


def _of_classes(estimator: Any, classes: int) -> tuple[Floats, Floats]:
    """Of classes that the training rows lack the log odds are those of what is certainly not."""
    width = estimator.n_features_in_
    coefficients, intercepts = np.zeros((width, classes)), np.full(classes, -CERTAIN)
    present = np.asarray(estimator.classes_, dtype=np.intp)
    if not hasattr(estimator, "coef_"):
        intercepts[present] = 0.0
        return coefficients, intercepts
    found, shift = np.asarray(estimator.coef_), np.asarray(estimator.intercept_)
    if len(present) == 2:  # one column of log odds
        found, shift = np.vstack([np.zeros(width), found[0]]), np.array([0.0, shift[0]])
    coefficients[:, present], intercepts[present] = found.T, shift
    return coefficients, intercepts


def fitting(models: TaskModels, outcomes: Outcomes, task: Mapping[str, Any]) -> Fitting:
    """Returns what machines of a task are fitted for; `task` has `asked`, see `Asking.to_json`, `metric`."""
    binary = task["asked"]["task"] == "binary"
    return Fitting(models, outcomes, binary, binary and task.get("metric") in OF_RARE)


def targets(rows: Fitting) -> Floats:
    """Returns what a function of the features would have to be, shape (rows, targets), each of variance 1.

    Of classes one target each against the rest, of levels and numbers the number, of times how much earlier
    the event came than without features (martingale residuals).
    """
    outcomes, models = rows.outcomes, rows.models
    if models.task == "time_to_event":
        found = martingale_residuals(outcomes.values.astype(np.float64), events(outcomes))[:, None]
    elif models.task == "multiclass":
        found = (outcomes.values[:, None] == np.arange(models.classes)).astype(np.float64)
    else:
        found = outcomes.values.astype(np.float64)[:, None]
    spread = found.std(axis=0)
    return np.asarray((found - found.mean(axis=0))[:, spread > 0] / spread[spread > 0], dtype=np.float64)
