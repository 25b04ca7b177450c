"""Whether the sealed rows bear out what prediction sets promise."""

from collections.abc import Mapping
from typing import Any

from escalation.model.attempt import Candidate
from escalation.text.rounding import rounded
from problems.prediction.prediction_sets.rules import censored
from problems.prediction.verify.judging import Sealed
from problems.prediction.verify.recomputation import Forged, claim_of_sets, stated_sets
from toolbox.stats.conformal import refutation
from toolbox.stats.survival_conformal import share_outlasting

REFUTED = 0.01
"""p-value below which a promise is refuted: one honest model in a hundred loses its sets."""


def coverage_of_sets(rows: Sealed, candidate: Candidate) -> dict[str, Any]:
    """Returns what is found of the sets of a task with a rule; empty where there are none.

    No certificate rests on the sets, so that none is invalid where they are refuted: the report says so, and
    nobody is to use them. Of censored rows those count against them that were seen to fail.

    Returns:
        `coverage` (nominal), `held` (share of the rows in their sets; of times the weighted one), `p_value`,
        and `refuted`.
    """
    count = len(rows.outcomes)
    if rows.asked.task == "binary" or not count or "sealed_sets" not in candidate.files:
        return {}
    try:
        claim, sets = claim_of_sets(candidate, rows.asked), stated_sets(candidate, count, rows.asked)
    except Forged:
        return {}
    if sets is None:
        return {}
    held = claim.rule.held(sets, rows.outcomes)
    chance = refutation(held, rows.groups, claim.coverage, claim.units)
    timed = rows.asked.task == "time_to_event"
    share = share_outlasting(censored(rows.outcomes), sets)[0] if timed else float(held.mean())
    return {
        "coverage": claim.coverage,
        "held": share,
        "p_value": chance,
        "refuted": chance < REFUTED,
    }


def refuted_in_words(found: Any) -> str:
    """What is said of sets that the sealed rows refute, of a certificate's evidence; empty where none are."""
    if not isinstance(found, Mapping) or not found.get("refuted"):
        return ""
    return (
        f"The prediction sets miss their promise: they hold {rounded(float(found['held']))} of the rows kept "
        f"aside, where {found['coverage']:g} was promised (p = {found['p_value']:.2g}): do not use them."
    )
