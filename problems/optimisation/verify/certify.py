"""The verifier: recomputes the objective, proves the bound again, and believes neither before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from escalation.model.attempt import Candidate, Done
from escalation.model.certificate import Certificate, CertificateStatus, Control
from escalation.model.errors import BadInput
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.problem import Target
from escalation.text.rounding import at_best, at_worst
from problems.optimisation.checking.check import check
from problems.optimisation.checking.finding import shown
from problems.optimisation.loading.instance import OptimisationInstance
from problems.optimisation.model.metrics import METRICS, measured, objective, stated
from problems.optimisation.model.models import Model, Sense, sign
from problems.optimisation.proofs.collect import Collected, collect
from problems.optimisation.verify.claim import Claim, read_claim

VERIFIER = "optimisation/1"
CHECKS = "checks of the candidate"


@dataclass(frozen=True)
class JudgedAnswer:
    """A feasible answer with what is known of it; costs and bounds on costs are integers."""

    model: Model
    claim: Claim
    cost: int
    proofs: Collected


def certify(
    instance: OptimisationInstance,
    target: Target,
    candidate: Candidate,
    evidence: Sequence[Done],
    alpha: float,
) -> Certificate:
    """Finds out what can be said of a candidate; nothing that a candidate sends makes this raise.

    INVALID: an infeasible answer, an objective that is not the recomputed one to the unit, a bound on the
    wrong side of it or better than every proof claims, a proof that does not prove its claim, values of the
    wrong type, proofs that are missing or garbled, a null control that is broken, or missing where circuits
    ran. CERTIFIED: the target is
    reached, with the bound that was shown here alone. BOUNDED: a bound was shown, and the target is not
    reached; where the target is an objective, the bound is what is `best_possible`. HEURISTIC: no bound was
    shown, and the target is not reached without one.

    Args:
        instance: the model to judge by.
        target: what to reach; nothing here is statistical, so its confidence plays no part.
        candidate: the answer, its claims, and the file `proofs`.
        evidence: what really ran, for the null controls.
        alpha: not used: a bound that is proven holds without error.

    Raises:
        BadInput: on a target that this family does not know.
    """
    _check_target(instance.model, target)
    faults: list[str] = []
    judged = None
    controls: tuple[Control, ...] = ()
    try:
        judged = _judge(instance.model, candidate, faults)
        if candidate.controls or any(isinstance(each.work, CircuitBatch) for each in evidence):
            controls = _controls(instance, candidate, evidence, faults)
        if judged is not None and not faults:
            return _certificate(instance, target, judged, controls)
    except Exception as error:  # what was sent is no answer, whatever it is
        faults.append(f"cannot be checked ({type(error).__name__})")
    return _finding(CertificateStatus.INVALID, CHECKS, faults, _facts(instance))


def _check_target(model: Model, target: Target) -> None:
    if target.metric not in METRICS:
        raise BadInput(f"expected a metric of {', '.join(METRICS)}, got {target.metric}")
    at_least = target.metric == "objective" and model.sense is Sense.MAXIMISE
    if (target.at_least is not None) != at_least:
        side = "at_least" if at_least else "at_most"
        raise BadInput(
            f"expected {side} for the {target.metric} of {model.kind}, which is to be {model.sense}d"
        )


def _judge(model: Model, candidate: Candidate, faults: list[str]) -> JudgedAnswer | None:
    claim = read_claim(model, candidate.values, faults)
    proofs = candidate.files.get("proofs")
    if proofs is None:
        faults.append("expected a file of proofs, even of none")
    if claim is None:
        return None
    finding = check(model, claim.solution)
    faults += finding.faults
    if finding.objective is None or proofs is None:
        return None
    if claim.objective != finding.objective:
        stated = shown(claim.objective)
        faults.append(
            f"states the objective {stated}, and has {finding.objective} (in units of 1/{model.scale})"
        )
        return None
    cost = sign(model) * finding.objective
    judged = JudgedAnswer(model, claim, cost, collect(model, claim.solution, cost, proofs.data))
    faults += judged.proofs.faults
    faults += _bound_faults(judged)
    return judged


def _bound_faults(judged: JudgedAnswer) -> list[str]:
    """What is wrong with the bound that the candidate states."""
    stated = judged.claim.bound
    if stated is None:
        return []
    bound, claimed = sign(judged.model) * stated, judged.proofs.claimed
    if bound > judged.cost:
        return [
            f"states the bound {shown(stated)}, on the wrong side of its objective {judged.claim.objective}"
        ]
    if claimed is None or bound > claimed:
        return [f"states the bound {shown(stated)}, and no proof claims as much"]
    return []


def _controls(
    instance: OptimisationInstance, candidate: Candidate, evidence: Sequence[Done], faults: list[str]
) -> tuple[Control, ...]:
    from problems.optimisation.verify.sampled import controls

    compared, wrong = controls(instance, candidate, evidence)
    faults += wrong
    return compared


def _certificate(
    instance: OptimisationInstance, target: Target, judged: JudgedAnswer, controls: tuple[Control, ...]
) -> Certificate:
    model, bound = judged.model, judged.proofs.bound
    value = measured(model, target.metric, judged.cost, bound)
    stated = None if judged.claim.bound is None else sign(model) * judged.claim.bound
    best = objective(model, bound) if target.metric == "objective" and bound is not None else None
    certified = value is not None and target.reached_by(value)
    status = CertificateStatus.BOUNDED if bound is not None else CertificateStatus.HEURISTIC
    certificate = _finding(
        CertificateStatus.CERTIFIED if certified else status,
        _kind(judged),
        [] if certified else [_open(target, value, best), *judged.proofs.undecided],
        _facts(instance) | _numbers(judged),
    )
    update = {
        "value": value,
        "best_possible": best,
        "estimate": measured(model, target.metric, judged.cost, stated),
        "tolerance": 0.0 if target.metric == "objective" else target.limit,
        "controls": controls,
    }
    return certificate.model_copy(update=update)


def _open(target: Target, value: float | None, best: float | None) -> str:
    if value is None:
        return f"the {target.metric} needs a bound, and none was shown"
    relation = "below" if target.at_least is not None else "above"
    said = f"the {target.metric} {at_worst(value, target)} is {relation} the target {target.limit_shown}"
    if best is None or target.reached_by(best):
        return said
    return f"{said}, which no answer reaches: the bound is {at_best(best, target)}"


def _kind(judged: JudgedAnswer) -> str:
    model, best = judged.model, judged.proofs.best
    worth = stated(model, judged.cost)
    text = f"feasible, objective {worth}"
    if best is None:
        return f"{text}; no bound was shown"
    side = "lower" if model.sense is Sense.MINIMISE else "upper"
    bound = stated(model, best[0].bound, bound=True)
    if best[0].bound == judged.cost and bound != worth:  # rounded apart, as if there were a gap
        bound = "the same"
    return f"{text}; {side} bound {bound} by {best[1].how}"


def _stated(model: Model, cost: int) -> int | float:
    """A cost as the stated objective, whole where it is."""
    value = sign(model) * cost
    return value // model.scale if value % model.scale == 0 else value / model.scale


def _facts(instance: OptimisationInstance) -> dict[str, Any]:
    model = instance.model
    return {"instance": instance.digest, "kind": model.kind, "size": model.size, "sense": str(model.sense)}


def _numbers(judged: JudgedAnswer) -> dict[str, Any]:
    model, proofs, cost = judged.model, judged.proofs, judged.cost
    known = proofs.bound is not None
    return {
        "objective": _stated(model, cost),
        "objective_units": sign(model) * cost,
        "bound": _stated(model, proofs.bound) if proofs.bound is not None else None,
        "bound_units": sign(model) * proofs.bound if proofs.bound is not None else None,
        "bound_claimed": _stated(model, proofs.claimed) if proofs.claimed is not None else None,
        "scale": model.scale,
        "gap": measured(model, "gap", cost, proofs.bound) if known else None,
        "absolute_gap": measured(model, "absolute_gap", cost, proofs.bound) if known else None,
        "proof": proofs.best[0].kind if proofs.best else None,
        "how": proofs.best[1].how if proofs.best else None,
        "proofs": proofs.told,
        "engine": judged.claim.engine,
    }


def _finding(status: CertificateStatus, kind: str, reasons: list[str], facts: dict[str, Any]) -> Certificate:
    return Certificate(status=status, kind=kind, verifier=VERIFIER, reasons=tuple(reasons), evidence=facts)
