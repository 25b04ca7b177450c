"""What certificates say of honest candidates, on instances whose optima come from enumeration."""

from typing import Any

import pytest

from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from escalation.model.certificate import CertificateStatus
from escalation.model.errors import BadInput
from escalation.model.problem import Target
from problems.optimisation.loading.instance import OptimisationInstance
from problems.optimisation.model.models import sign
from problems.optimisation.proofs.model import pack
from problems.optimisation.verify.certify import certify
from tests.problems.optimisation.honest import (
    BITS,
    CASES,
    MODELS,
    PROOFS,
    candidate,
    dual_proof,
    honest,
    mip_tree_proof,
    optimum,
    second_proof,
    worse,
)

PROVEN = Target(metric="gap", at_most=0.0)


def judge(name: str, sent: Candidate, target: Target = PROVEN) -> Any:
    return certify(OptimisationInstance(MODELS[name], 1.0), target, sent, (), 0.05)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_an_honest_candidate_is_certified_where_its_bound_meets_its_answer(name: str, kind: str) -> None:
    certificate = judge(name, honest(name, kind))
    cost, bound = optimum(name)[0], PROOFS[kind](name).bound
    assert bound <= cost
    expected = CertificateStatus.CERTIFIED if bound == cost else CertificateStatus.BOUNDED
    assert certificate.status is expected, certificate.reasons
    assert certificate.value == pytest.approx((cost - bound) / max(abs(cost), 1))
    assert certificate.evidence["bound_units"] == sign(MODELS[name]) * bound
    assert certificate.evidence["objective_units"] == sign(MODELS[name]) * cost
    assert certificate == judge(name, honest(name, kind))


@pytest.mark.parametrize("name", MODELS)
def test_trees_and_second_engines_prove_every_optimum(name: str) -> None:
    kinds = ["mip_tree", "cp_sat", "highs", *(["spin_tree"] if name in BITS else [])]
    assert {judge(name, honest(name, kind)).status for kind in kinds} == {CertificateStatus.CERTIFIED}


@pytest.mark.parametrize("name", MODELS)
def test_without_any_proof_a_gap_is_heuristic(name: str) -> None:
    certificate = judge(name, candidate(MODELS[name], *optimum(name), []))
    assert certificate.status is CertificateStatus.HEURISTIC
    assert certificate.value is None
    assert "no bound was shown" in certificate.kind


@pytest.mark.parametrize("name", MODELS)
def test_an_objective_that_is_reached_needs_no_bound(name: str) -> None:
    model, (cost, solution) = MODELS[name], optimum(name)
    side = "at_most" if sign(model) > 0 else "at_least"
    stated = sign(model) * cost / model.scale
    sent = candidate(model, cost, solution, [])
    reached = judge(name, sent, Target(metric="objective", **{side: stated}))
    assert (reached.status, reached.value) == (CertificateStatus.CERTIFIED, stated)
    harder = Target(metric="objective", **{side: stated - sign(model) / model.scale})
    assert judge(name, sent, harder).status is CertificateStatus.HEURISTIC
    bounded = judge(name, honest(name, "dual"), harder)
    assert (bounded.status, bounded.value) == (CertificateStatus.BOUNDED, stated)


@pytest.mark.parametrize("name", MODELS)
def test_a_proven_optimum_says_which_targets_no_answer_reaches(name: str) -> None:
    """Optima by enumeration: one unit better than the best is out of reach, the best itself is not."""
    model = MODELS[name]
    cost = optimum(name)[0]
    side = "at_most" if sign(model) > 0 else "at_least"
    stated = sign(model) * cost / model.scale
    for asked in (stated, stated - sign(model) / model.scale):
        target = Target(metric="objective", **{side: asked})
        found = judge(name, honest(name, "mip_tree"), target)
        assert found.best_possible == stated
        assert target.reached_by(found.best_possible) == (found.status is CertificateStatus.CERTIFIED)
        assert [f"which no answer reaches: the bound is {stated:.10g}" in each for each in found.reasons] == (
            [] if asked == stated else [True]
        )
    assert judge(name, honest(name, "mip_tree")).best_possible is None


def test_a_worse_answer_has_its_true_gap() -> None:
    cost, solution = worse("triage")
    proof = mip_tree_proof("triage")
    sent = candidate(MODELS["triage"], cost, solution, [proof])
    certificate = judge("triage", sent, Target(metric="absolute_gap", at_most=0.0))
    assert certificate.status is CertificateStatus.BOUNDED
    assert certificate.value == (cost - proof.bound) / 100
    assert certificate.kind.startswith(f"feasible, objective {-cost // 100}; upper bound")


def test_the_best_of_several_proofs_counts() -> None:
    proofs = [dual_proof("independent_set"), mip_tree_proof("independent_set")]
    certificate = judge(
        "independent_set", candidate(MODELS["independent_set"], *optimum("independent_set"), proofs)
    )
    assert certificate.status is CertificateStatus.CERTIFIED
    assert certificate.evidence["proof"] == "tree"
    assert [each["outcome"] for each in certificate.evidence["proofs"]] == ["shown", "shown"]


def test_a_claim_that_no_search_decides_is_not_counted_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("problems.optimisation.proofs.second_engine.MOST_COLUMNS", 1)
    proofs = [dual_proof("independent_set"), second_proof("independent_set", "highs")]
    certificate = judge(
        "independent_set", candidate(MODELS["independent_set"], *optimum("independent_set"), proofs)
    )
    assert certificate.status is CertificateStatus.BOUNDED
    assert certificate.evidence["bound_units"] == -dual_proof("independent_set").bound
    assert certificate.estimate == 0.0
    assert any("too large for a second engine" in reason for reason in certificate.reasons)


def test_a_form_that_does_not_hold_the_answer_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("problems.optimisation.proofs.collect.mip_holds", lambda *_: False)
    certificate = judge("triage", honest("triage", "mip_tree"))
    assert certificate.status is CertificateStatus.HEURISTIC
    assert "does not hold the answer" in certificate.reasons[-1]


@pytest.mark.parametrize(
    "target",
    [
        Target(metric="accuracy", at_least=0.5),
        Target(metric="gap", at_least=0.0),
        Target(metric="objective", at_most=1.0),
    ],
)
def test_a_target_that_means_nothing_here_is_refused(target: Target) -> None:
    with pytest.raises(BadInput, match="expected"):
        judge("max_cut", honest("max_cut", "semidefinite"), target)


def test_an_unknown_file_beside_the_proofs_is_let_be() -> None:
    sent = honest("triage", "dual")
    more = Candidate({**sent.values, "extra": 1}, {**sent.files, "notes": Blob(pack([]))})
    assert judge("triage", more) == judge("triage", sent)
