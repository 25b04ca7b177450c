"""Seeded defects: each of these candidates is INVALID, whatever the target, and its honest twin is not."""

from collections.abc import Callable
from functools import partial

import pytest

from escalation.model.certificate import CertificateStatus
from escalation.model.identity import canonical_json
from escalation.model.problem import Target
from problems.optimisation.loading.instance import OptimisationInstance
from problems.optimisation.verify.certify import certify
from tests.problems.optimisation import defects, proof_defects
from tests.problems.optimisation.defects import Defects
from tests.problems.optimisation.honest import BITS, CASES, MODELS, honest

SEEDED = 150
"""At least so many."""
WIDE = Target(metric="gap", at_most=1e9)
"""Whatever is not INVALID, and has a bound, is accepted."""

Group = tuple[str, str, Callable[[], Defects]]


def groups() -> dict[str, Group]:
    """By a name: the instance and the proof of the honest twin, and the defects."""
    found: dict[str, Group] = {}

    def add(make: Callable[..., Defects], name: str, kind: str, *more: str) -> None:
        found[f"{make.__name__}-{name}-{kind}"] = name, kind, partial(make, name, *more)

    for name in MODELS:
        add(defects.infeasible, name, "cp_sat")
        add(defects.misstated, name, "mip_tree")
        add(defects.garbled, name, "mip_tree")
        add(proof_defects.damaged_mip_tree, name, "mip_tree")
        add(proof_defects.damaged_cuts, name, "mip_cuts")
        add(proof_defects.damaged_search, name, "highs")
    for name in BITS:
        add(proof_defects.damaged_triangles, name, "semidefinite")
        add(proof_defects.damaged_spin_tree, name, "spin_tree")
    for name, kind in CASES:
        add(proof_defects.overclaimed, name, kind, kind)
        if kind in ("dual", "semidefinite"):
            add(proof_defects.damaged_numbers, name, kind, kind)
        if kind in ("spin_tree", "mip_tree", "mip_cuts"):
            add(proof_defects.damaged_tree, name, kind, kind)
        if kind in ("dual", "semidefinite", "spin_tree", "mip_tree", "mip_cuts"):
            add(proof_defects.of_another, name, kind, kind)
    return found


GROUPS = groups()


@pytest.mark.parametrize("group", GROUPS)
def test_no_defect_is_accepted_and_its_honest_twin_is(group: str) -> None:
    name, kind, make = GROUPS[group]
    instance = OptimisationInstance(MODELS[name], 1.0)
    honestly = certify(instance, WIDE, honest(name, kind), (), 0.05)
    assert honestly.status is CertificateStatus.CERTIFIED, honestly.reasons
    for what, sent in make():
        certificate = certify(instance, WIDE, sent, (), 0.05)
        assert certificate.status is CertificateStatus.INVALID, what
        assert certificate.reasons, what
        assert all("\n" not in reason and len(reason) < 1000 for reason in certificate.reasons), what
        assert certificate.value is None, what
        canonical_json(certificate.to_json())


def test_many_defects_were_seeded() -> None:
    assert sum(1 for _, _, make in GROUPS.values() for _ in make()) >= SEEDED
    assert {name for name, _, _ in GROUPS.values()} == set(MODELS)
