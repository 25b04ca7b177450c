"""Circuits as jobs of a real Slurm: the same bits as here, found again by name."""

from contextlib import closing
from pathlib import Path

import pytest

from backends.statevector_mpi.backend import DurableStatevectorBackend, StatevectorBackend, open_backend
from backends.statevector_mpi.devices import devices
from escalation.inputs.settings import Settings
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.resources import Resources
from tests.backends.slurm.conftest import QUICK
from tests.backends.statevector_mpi.conftest import circuits, sampled
from tests.slurm.cluster import Cluster
from tests.slurm.configuration import Layout

PARTITIONS = ("main", "short", "spare", "requeued", "urgent")


def test_a_job_of_slurm_gives_the_same_bits_and_is_found_by_its_tag(
    slurm: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, statevector: StatevectorBackend
) -> None:
    for name, value in QUICK.items():
        monkeypatch.setenv(f"TIERWISE_SLURM_{name}", value)
    pub = sampled(circuits()["every gate, 9 qubits"], 500)
    work = CircuitBatch((pub,), seed=3, resources=Resources(ranks=2, wall_s=120.0, memory_mb=512))
    with closing(open_backend(Settings(home=tmp_path), "slurm")) as backend:
        assert isinstance(backend, DurableStatevectorBackend)
        handle = backend.submit(work, tmp_path / "job", "statevector-1")
        assert backend.wait(handle, 120).state is JobState.DONE
        result = backend.result(handle)
        assert backend.result(backend.find("statevector-1") or {}) == result
    assert result.provenance["device"] == "statevector_mpi:slurm"
    here = statevector.submit(work.on(Resources(ranks=1)), tmp_path / "here")
    assert statevector.wait(here, 120).state is JobState.DONE
    assert statevector.result(here).digest == result.digest


@pytest.mark.usefixtures("slurm")
def test_devices_say_how_many_qubits_a_partition_really_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIERWISE_STATEVECTOR_RANKS", "2")
    found = {each.name: each for each in devices() if each.name.startswith("slurm")}
    assert set(found) == {"slurm", *(f"slurm:{name}" for name in PARTITIONS)}
    # two nodes of so many MiB each: 2^n amplitudes of 16 bytes, and a sixth for what is beside them
    memory_mb = 2 * Layout().memory_mb
    fitting = max(n for n in range(40) if 2**n * 16 / 2**20 * 7 / 6 < memory_mb)
    assert {each.qubits for each in found.values()} == {fitting}
    monkeypatch.setenv("TIERWISE_STATEVECTOR_MEMORY_MB", "700")  # 2^24 x 16 B = 256 MiB, and two ranks
    found = {each.name: each for each in devices() if each.name.startswith(("slurm", "mpi"))}
    del found["mpi+gpu"]  # has a memory of its own
    assert {each.qubits for each in found.values()} == {24}
