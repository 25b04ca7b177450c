"""The simulator over ranks as a backend: what it runs, what it refuses, what the record says."""

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qiskit import qasm3
from qiskit.circuit.library import PermutationGate
from qiskit.quantum_info import Statevector
from qiskit.transpiler.passes import RemoveResetInZeroState

from backends.circuits.pubs import npy_bytes
from backends.mpi.backend import MpiBackend
from backends.statevector_mpi import needs
from backends.statevector_mpi.backend import DurableStatevectorBackend, StatevectorBackend, open_backend
from backends.statevector_mpi.circuit import planned
from backends.statevector_mpi.exchange import MOST_CHUNK, SHARE
from backends.statevector_mpi.planning import plan
from backends.statevector_mpi.settings import StatevectorSettings
from escalation.inputs.settings import Settings
from escalation.model.blob import Blob
from escalation.model.errors import BackendError, BadInput
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.quote import Quote
from escalation.model.report import Report
from escalation.model.resources import Resources
from escalation.model.result import RawResult
from escalation.ports.machines import DurableBackend, Progress
from tests.backends.statevector_mpi.conftest import CONTEXT, circuit_of, loaded, no_parameters, program

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
GHZ = HEAD + "bit[3] c;\nqubit[3] q;\nh q[0];\ncx q[0], q[1];\ncx q[1], q[2];\nc = measure q;\n"


def batch(qasm3: str, shots: int = 64, **resources: Any) -> CircuitBatch:
    return CircuitBatch((Pub(qasm3, no_parameters(), (), shots),), resources=Resources(**resources))


def wide(qubits: int) -> str:
    return HEAD + f"bit[{qubits}] c;\nqubit[{qubits}] q;\nh q;\nc = measure q;\n"


def refused(work: CircuitBatch, **context: Any) -> str:
    with pytest.raises(BadInput) as caught:
        plan(work, CONTEXT | context, Report())
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_batch_is_one_program_of_the_machine_under_it_and_its_record_says_how_it_ran(
    statevector: StatevectorBackend, tmp_path: Path
) -> None:
    work = batch(GHZ, 256, ranks=2, wall_s=120.0)
    handle = statevector.submit(work, tmp_path / "job")
    assert statevector.wait(handle, 120).state is JobState.DONE
    result = statevector.result(handle)
    assert set(loaded(result.files["bits-0.npy"]).ravel()) == {0b000, 0b111}
    assert json.loads((tmp_path / "job" / "work.json").read_text())["kind"] == "mpi_program"
    assert result.provenance["ranks"] == 2
    assert result.provenance["kind"] == "ideal simulator"
    assert {"numba", "mpi4py", "qiskit", "numpy"} <= set(result.provenance["versions"])
    assert json.loads(result.evidence["statevector.json"].data)["worst_norm"] == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    "body",
    [
        "rx(a) q[0];\nrx(2*b) q[1];\nswap q[0], q[1];\ncp(a+b) q[0], q[1];\nh q[2];\n",
        "both(2*a) q[0], q[2];\nthrice q[0], q[1], q[2];\nrz(b) q[1];\n",
        "h q;\nctrl @ rx(a) q[0], q[1];\nnegctrl @ x q[1], q[2];\nctrl(2) @ ry(b) q[2], q[0], q[1];\n"
        "inv @ s q[0];\npow(0.5) @ x q[1];\nctrl @ gphase(0.3) q[2];\n",
        "reset q[0];\nrx(a) q[0];\nreset q[1];\nbarrier q;\nh q[1];\ndelay[10ns] q[2];\nrz(b) q[1];\n",
    ],
    ids=("columns", "gates of its own", "modifiers", "what does nothing"),
)
def test_every_parameter_set_has_the_state_of_its_own_circuit(body: str) -> None:
    text = HEAD + (
        "gate both(w) d, e { ry(w) d; cx d, e; }\ngate thrice d, e, f { ccx d, e, f; both(0.3) e, f; }\n"
        f"input float[64] a;\ninput float[64] b;\nqubit[3] q;\n{body}"
    )
    circuit, rows = qasm3.loads(text), np.array([[1.1, 0.0], [0.0, 0.7], [0.4, -0.3]])
    found = planned(circuit, ("b", "a"), rows)
    for number, (b, a) in enumerate(rows):
        made = Statevector(circuit_of(found.plan.of(number).passes, 3))
        by_name = {parameter: {"a": a, "b": b}[parameter.name] for parameter in circuit.parameters}
        wanted = Statevector(RemoveResetInZeroState()(circuit.assign_parameters(by_name)))
        in_order = made.evolve(PermutationGate(found.wires))
        assert abs(in_order.inner(wanted)) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("c[0] = measure q[0];\nh q[0];\nc[1] = measure q[1];", "got h after the measurement of qubit 0"),
        ("c[0] = measure q[0];\nc[1] = measure q[0];", "got measure after the measurement of qubit 0"),
        ("h q[0];\nreset q[0];\nc = measure q;", "got reset on qubit 0"),
        ("c[0] = measure q[0];\nif (c[0]) { x q[1]; }\nc[1] = measure q[1];", "got if_else"),
    ],
)
def test_what_is_no_gate_or_last_measurement_is_refused_in_one_line(body: str, line: str) -> None:
    said = refused(batch(HEAD + f"bit[2] c;\nqubit[2] q;\n{body}\n"))
    assert line in said
    assert said.endswith("run on aer")


def test_a_number_of_ranks_that_is_no_power_of_two_is_refused_and_a_sites_is_rounded_down() -> None:
    assert "expected a power of two of ranks, got 6; ask for 4 or 8" in refused(batch(GHZ, ranks=6))
    assert needs.ranks_for(30, 1, 6) == 4
    assert needs.ranks_for(30, 8, 6) == 8
    # fewer than 2^17 amplitudes a rank gain nothing
    assert [needs.ranks_for(qubits, 1, 16) for qubits in (10, 17, 18, 20, 21)] == [1, 1, 2, 8, 16]


def test_what_does_not_fit_is_refused_before_it_starts(tmp_path: Path) -> None:
    # 2^26 amplitudes of 16 bytes are 1024 MiB
    assert "at most 25 qubits do, got 26 qubits, which take" in refused(batch(wide(26)), memory_mb=1000)
    # 10^8 samples of a byte each, and their drawing
    assert "take fewer qubits or shots" in refused(batch(wide(3), shots=10**8), memory_mb=1000)
    small = Settings(home=tmp_path).having(StatevectorSettings(statevector_memory_mb=1000))
    with closing(open_backend(small)) as backend:
        assert isinstance(backend, StatevectorBackend)
        for act in (backend.estimate, lambda work: backend.submit(work, tmp_path / "job")):
            with pytest.raises(BackendError, match=r"fit into 1000 MiB, .* got 26 qubits"):
                act(batch(wide(26)))
    too_much = r"mpi: expected work that asks for at most \d+ memory_mb"
    with (
        closing(open_backend(Settings(home=tmp_path))) as backend,
        pytest.raises(BackendError, match=too_much),
    ):
        backend.estimate(batch(wide(45)))
    assert not (tmp_path / "job").exists()


def test_a_quote_counts_and_grows_with_the_amplitudes() -> None:
    quotes = [plan(batch(wide(n)), CONTEXT, Report()).values for n in (20, 24)]
    times = [Quote.model_validate(each["quote"]).amounts.cpu_s or 0.0 for each in quotes]
    assert times[1] - 30 > 10 * (times[0] - 30) > 0
    assert quotes[1]["resources"]["memory_mb"] >= 2**24 * 16 / 2**20


def test_buffers_and_sums_stay_within_the_stated_share_of_a_ranks_amplitudes() -> None:
    for bits in range(14, 34):
        chunk = min(MOST_CHUNK, 2**bits // SHARE)
        beside = 1.25 * chunk * 16 + 2 * 2**bits / 128 * 8
        assert beside <= (needs.OVER - 1) * 2**bits * 16
    assert needs.OVER < 1.1


def test_a_state_whose_norm_drifts_fails(
    run_on: Callable[[MpiBackend, Any], RawResult], tmp_path: Path
) -> None:
    work = program(batch(GHZ), "run", 1)
    numbers = loaded(work.inputs["numbers-0"]) * (1 + 1e-6)
    with closing(MpiBackend(Settings(home=tmp_path))) as backend:
        result = run_on(backend, replace(work, inputs={"numbers-0": Blob(npy_bytes(numbers))}))
    assert result.state is JobState.FAILED
    assert "expected probabilities that add up to 1 within 1e-09, got 1.0000" in str(result.error)


@pytest.mark.parametrize(
    ("device", "line"),
    [
        ("no_such", "unknown backend"),
        ("local", "expected one that runs MPI programs"),
        ("mpi:x", "has no devices to choose from"),
    ],
)
def test_a_machine_that_runs_no_mpi_programs_is_refused(device: str, line: str) -> None:
    with pytest.raises(BadInput, match=line):
        open_backend(Settings(), device)


class Cluster(MpiBackend):
    """Stands for a machine whose work outlives this process, with MPI here under it."""

    scratch = Path("/cluster")

    def submit(self, work: Any, folder: Path, tag: str = "") -> dict[str, Any]:
        return super().submit(work, folder) | {"tag": tag}

    def find(self, tag: str) -> dict[str, Any] | None:
        return {"folder": "/cluster/found", "tag": tag}


def test_over_a_durable_machine_it_is_durable(tmp_path: Path) -> None:
    with closing(Cluster(Settings(home=tmp_path))) as cluster:
        backend = DurableStatevectorBackend(Settings(home=tmp_path), "cluster", cluster)
        assert isinstance(backend, DurableBackend)
        assert backend.scratch == Path("/cluster")
        assert backend.find("tag-1") == {"folder": "/cluster/found", "tag": "tag-1"}
        handle = backend.submit(batch(GHZ, wall_s=120.0), tmp_path / "job", "tag-1")
        assert handle["tag"] == "tag-1"
        final: Progress = backend.wait(handle, 120)
        assert final.state is JobState.DONE
        backend.close()


def test_without_a_durable_machine_it_is_not(statevector: StatevectorBackend) -> None:
    assert not isinstance(statevector, DurableBackend)
