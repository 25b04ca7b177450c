"""What a site can simulate decides which circuits may need a device."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from backends.processes.capacity import host
from backends.statevector_mpi.settings import StatevectorSettings
from escalation.inputs.settings import Settings
from escalation.model.facts import CostClass, Fact
from escalation.policy.conditions import misses
from escalation.policy.core_facts import CORE_FACTS
from escalation.policy.policy import load_policy
from escalation.ports import registry
from escalation.ports.simulators import simulable_log2

FACTS = {each.spec.name: each for each in CORE_FACTS}


def site(home: Path, memory_mb: int, ranks: int = 1) -> Settings:
    own = StatevectorSettings(statevector_memory_mb=memory_mb, statevector_ranks=ranks)
    return Settings(home=home).having(own)


def closes(settings: Settings, circuit_log2: float) -> bool:
    """Whether the gate `not_simulable` of the default policy is closed for a circuit of that size."""
    context: Any = SimpleNamespace(simulable_log2=simulable_log2(settings))
    (gate,) = [gate for gate in load_policy("default").policy.gates if gate.id == "not_simulable"]

    def lookup(name: str) -> Fact:
        if name == "quote.simulation_log2":
            return Fact(name=name, value=circuit_log2, cost=CostClass.LOCAL, provider="test")
        return FACTS[name].evaluate(context)

    return bool(misses(gate.when, lookup))


def test_this_machine_alone_simulates_what_its_memory_holds(tmp_path: Path) -> None:
    # Aer needs the amplitudes alone, 16 bytes each; a cluster of no more memory adds nothing to it
    memory = host().memory_mb
    assert memory is not None
    found = simulable_log2(site(tmp_path, 1000))
    assert found is not None
    assert 2**found * 16 == pytest.approx(memory * 2**20)


def test_a_site_with_more_memory_closes_the_gate_for_larger_circuits(tmp_path: Path) -> None:
    # 36 qubits are 2^36 x 16 B = 1 TiB: more than this machine has, less than 64 ranks of 32 GiB
    small, large = site(tmp_path, 1000), site(tmp_path, 64 * 32 * 1024, 64)
    assert not closes(small, 36)
    assert closes(large, 36)
    assert not closes(large, 38)
    assert closes(small, 20)
    assert closes(large, 20)


def test_a_simulator_that_is_not_installed_counts_as_none_and_without_any_nobody_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = registry._backends()
    broken = {
        name: replace(each, simulates="no_such_module:holds" if each.simulates else "")
        for name, each in found.known.items()
    }
    monkeypatch.setattr(registry, "_backends", lambda: replace(found, known=broken))
    assert simulable_log2(Settings(home=tmp_path)) is None
    assert closes(Settings(home=tmp_path), 50)
