"""The open rows that a quantum method learns from, and how machines are tuned on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalation.model.identity import derive_seed
from problems.prediction.models.by_task import models_of
from problems.prediction.models.feature_machine import FINE, Fitting, Setting, fitting, targets, tune_machine
from problems.prediction.models.feature_svm import COARSE, FOLDS, Fold, Tuned, make_folds, tune
from problems.prediction.tables.encoding import columns_from_json
from problems.prediction.tasks.task import Outcomes, outcomes_of
from toolbox.arrays.types import Floats, Labels
from toolbox.stats.splits import codes, keep_classes, stratified_parts, train_test_pairs

Task = Mapping[str, Any] | None


@dataclass(frozen=True)
class Training:
    """The open rows that the kernel is trained on.

    Attributes:
        frame: a pandas DataFrame.
        labels: int8 of shape (rows,), of two classes.
        folds: for tuning.
        fitting: what machines of any other task are fitted for; None of two classes.
    """

    frame: Any
    labels: Labels
    folds: list[Fold]
    fitting: Fitting | None = None

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def targets(self) -> Floats:
        """What a function of the features would have to be, see `feature_machine.targets`."""
        if self.fitting is not None:
            return targets(self.fitting)
        signs = self.labels[:, None].astype(np.float64)
        return np.asarray((signs - signs.mean()) / signs.std(), dtype=np.float64)

    def tuned(self, features: Floats, metric: str, *, coarse: bool = False) -> Tuned | Setting:
        """Tunes the task's machine on features of these rows."""
        if self.fitting is not None:
            return tune_machine(features, self.fitting, self.folds, COARSE if coarse else FINE)
        return tune(features, self.labels, self.folds, metric, *([COARSE] if coarse else []))


def training_positions(
    labels: Labels, groups: NDArray[np.intp], time_ordered: bool, most: int, seed: int
) -> NDArray[np.intp]:
    """Returns the sorted positions of at most `most` open rows.

    Every class keeps its share; of rows ordered by time the last are taken. A class that is rare keeps rows
    enough, see `keep_classes`.
    """
    if len(labels) <= most:
        return np.arange(len(labels))
    if time_ordered:
        return keep_classes(np.arange(len(labels) - most, len(labels)), labels, groups)
    rng = np.random.default_rng(seed)
    positive, negative = np.flatnonzero(labels == 1), np.flatnonzero(labels != 1)
    wanted = round(most * len(positive) / len(labels))
    wanted = min(max(wanted, min(5, len(positive))), most - min(5, len(negative)))
    parts = [rng.permutation(positive)[:wanted], rng.permutation(negative)[: most - wanted]]
    return keep_classes(np.sort(np.concatenate(parts)), labels, groups)


def task_positions(
    fitting: Fitting, groups: NDArray[np.intp], time_ordered: bool, most: int, seed: int
) -> NDArray[np.intp]:
    """Returns the sorted positions of at most `most` open rows of a task that is not about two classes.

    Every class or part by size keeps its share; of rows ordered by time the last are taken. A class that is
    rare keeps rows enough, see `keep_classes`.
    """
    strata = fitting.models.strata(fitting.outcomes)
    if len(strata) <= most:
        return np.arange(len(strata))
    if fitting.balanced:
        return _balanced(strata, time_ordered, most, seed)
    latest = np.arange(len(strata) - most, len(strata))
    if time_ordered:
        return keep_classes(latest, strata, groups)
    own = np.arange(len(strata), dtype=np.intp)  # rows are drawn one by one, their groups stay apart in folds
    shares = [most / len(strata), 1 - most / len(strata)]
    drawn = np.flatnonzero(stratified_parts(strata, own, shares, seed) == 0)
    return keep_classes(drawn[:most], strata, groups)


def _balanced(labels: NDArray[np.intp], latest: bool, most: int, seed: int) -> NDArray[np.intp]:
    """Half of either class, or all of the rarer; at random, or the latest."""
    rng = np.random.default_rng(seed)
    of_class = [np.flatnonzero(labels == label) for label in (0, 1)]
    rarer = min(most // 2, *(len(rows) for rows in of_class))
    drawn = []
    for rows in of_class:
        count = rarer if len(rows) == min(map(len, of_class)) else min(most - rarer, len(rows))
        drawn.append(rows[-count:] if latest else rng.permutation(rows)[:count])
    return np.sort(np.concatenate(drawn))


def design_weights(outcomes: Outcomes, positions: NDArray[np.intp]) -> Floats:
    """Returns the rows that each sampled row stands for, scaled to mean 1 and times its own weight.

    What Horvitz and Thompson 1952 (JASA 47:663) weigh samples with: one over the chance of being drawn.
    """
    labels = outcomes.values.astype(np.intp)
    shares = np.bincount(labels) / np.maximum(np.bincount(labels[positions], minlength=2), 1)
    stands = shares[labels[positions]]
    own = np.ones(len(positions)) if outcomes.weights is None else outcomes.weights[positions]
    return np.asarray(own * stands / stands.mean(), dtype=np.float64)


def training(
    frame: Any, positions: NDArray[np.intp], time_ordered: bool, seed: int, task: Task = None
) -> Training:
    """Takes the rows and splits them for tuning.

    Args:
        frame: the open rows.
        positions: of those that are taken.
        time_ordered: whether tuning must look forward only.
        seed: of the folds.
        task: parameters that say what is asked, see `task_of`; None of two classes.
    """
    chosen = frame.iloc[positions].reset_index(drop=True)
    if task is not None:
        rows = fitting_of(frame, task)
        if rows.balanced and len(positions) < len(frame):
            chosen["__weight__"] = design_weights(rows.outcomes, positions)
        return _task_training(chosen, time_ordered, seed, task)
    labels = chosen["__label__"].to_numpy(dtype=np.int8)
    groups = chosen["__group__"].tolist()
    return Training(chosen, labels, make_folds(labels, groups, time_ordered, derive_seed(seed, "folds")))


def _task_training(chosen: Any, time_ordered: bool, seed: int, task: Mapping[str, Any]) -> Training:
    rows = fitting_of(chosen, task)
    strata, groups = rows.models.strata(rows.outcomes), codes(chosen["__group__"].tolist())
    folds = train_test_pairs(
        strata, groups, FOLDS, derive_seed(seed, "folds"), time_ordered=time_ordered, least=rows.models.least
    )
    return Training(chosen, np.zeros(0, np.int8), folds, rows)


def fitting_of(frame: Any, task: Mapping[str, Any]) -> Fitting:
    """Returns what machines are fitted for on rows of a task; see `task_of`."""
    models = models_of(columns_from_json(task["columns"]), task["metric"], task["asked"])
    return fitting(models, outcomes_of(frame), task)


def task_of(params: Mapping[str, Any]) -> Task:
    """The parameters that say what is asked; None of two classes."""
    names = ("columns", "metric", "asked")
    return {name: params[name] for name in names} if "asked" in params else None
