"""The verifier: it alone holds the sealed labels, and believes nothing that it can look up or recompute."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from escalation.model.attempt import Candidate, Done
from escalation.model.certificate import Certificate, CertificateStatus, Control
from escalation.model.errors import BadInput, first_line
from escalation.model.problem import Target
from escalation.text.rounding import at_worst
from problems.prediction.tasks.task import metric_of
from problems.prediction.verify.circuit_evidence import control_faults
from problems.prediction.verify.coverage import coverage_of_sets
from problems.prediction.verify.judging import Sealed, sealed
from problems.prediction.verify.leakage import split_faults, training_faults
from problems.prediction.verify.recomputation import Forged, check_sets, recompute
from problems.prediction.verify.shuffled import reason, shuffled_labels
from toolbox.arrays.types import Floats
from toolbox.stats.bounds import Bound

if TYPE_CHECKING:
    from problems.prediction.tables.instance import TableInstance

VERIFIER = "prediction/1"


def certify(
    instance: "TableInstance", target: Target, candidate: Candidate, evidence: Sequence[Done], alpha: float
) -> Certificate:
    """Finds out what can be said of a candidate; nothing that a candidate sends makes this raise.

    INVALID: the split leaks (duplicates, groups, time), sealed or unknown rows are among the training rows,
    or predictions or prediction sets do not come from the models' bytes; so too when any null control is
    invalid, because a comparison with a broken control means nothing. HEURISTIC: no sealed rows, or none of a
    class that the metric needs. CERTIFIED: the one-sided (1 - α) bound of the target's metric reaches the
    target. BOUNDED: it does not.

    Args:
        instance: with its sealed rows.
        target: what to reach.
        candidate: model, predictions, digests of its training rows; its null controls likewise.
        evidence: what really ran, by ordinal.
        alpha: the error allowed to this certificate, already this rung's share.

    Raises:
        BadInput: on a metric without a bound, or α outside (0, 1).
    """
    if not 0 < alpha < 1:
        raise BadInput(f"expected 0 < α < 1, got {alpha}")
    metric_of(instance.asked, target)
    rows = sealed(instance)
    faults = [*split_faults(instance), *_guarded(control_faults, candidate)]
    scores = _examine(instance, candidate, evidence, "", faults)
    controls = {
        str(name): _examine(instance, control, evidence, f"null control {name}: ", faults)
        for name, control in candidate.controls.items()
    }
    facts = _facts(instance, candidate, rows)
    shuffled = shuffled_labels(instance)
    facts |= {"shuffled_labels": shuffled} if shuffled else {}
    covered = coverage_of_sets(rows, candidate)
    facts |= {"sets": covered} if covered else {}
    if faults:
        return _finding(CertificateStatus.INVALID, "checks of the candidate", alpha, faults, facts)
    missing = rows.missing(target.metric, alpha)
    found = None if missing or scores is None else rows.bound(target.metric, scores, alpha)
    if found is None or scores is None:
        missing = missing or rows.boundless(target.metric)
        return _finding(
            CertificateStatus.HEURISTIC, "no evaluation on rows kept aside", alpha, [missing], facts
        )
    compared = _compared(target.metric, rows, scores, controls)
    upper = rows.side(target.metric) == "at_most"
    certificate = _certificate(target, found, alpha, compared, facts, upper=upper)
    more = (*_too_few(rows, target, alpha), *_by_chance(certificate, shuffled))
    return certificate.model_copy(update={"reasons": (*certificate.reasons, *more)})


def _by_chance(certificate: Certificate, shuffled: dict[str, Any]) -> list[str]:
    said = "" if certificate.status is CertificateStatus.CERTIFIED else reason(shuffled)
    return [said] if said else []


def _examine(
    instance: "TableInstance", candidate: Candidate, evidence: Sequence[Done], who: str, faults: list[str]
) -> Floats | None:
    """Returns the recomputed scores, None where there are none; adds what is wrong to `faults`."""
    train_rows = candidate.files.get("train_rows")
    own = training_faults(instance, train_rows.data if train_rows is not None else b"")
    scores = None
    try:
        if len(instance.sealed_index):
            scores = recompute(instance, candidate, evidence).scores
        check_sets(instance, candidate, evidence)
    except Forged as finding:
        own.append(str(finding))
    faults += [who + fault for fault in own]
    return scores


def _guarded(check: Any, candidate: Candidate) -> list[str]:
    try:
        return list(check(candidate))
    except Exception as error:  # malformed values are a finding about the candidate
        return [f"its null controls cannot be checked: {first_line(error)}"]


def _compared(metric: str, rows: Sealed, scores: Floats, controls: dict[str, Floats | None]) -> list[Control]:
    compared = []
    for name, other in controls.items():
        if other is None:
            continue
        gain, p_value = rows.task.compare(metric, rows.outcomes, scores, other, rows.asked)
        value = rows.task.bound(metric, rows.outcomes, other, rows.asked, 0.25).estimate
        compared.append(Control(name=name, value=value, difference=gain, p_value=p_value))
    return compared


def _certificate(
    target: Target,
    found: Bound,
    alpha: float,
    compared: list[Control],
    facts: dict[str, Any],
    *,
    upper: bool,
) -> Certificate:
    side = "upper" if upper else "lower"
    reached = (target.at_most is not None) == (side == "upper") and target.reached_by(found.value)
    relation = "above" if side == "upper" else "below"
    value = at_worst(found.value, target)
    reason = f"the {side} bound {value} of {target.metric} is {relation} the target {target.limit_shown}"
    certificate = _finding(
        CertificateStatus.CERTIFIED if reached else CertificateStatus.BOUNDED,
        f"one-sided {side} {100 * (1 - alpha):.2f} % confidence bound of {target.metric}: {found.method}",
        alpha,
        [] if reached else [reason],
        facts | {"metric": target.metric, "bound": found.method, "side": side},
    )
    update = {"value": found.value, "estimate": found.estimate, "controls": tuple(compared)}
    return certificate.model_copy(update=update)


def _too_few(rows: Sealed, target: Target, alpha: float) -> list[str]:
    """Says so where even predictions without an error would miss the target on these rows."""
    best = rows.best(target.metric, alpha)
    if best is None or target.reached_by(best):
        return []
    return [
        f"no answer reaches the target on the {len(rows.outcomes)} rows kept aside: without a single "
        f"error the bound is {best:.4f}; keep more rows aside (`sealed_fraction`), or ask for less"
    ]


def _finding(
    status: CertificateStatus, kind: str, alpha: float, reasons: list[str], facts: dict[str, Any]
) -> Certificate:
    return Certificate(
        status=status,
        kind=kind,
        alpha=alpha,
        verifier=VERIFIER,
        reasons=tuple(reason for reason in reasons if reason),
        evidence=facts,
    )


def _facts(instance: "TableInstance", candidate: Candidate, rows: Sealed) -> dict[str, Any]:
    by_site = {"by_site": True} if rows.by_site else {}
    return {
        **by_site,
        "n_sealed": len(rows.outcomes),
        **_kinds(rows),
        "n_groups": len(np.unique(rows.groups)),
        "instance": instance.digest,
        "files": {str(name): blob.digest for name, blob in sorted(candidate.files.items())},
    }


def _kinds(rows: Sealed) -> dict[str, Any]:
    """How many rows there are of each kind."""
    count = len(rows.outcomes)
    if rows.asked.task == "binary":
        positives = int(rows.outcomes.values.sum())
        return {"n_positive": positives, "prevalence": positives / count if count else None}
    kinds = rows.task.kinds(rows.outcomes, rows.asked)
    return {"task": rows.asked.task, "kinds": {what: int(each.sum()) for what, each in kinds.items()}}
