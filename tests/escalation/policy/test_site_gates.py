"""A mistake in the gates of a site's own family closes that family's tiers, and stops nobody else."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from escalation.model.errors import PolicyError
from escalation.model.problem import Tier
from escalation.policy.policy import load_policy, parse_policy
from escalation.policy.policy_tests import require_passing
from escalation.ports import registry

FAMILY = """
from problems.toy.family import Toy

class Sack(Toy):
    name = "site_sack"
    def facts(self):
        return ()
"""
GATE = """gates:
  - id: site_sack_large
    tier: quantum
    because: Small sacks are for classical computers.
    when: {fact: quote.simulation_log2, above: 40}
"""


@pytest.fixture
def gates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the gates of the site's family are read from; there are none yet."""
    package = tmp_path / "site_sack"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "family.py").write_text(FAMILY, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    for module in ("site_sack", "site_sack.family"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    found = registry._families()
    toy = found.known["toy"]
    mine = replace(toy, name="site_sack", family="site_sack.family:Sack")
    known = replace(found, known={**found.known, "site_sack": mine})
    monkeypatch.setattr(registry, "_families", lambda: known)
    return package / "gates.yaml"


def test_gates_of_a_sites_own_family_are_taken_in(gates: Path) -> None:
    gates.write_text(GATE, encoding="utf-8")
    loaded = load_policy("default")
    assert loaded.origins["site_sack_large"] == "site_sack/gates.yaml:2"
    assert "site_sack" in loaded.families
    require_passing(loaded)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "no such file"),
        ("gates: [{}]\n", "site_sack/gates.yaml:1: gates.0.id: expected, but missing"),
        (GATE.replace("quote.sim", "quote.smi"), "site_sack/gates.yaml:5: gates.0.when: unknown fact"),
        (
            GATE.replace("site_sack_large", "price"),
            "the id 'price' is used twice; begin ids with",
        ),
    ],
)
def test_gates_that_cannot_be_used_close_that_family_alone(gates: Path, text: str | None, why: str) -> None:
    if text is not None:
        gates.write_text(text, encoding="utf-8")
    loaded = load_policy("default")
    for tier in Tier:
        (gate,) = [
            each
            for each in loaded.policy.gates_of(tier, "site_sack")
            if each.families is not None and each.id == f"site_sack_gates_{tier}"
        ]
        assert why in gate.because
    assert not any("site_sack" in gate.id for gate in loaded.policy.gates_of(Tier.HPC, "toy"))
    require_passing(loaded)
    assert parse_policy(loaded.text, "default").policy.digest == loaded.policy.digest


def test_tests_of_its_gates_that_fail_refuse_its_own_problems_alone(gates: Path) -> None:
    test = "tests: [{name: small, tier: quantum, facts: {quote.simulation_log2: 8}, expect: open}]\n"
    gates.write_text(GATE + test, encoding="utf-8")
    loaded = load_policy("default")
    require_passing(loaded, "toy")
    with pytest.raises(
        PolicyError, match=r"^site_sack/gates.yaml: test 'small': expected tried .* got not tried"
    ):
        require_passing(loaded, "site_sack")
