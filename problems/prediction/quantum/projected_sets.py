"""The quantum tier's prediction sets: a second machine on the samples that are there, no circuit more."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from escalation.model.errors import BadInput
from escalation.model.identity import derive_seed
from problems.prediction.models.feature_svm import FORMAT, fit, make_folds, tune
from problems.prediction.prediction_sets.split_conformal import (
    COVERAGE,
    WEIGHTED,
    SetModel,
    Sets,
    caveat,
    no_sets,
    selection_loss,
    set_aside,
    split_conformal,
)
from toolbox.arrays.types import Floats
from toolbox.stats.splits import codes


def projected_sets(features: Floats, frame: Any, params: Mapping[str, Any], bandwidths: int) -> Sets:
    """Makes split conformal sets from a machine tuned and fitted without the calibration rows.

    The circuit is the same for all rows: its bandwidth was chosen on the calibration rows too, among a few,
    and the notes bound what that can cost. Only circuits of their own would avoid it, and they are dear.

    Args:
        features: projected features of the training rows, then of the sealed ones.
        frame: the training rows, a pandas DataFrame.
        params: `metric`, `time_ordered`, `seed`.
        bandwidths: how many there were to choose from.
    """
    if "__weight__" in frame:
        return no_sets(WEIGHTED)
    labels = frame["__label__"].to_numpy(dtype=np.int8)
    groups, forward = codes(frame["__group__"].tolist()), params["time_ordered"]
    seed = derive_seed(params["seed"], "sets")
    try:
        proper, held = set_aside(labels, groups, seed, forward)
        folds = make_folds(labels[proper], groups[proper].tolist(), forward, derive_seed(seed, "folds"))
    except (BadInput, ValueError) as error:
        return no_sets(str(error))
    train = features[proper]
    tuned = tune(train, labels[proper], folds, params["metric"])
    machine = fit(train, labels[proper], tuned, params["metric"])
    calibration = (machine.probabilities(features[held]), labels[held])
    said = machine.probabilities(features[len(labels) :])
    made = SetModel(FORMAT, machine.to_bytes(), calibration, said, groups[held])
    loss = selection_loss(len(held), bandwidths)
    about = {
        "model": f"RBF SVM, gamma {tuned.gamma:.4g}, C {tuned.cost:g}, tuned and fitted on {len(proper)} "
        "of the rows that circuits ran for, without these",
        "caveat": "; ".join(filter(None, [_chosen_on_all(bandwidths, loss), caveat(groups, forward)])),
        "coverage_lost_to_selection_at_most": loss,
    }
    return split_conformal(made, COVERAGE, about)


def _chosen_on_all(bandwidths: int, loss: float) -> str:
    return (
        f"the circuit's bandwidth, one of {bandwidths}, was chosen on all rows, these included: that can "
        f"cost up to {loss:.2f} of the coverage (Dvoretzky-Kiefer-Wolfowitz inequality, union bound), which "
        f"leaves {max(0.0, COVERAGE - loss):.2f} promised; scaling, which sees no labels, is taken as given"
    )
