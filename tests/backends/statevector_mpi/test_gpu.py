"""The state vector on a GPU, its kernels run by the simulator of CUDA in Numba, a thread of Python for each.

So what they compute is what is tested here. That a real GPU runs them is not.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from qiskit import qasm3
from qiskit.quantum_info import Statevector

from backends.circuits.pubs import npy_bytes
from backends.mpi.backend import MpiBackend
from backends.statevector_mpi.backend import DurableStatevectorBackend, StatevectorBackend, open_backend
from backends.statevector_mpi.devices import devices
from backends.statevector_mpi.gpu import found
from backends.statevector_mpi.planning import plan
from escalation.inputs.settings import Settings
from escalation.model.blob import Blob
from escalation.model.errors import BackendError, BadInput
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.kinds.expectation_batch import EstimatorPub, ExpectationBatch
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.report import Report
from escalation.model.resources import Resources
from escalation.model.result import RawResult
from escalation.model.work import Work
from tests.backends.statevector_mpi.conftest import (
    CONTEXT,
    every_gate,
    ghz,
    loaded,
    no_parameters,
    qft_of,
    sampled,
)
from tests.backends.statevector_mpi.test_statevector import Cluster

CIRCUITS = (every_gate(8, 28, 1), qft_of(5, 4), ghz(3))
"""Small: a pass is a thread an amplitude. Eight qubits are two leaves; fewer than seven leave some idle."""
SAMPLED = CircuitBatch(tuple(sampled(each, 100) for each in CIRCUITS), seed=5)
LABELS = ("XYZIXYZI", "ZZIIZZII", "YXXYIIIZ")


def observed(qubits: int) -> tuple[dict[str, float], ...]:
    return tuple({label[-qubits:]: 1.0} for label in LABELS)


ESTIMATED = ExpectationBatch(
    tuple(
        EstimatorPub(qasm3.dumps(each), no_parameters(), (), observed(each.num_qubits), 0.01)
        for each in CIRCUITS
    ),
    seed=5,
)
ON_GPU = CONTEXT | {"gpu_mb": 2000, "gpus": 0}


def says(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts a driver's command of these words on the path."""
    folder.mkdir(exist_ok=True)
    (folder / "nvidia-smi").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    found._found.cache_clear()


@pytest.fixture(scope="module")
def gpu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A GPU of 2,000 MiB, simulated."""
    with pytest.MonkeyPatch.context() as patch:
        says(tmp_path_factory.mktemp("gpu") / "bin", "echo '2000, A GPU, so to speak'", patch)
        patch.setenv("NUMBA_ENABLE_CUDASIM", "1")
        yield
    found._found.cache_clear()


@pytest.fixture(scope="module")
def ranks(gpu: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MpiBackend]:
    """What starts the one rank in which all of these tests run."""
    with closing(MpiBackend(Settings(home=tmp_path_factory.mktemp("home")))) as mpi:
        yield mpi


@pytest.fixture(scope="module")
def machines(ranks: MpiBackend) -> Iterator[dict[str, StatevectorBackend]]:
    """The backend without a GPU and with one."""
    made = {
        device: StatevectorBackend(Settings(), device, ranks, on_gpu=device != "mpi")
        for device in ("mpi", "mpi+gpu")
    }
    yield made
    for each in made.values():
        each.close()


def ended(backend: StatevectorBackend | MpiBackend, works: Sequence[Work], folder: Path) -> list[RawResult]:
    """What came of works in a backend."""
    handles = [backend.submit(work, folder / f"{backend.name}-{n}") for n, work in enumerate(works)]
    assert all(backend.wait(handle, 240).state.final for handle in handles)
    return [backend.result(handle) for handle in handles]


def test_samples_and_estimates_on_a_gpu_are_those_of_the_ranks_within_single_precision(
    machines: dict[str, StatevectorBackend], tmp_path: Path
) -> None:
    here, there = (ended(each, [SAMPLED, ESTIMATED], tmp_path) for each in machines.values())
    assert all(result.ok for result in (*here, *there)), [result.error for result in (*here, *there)]
    for number in range(len(CIRCUITS)):
        # both look up the same random numbers: few fall between the two roundings of a probability
        bits = [loaded(found[0].files[f"bits-{number}.npy"]) for found in (here, there)]
        assert (bits[0] == bits[1]).mean() > 0.99
        exact = [loaded(found[1].evidence[f"exact-{number}.npy"]) for found in (here, there)]
        assert 0 <= np.abs(exact[0] - exact[1]).max() < 1e-5
    evidence = json.loads(there[0].evidence["statevector.json"].data)
    assert evidence["precision"] == "single"
    assert evidence["worst_norm"] == pytest.approx(1, abs=1e-5)
    assert there[0].provenance["simulator_method"] == "state vector on a GPU, single precision"
    assert there[0].provenance["device"] == "statevector_mpi:mpi+gpu"


def program(batch: CircuitBatch | ExpectationBatch, name: str) -> MpiProgram:
    planned = plan(batch, ON_GPU, Report())
    path = f"backends.statevector_mpi.gpu.state:{name}"
    return MpiProgram(path, {"pubs": planned.values["pubs"]}, planned.files, Resources(wall_s=240.0))


def test_amplitudes_on_a_gpu_are_qiskits_and_a_state_whose_norm_drifts_fails(
    ranks: MpiBackend, tmp_path: Path
) -> None:
    right = program(ESTIMATED, "amplitudes")
    drifting = program(replace(SAMPLED, pubs=SAMPLED.pubs[-1:]), "run")
    numbers = loaded(drifting.inputs["numbers-0"]) * (1 + 1e-3)
    drifting = replace(drifting, inputs={"numbers-0": Blob(npy_bytes(numbers))})
    result, failed = ended(ranks, (right, drifting), tmp_path)
    assert result.ok, result.error
    for number, pub in enumerate(right.params["pubs"]):
        wires, state = pub["wires"], loaded(result.files[f"amplitudes-{number}.npy"])
        axes = [len(wires) - 1 - wire for wire in reversed(wires)]
        state = state.reshape((2,) * len(wires)).transpose(axes).ravel()
        wanted = Statevector(CIRCUITS[number]).data
        overlap = np.vdot(wanted, state)
        assert abs(overlap) == pytest.approx(1, abs=1e-5)
        assert np.abs(state - overlap * wanted).max() < 1e-6
    assert failed.state is JobState.FAILED
    assert "expected probabilities that add up to 1 within" in str(failed.error)


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("exit 127", "nvidia-smi says ''"),
        ("echo 'NVIDIA-SMI has failed' >&2; exit 9", "nvidia-smi says 'NVIDIA-SMI has failed'"),
        ("echo 'No devices were found'", "nvidia-smi says 'No devices were found'"),
    ],
)
def test_where_no_gpu_is_found_its_device_says_so_and_the_ranks_are_as_before(
    script: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(tmp_path / "bin", script, monkeypatch)
    listed = {each.name: each for each in devices()}
    assert listed["mpi+gpu"].qubits is None
    assert f"no GPU is found here: {line}" in listed["mpi+gpu"].note
    assert listed["mpi"].qubits
    with closing(open_backend(Settings(home=tmp_path), "mpi+gpu")) as backend:
        assert isinstance(backend, StatevectorBackend)
        assert backend.available() is False
        for act in (backend.estimate, lambda work: backend.submit(work, tmp_path / "work")):
            with pytest.raises(
                BackendError, match=f"^statevector_mpi:mpi\\+gpu: no GPU is found here: {line}"
            ):
                act(SAMPLED)
    found._found.cache_clear()


@pytest.mark.usefixtures("gpu")
def test_a_gpus_memory_and_time_are_quoted_and_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    # 2^26 amplitudes of 8 bytes are 512 MiB, 2^27 1024, and a GiB is kept for everything else
    assert {each.name: each.qubits for each in devices()}["mpi+gpu"] == 26
    with closing(open_backend(Settings(home=tmp_path), "mpi+gpu")) as backend:
        quote = backend.estimate(SAMPLED)
        assert quote.amounts.gpu_s == quote.amounts.wall_s
        wide = ghz(27)
        with pytest.raises(
            BackendError, match=r"fit into the 2000 MiB of the GPU, as at most 26 qubits do, got 27"
        ):
            backend.estimate(replace(SAMPLED, pubs=(sampled(wide, 1),)))
        with pytest.raises(BackendError, match="expected work of one rank on a GPU, got 2"):
            backend.estimate(SAMPLED.on(Resources(ranks=2)))


def test_of_a_cluster_a_gpu_is_asked_for_and_its_memory_has_to_be_stated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Cluster(Settings(home=tmp_path))) as cluster:
        silent = DurableStatevectorBackend(Settings(home=tmp_path), "cluster+gpu", cluster, on_gpu=True)
        with pytest.raises(BackendError, match="expected TIERWISE_STATEVECTOR_GPU_MEMORY_MB to say"):
            silent.estimate(SAMPLED)
        monkeypatch.setenv("TIERWISE_STATEVECTOR_GPU_MEMORY_MB", "80000")
        told = DurableStatevectorBackend(Settings(home=tmp_path), "cluster+gpu", cluster, on_gpu=True)
        # the machine that stands for a cluster here has no GPU to give
        with pytest.raises(BackendError, match="expected work that asks for at most 0 gpus, got 1"):
            told.estimate(SAMPLED)


def test_a_gpu_of_what_runs_no_mpi_programs_is_refused() -> None:
    with pytest.raises(BadInput, match="expected one that runs MPI programs"):
        open_backend(Settings(), "local+gpu")
