"""Checks proofs of dual bounds: what each claims is believed when it is shown again, here, from the model."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from threadpoolctl import ThreadpoolController

from problems.optimisation.forms.compile import compile_mip
from problems.optimisation.forms.spins import SpinForm, spin_form
from problems.optimisation.model.models import Appointments, IndependentSet, MaxCut, Model, Qubo, Triage
from problems.optimisation.proofs.mip_cuts import check_cuts
from problems.optimisation.proofs.mip_dual import check_dual
from problems.optimisation.proofs.mip_tree import check_mip_tree
from problems.optimisation.proofs.model import Proof
from problems.optimisation.proofs.reading import Faulty, Undecided, fields
from problems.optimisation.proofs.second_engine import check_second
from problems.optimisation.proofs.semidefinite import check_semidefinite
from problems.optimisation.proofs.spin_tree import check_spin_tree

MOST_WEIGHT = 1 << 56
"""Of all coefficients together: those of spins and MIPs, and their sums, then stay within 64 bits."""


@dataclass(frozen=True)
class ProofResult:
    """Outcome of checking a proof: one of `bound`, `fault` and `undecided`.

    Attributes:
        bound: the lower bound on all costs, as claimed, that it proves; None where it does not.
        fault: why it does not prove what it claims.
        undecided: the limit of the verifier that kept it from finding out; no fault of the proof.
        how: what the bound rests on, in words.
        sizes: of what was checked.
    """

    bound: int | None
    fault: str = ""
    undecided: str = ""
    how: str = ""
    sizes: dict[str, int] = field(default_factory=dict)


def verify(model: Model, proof: Proof) -> ProofResult:
    """Shows again what a proof claims, or says why not; nothing that is sent makes this raise.

    The same on every call: factorisations run on one thread, searches within counted work.
    """
    try:
        if _weight(model) > MOST_WEIGHT:
            raise Undecided("the instance's coefficients are too large for exact arithmetic in 64 bits")
        with _libraries().limit(limits=1):
            how, sizes = _CHECKS[proof.kind](model, proof) if proof.kind in _CHECKS else _unknown(proof)
    except (Undecided, MemoryError) as limit:
        return ProofResult(None, undecided=str(limit) or "the proof needs more memory than there is")
    except Faulty as fault:
        return ProofResult(None, fault=str(fault))
    except Exception as error:  # data of a shape that no check foresaw prove nothing
        return ProofResult(None, fault=f"cannot be checked ({type(error).__name__})")
    return ProofResult(proof.bound, how=how, sizes=sizes)


@lru_cache
def _libraries() -> ThreadpoolController:
    """What factorises; found once, because looking for it takes longer than a small proof."""
    return ThreadpoolController()


def _unknown(proof: Proof) -> tuple[str, dict[str, int]]:
    raise Faulty(f"expected a proof of one of the kinds {', '.join(_CHECKS)}")


def _mip_dual(model: Model, proof: Proof) -> tuple[str, dict[str, int]]:
    mip = compile_mip(model)
    check_dual(mip, proof.data, proof.bound)
    sizes = {"rows": mip.rows, "columns": mip.columns}
    return "weak duality (the MIP's rows), exact arithmetic", sizes


def _mip_cuts(model: Model, proof: Proof) -> tuple[str, dict[str, int]]:
    walked = check_cuts(compile_mip(model), proof.data, proof.bound)
    steps = proof.data["steps"]
    fixed = sum("fix" in step for step in steps)
    sizes = {"cuts": len(steps) - fixed, "fixings": fixed, "leaves": walked.leaves, "depth": walked.depth}
    cuts, leaves = _counted(len(steps) - fixed, "cutting plane"), _counted(walked.leaves, "leaf", "leaves")
    return f"{cuts} and {leaves}, in exact arithmetic", sizes


def _semidefinite(model: Model, proof: Proof) -> tuple[str, dict[str, int]]:
    form = _spins(model)
    check_semidefinite(form, proof.data, proof.bound)
    sizes = {"order": form.size + (not form.symmetric), "triangles": len(proof.data["triangles"])}
    return "a semidefinite dual matrix, its factorisation's rounding bounded rigorously", sizes


def _tree(model: Model, proof: Proof) -> tuple[str, dict[str, int]]:
    form, _, nodes = fields(proof.data, ("form", "shift", "nodes"))
    if form == "spins":
        walked = check_spin_tree(_spins(model), proof.data, proof.bound)
        how = "semidefinite dual matrices, rounding bounded rigorously"
    elif form == "mip":
        walked = check_mip_tree(compile_mip(model), proof.data, proof.bound)
        how = "weak duality, exact arithmetic"
    else:
        raise Faulty("expected a tree of the form spins or MIP")
    sizes = {"nodes": len(nodes), "leaves": walked.leaves, "depth": walked.depth}
    leaves = _counted(walked.leaves, "leaf", "leaves")
    return f"branch and bound, {leaves} checked by {how}", sizes


def _second_engine(model: Model, proof: Proof) -> tuple[str, dict[str, int]]:
    mip = compile_mip(model)
    name = check_second(mip, proof.data, proof.bound)
    sizes = {"rows": mip.rows, "columns": mip.columns}
    return f"a second engine, {name}, which finds no better answer either", sizes


def _spins(model: Model) -> SpinForm:
    if not isinstance(model, Qubo | MaxCut | IndependentSet):
        raise Faulty(f"expected an instance of bits for a proof on spins, got {model.kind}")
    return spin_form(model)


def _weight(model: Model) -> int:
    if isinstance(model, IndependentSet):
        return model.vertices + len(model.edges)
    if isinstance(model, MaxCut):
        return sum(abs(weight) for _, _, weight in model.edges)
    if isinstance(model, Appointments):
        return sum(patient.weight * (model.refusal + patient.latest) for patient in model.patients)
    if isinstance(model, Triage):
        used = [use for each in model.patients for use in each.uses]
        there = [limit for place in model.places for limit in place.capacity]
        return sum(patient.benefit for patient in model.patients) * model.scale + sum(used) + sum(there)
    quadratic = sum(abs(q) for _, _, q in model.quadratic)
    return abs(model.offset) + sum(map(abs, model.linear)) + quadratic


_CHECKS: dict[str, Callable[[Model, Proof], tuple[str, dict[str, int]]]] = {
    "mip_dual": _mip_dual,
    "mip_cuts": _mip_cuts,
    "semidefinite": _semidefinite,
    "tree": _tree,
    "second_engine": _second_engine,
}
KINDS = tuple(_CHECKS)
"""Of proofs that can be checked."""


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
