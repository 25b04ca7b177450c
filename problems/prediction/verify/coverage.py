"""Whether the sealed rows bear out what prediction sets promise."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np

from escalation.model.attempt import Candidate
from escalation.text.rounding import rounded
from problems.prediction.prediction_sets.rules import censored
from problems.prediction.prediction_sets.split_conformal import WEIGHTED
from problems.prediction.tasks.task import Asking
from problems.prediction.verify.judging import Sealed
from problems.prediction.verify.recomputation import Forged, claim_of_sets, stated_sets
from toolbox.arrays.types import Flags
from toolbox.stats.conformal import refutation
from toolbox.stats.survival_conformal import share_outlasting

REFUTED = 0.01
"""p-value below which a promise is refuted: one honest model in a hundred loses its sets."""


def coverage_of_sets(rows: Sealed, candidate: Candidate) -> dict[str, Any]:
    """Returns what is found of the sets of a task; empty where there are none, or nothing is promised.

    No certificate rests on the sets, so that none is invalid where they are refuted: the report says so, and
    nobody is to use them. Of censored rows those count against them that were seen to fail.

    Returns:
        `coverage` (promised), `held` (share of the rows in their sets; of times the weighted one), `p_value`,
        and `refuted`. Where the promise is of each class `classes`, with `rows`, `held` and `p_value` of
        each that rows are of: the promise is refuted where that of one class is, and its p-value is the least
        of them times the classes that are promised something (Bonferroni).
    """
    count = len(rows.outcomes)
    if not count or "sealed_sets" not in candidate.files or rows.outcomes.weights is not None:
        return {}
    try:
        return _of_two(rows, candidate) if rows.asked.task == "binary" else _of_task(rows, candidate)
    except Forged:
        return {}


def _of_task(rows: Sealed, candidate: Candidate) -> dict[str, Any]:
    claim = claim_of_sets(candidate, rows.asked)
    sets = stated_sets(candidate, len(rows.outcomes), rows.asked)
    if sets is None:
        return {}
    held = claim.rule.held(sets, rows.outcomes)
    units = _units(candidate.values["conformal"].get("promised"), rows.asked.classes)
    found = _tested(rows, held, claim.coverage, units or {"all": claim.units})
    if rows.asked.task == "time_to_event":
        found["held"] = share_outlasting(censored(rows.outcomes), sets)[0]
    return found


def _of_two(rows: Sealed, candidate: Candidate) -> dict[str, Any]:
    """Of claims from before the sets of two classes were tested nothing is said: they lack `promised`."""
    claim, sets = candidate.values.get("conformal"), stated_sets(candidate, len(rows.outcomes), rows.asked)
    if sets is None or not isinstance(claim, Mapping):
        return {}
    stated = claim.get("promised")
    units = _units(stated, ("all",)) or dict(
        zip(rows.asked.classes, _units(stated, ("negative", "positive")).values(), strict=False)
    )
    coverage, lost = claim.get("coverage"), claim.get("lost", 0.0)
    if not units or not all(type(each) is float and isfinite(each) for each in (coverage, lost)):
        return {}
    if not 0 < coverage - lost < 1:
        return {}
    held = sets[np.arange(len(sets)), rows.outcomes.values.astype(np.intp)]
    return _tested(rows, held, coverage - lost, units)


def _units(stated: Any, names: tuple[str, ...]) -> dict[str, int]:
    """How many calibrated the promise of each name; empty where that is not stated."""
    if not names or not isinstance(stated, Mapping) or set(stated) != set(names):
        return {}
    found = {name: stated[name] for name in names}
    return found if all(type(each) is int and each > 0 for each in found.values()) else {}


def _tested(rows: Sealed, held: Flags, coverage: float, units: Mapping[str, int]) -> dict[str, Any]:
    about = {"coverage": coverage, "held": float(held.mean())}
    if set(units) != set(rows.asked.classes):
        chance = refutation(held, rows.groups, coverage, units["all"])
        return {**about, "p_value": chance, "refuted": chance < REFUTED}
    classes = {}
    for place, name in enumerate(rows.asked.classes):
        own = rows.outcomes.values == place
        if own.any():
            p_value = refutation(held[own], rows.groups[own], coverage, units[name])
            classes[name] = {"rows": int(own.sum()), "held": float(held[own].mean()), "p_value": p_value}
    chance = min(1.0, len(units) * min(each["p_value"] for each in classes.values()))
    return {**about, "p_value": chance, "refuted": chance < REFUTED, "classes": classes}


def refuted_in_words(found: Any) -> str:
    """What is said of sets that the sealed rows refute, of a certificate's evidence; empty where none are."""
    if not isinstance(found, Mapping) or not found.get("refuted"):
        return ""
    promised, classes = rounded(float(found["coverage"])), found.get("classes", {})
    worst = {name: each for name, each in classes.items() if each["p_value"] < REFUTED / len(classes)}
    if not worst:
        return (
            f"The prediction sets miss their promise: they hold {rounded(float(found['held']))} of the rows "
            f"kept aside, where {promised} was promised (p = {found['p_value']:.2g}): do not use them."
        )
    each = ", ".join(
        f"{rounded(float(own['held']))} of the {own['rows']:,} of class {name!r} (p = {own['p_value']:.2g})"
        for name, own in worst.items()
    )
    return (
        f"The prediction sets miss their promise: of the rows kept aside they hold {each}, where {promised} "
        "was promised in each class: do not use them."
    )


def why_no_sets(asked: Asking, candidate: Candidate) -> str:
    """Why nobody is given sets; empty where there are some, or nothing is said."""
    if "weight" in asked.parameters:  # a record from before has them
        return WEIGHTED
    told = candidate.notes.get("conformal")
    if "sealed_sets" in candidate.files or not isinstance(told, Mapping):
        return ""
    return str(told.get("because") or "")
