"""All the proofs of one candidate: which bound they show, and what is wrong with them."""

from dataclasses import dataclass, field
from typing import Any

from escalation.model.errors import first_line
from problems.optimisation.checking.finding import shown
from problems.optimisation.model.models import Model
from problems.optimisation.proofs.anchor import mip_holds, spins_hold
from problems.optimisation.proofs.model import Proof, unpack
from problems.optimisation.proofs.verify import KINDS, ProofResult, verify

MOST_PROOFS = 16
MOST_SEARCHES = 2
"""Searches by a second engine; further claims of that kind count as not decided."""
MOST_BITS = 100
"""Of a claimed bound."""


@dataclass
class Collected:
    """What a candidate's proofs come to.

    Attributes:
        bound: the best lower bound on all costs that is shown; None without.
        claimed: the best that is claimed.
        best: the proof and the verdict that the bound comes from.
        faults: proofs that do not prove their claims.
        undecided: why proofs were not decided.
        told: JSON data a proof: kind, bound, and what came out.
    """

    bound: int | None = None
    claimed: int | None = None
    best: tuple[Proof, ProofResult] | None = None
    faults: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)


def collect(model: Model, solution: Any, cost: int, data: bytes) -> Collected:
    """Checks every proof of a candidate whose answer is feasible; cheap ones first.

    Args:
        model: the instance.
        solution: the candidate's answer, which the checker found feasible.
        cost: what it costs, by the checker.
        data: the candidate's file of proofs.
    """
    found = Collected()
    try:
        proofs = unpack(data)
    except (ValueError, RecursionError, MemoryError) as error:
        found.faults.append(f"its proofs cannot be read: {first_line(error, typed=False)}"[:200])
        return found
    if len(proofs) > MOST_PROOFS:
        found.faults.append(f"expected at most {MOST_PROOFS} proofs, got {len(proofs)}")
        return found
    searches = 0
    for proof in sorted(proofs, key=lambda each: (each.kind == "second_engine", -each.bound)):
        verdict = _implied(proof, found)
        if verdict is None:
            searching = proof.kind == "second_engine"
            verdict = _verdict(model, solution, cost, proof, searches)
            searches += searching
        _take(found, proof, verdict)
    return found


def _implied(proof: Proof, found: Collected) -> ProofResult | None:
    """A claim by search that a proof has already shown needs no search."""
    if proof.kind == "second_engine" and found.bound is not None and proof.bound <= found.bound:
        return ProofResult(proof.bound, how="a better bound that is proven")
    return None


def _verdict(model: Model, solution: Any, cost: int, proof: Proof, searches: int) -> ProofResult:
    if proof.bound.bit_length() > MOST_BITS:
        return ProofResult(None, fault=f"claims a bound of {proof.bound.bit_length()} bits")
    if proof.bound > cost:
        return ProofResult(
            None, fault=f"claims that nothing costs less than {proof.bound}: the answer is {cost}"
        )
    if proof.kind == "second_engine" and searches >= MOST_SEARCHES:
        return ProofResult(None, undecided=f"the verifier searches {MOST_SEARCHES} times at most")
    verdict = verify(model, proof)
    if verdict.bound is None:
        return verdict
    on_spins = proof.kind == "semidefinite" or proof.data.get("form") == "spins"
    if not (spins_hold if on_spins else mip_holds)(model, solution, cost):
        return ProofResult(None, undecided="the form that it stands on does not hold the answer itself")
    return verdict


def _take(found: Collected, proof: Proof, verdict: ProofResult) -> None:
    outcome, kind = "shown", proof.kind if proof.kind in KINDS else shown(proof.kind)
    if verdict.fault:
        outcome = verdict.fault
        found.faults.append(f"{kind}: {outcome}")
    elif verdict.undecided:
        outcome = f"not decided: {verdict.undecided}"
        found.undecided.append(f"{kind} not decided: {verdict.undecided}")
    elif verdict.bound is not None and (found.bound is None or verdict.bound > found.bound):
        found.bound, found.best = verdict.bound, (proof, verdict)
    if proof.bound.bit_length() <= MOST_BITS:
        found.claimed = proof.bound if found.claimed is None else max(found.claimed, proof.bound)
        found.told.append({"kind": kind, "bound": proof.bound, "outcome": outcome} | verdict.sizes)
