"""Circuits as jobs of a real Slurm: the same bits as here, found again by name."""

from contextlib import closing
from pathlib import Path

import pytest

from backends.statevector_mpi.backend import DurableStatevectorBackend, StatevectorBackend, open_backend
from escalation.inputs.settings import Settings
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.resources import Resources
from tests.backends.slurm.conftest import QUICK
from tests.backends.statevector_mpi.conftest import CIRCUITS, sampled
from tests.slurm.cluster import Cluster


def test_a_job_of_slurm_gives_the_same_bits_and_is_found_by_its_tag(
    slurm: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, statevector: StatevectorBackend
) -> None:
    for name, value in QUICK.items():
        monkeypatch.setenv(f"TIERWISE_SLURM_{name}", value)
    pub = sampled(CIRCUITS["every gate, 9 qubits"], 500)
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
