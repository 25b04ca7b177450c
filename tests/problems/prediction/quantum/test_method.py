"""The method driven by hand: a perfect sampler in place of a device, local calls called in the process."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from escalation.model.amounts import Bounds
from escalation.model.blob import Blob
from escalation.model.calibration import DeviceKind
from escalation.model.errors import TierwiseError
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.kinds.local_call import LocalCall
from escalation.model.problem import Target
from escalation.model.quote import Quote
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.ports.methods import Sends
from escalation.testing.driving import Driven
from problems.prediction.kernels.quantum_features import encode
from problems.prediction.kernels.statevector import exact_features
from problems.prediction.loading import load_rows
from problems.prediction.quantum import method as quantum
from problems.prediction.quantum.method import ProjectedKernel
from problems.prediction.tables.instance import TableInstance, solver_view
from problems.prediction.tables.table import TableView
from problems.prediction.verify.certify import certify
from problems.prediction.verify.circuit_evidence import sealed_features
from tests.problems.prediction.quantum.driving import drive, run
from toolbox.arrays import npy

TARGET = Target(metric="roc_auc", at_least=0.7)
INSTANCE = {"dataset": "quantum_labels", "rows": 260, "qubits": 3, "sealed_fraction": 0.5}


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """As the local backend runs it."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def instance() -> TableInstance:
    return load_rows(INSTANCE, 3, Path())


@pytest.fixture(scope="module")
def view(instance: TableInstance) -> TableView:
    return solver_view(instance, TARGET)


@pytest.fixture(scope="module")
def driven(view: TableView) -> Driven:
    return drive(ProjectedKernel(), view, 11)


def test_it_asks_for_a_choice_two_concurrent_batches_and_a_fit(driven: Driven, view: TableView) -> None:
    _, done = driven
    works = [item.work for item in done]
    assert [type(work) for work in works] == [LocalCall, CircuitBatch, CircuitBatch, LocalCall]
    circuit, control = batches = [work for work in works if isinstance(work, CircuitBatch)]
    for batch in batches:
        assert len(batch.pubs) == 3
        assert {pub.shots for pub in batch.pubs} == {1024}
        assert len({pub.parameters.digest for pub in batch.pubs}) == 1
        assert len(npy.load(batch.pubs[0].parameters.data)) == view.n_open + view.n_sealed
        assert set(batch.options) == {"twirling", "dynamical_decoupling", "optimization_level"}
    assert "cx" in circuit.pubs[0].qasm3
    assert "cx" not in control.pubs[0].qasm3


def test_the_candidate_is_certified_and_beats_both_null_controls(
    driven: Driven, instance: TableInstance
) -> None:
    candidate, done = driven
    certificate = certify(instance, TARGET, candidate, done, 0.05)
    assert certificate.status == "CERTIFIED"
    assert {control.name for control in certificate.controls} == {"rbf_same_features", "no_entanglement"}
    assert all(control.p_value < 0.01 for control in certificate.controls)


def test_the_verifier_recomputes_the_features_that_were_used(driven: Driven, instance: TableInstance) -> None:
    candidate, done = driven
    rows = instance.sealed_features
    encoding = candidate.values["encoding"]
    features = sealed_features(candidate.values, done, rows)
    assert features is not None
    exact = exact_features(encode(rows, encoding), encoding["qubits"], encoding["layers"])
    # 1024 shots: standard error at most 1/32, six of them for some 700 values
    assert np.abs(features - exact).max() < 6 / 32


def test_samples_of_other_rows_are_a_forgery(driven: Driven, instance: TableInstance) -> None:
    candidate, done = driven
    first, last = candidate.values["features"]["sealed_sets"]
    shifted = {**candidate.values["features"], "sealed_sets": [first - 1, last - 1]}
    forged = replace(candidate, values={**candidate.values, "features": shifted})
    certificate = certify(instance, TARGET, forged, done, 0.05)
    assert certificate.status == "INVALID"
    assert any("parameters" in reason for reason in certificate.reasons)


def test_its_prediction_sets_are_made_again_from_what_really_ran(
    driven: Driven, instance: TableInstance
) -> None:
    candidate, done = driven
    assert candidate.notes["conformal"]["promises"]["all"]["rows"] >= 60
    everything = Blob(npy.dump(np.ones((len(instance.sealed_index), 2), dtype=np.bool_)))
    forged = replace(candidate, files={**candidate.files, "sealed_sets": everything})
    certificate = certify(instance, TARGET, forged, done, 0.05)
    assert certificate.status == "INVALID"
    assert any("forged prediction sets" in reason for reason in certificate.reasons)


def test_an_encoding_other_than_the_one_that_ran_is_a_forgery(
    driven: Driven, instance: TableInstance
) -> None:
    candidate, done = driven
    encoding = {**candidate.values["encoding"], "bandwidth": 0.9}
    forged = replace(candidate, values={**candidate.values, "encoding": encoding})
    assert certify(instance, TARGET, forged, done, 0.05).status == "INVALID"


def test_it_was_trained_on_open_rows_only(driven: Driven, instance: TableInstance) -> None:
    candidate, _ = driven
    data = candidate.files["train_rows"].data
    used = [data[i : i + 32].hex() for i in range(0, len(data), 32)]
    assert used == sorted(instance.frame["__row__"].iloc[instance.open_index])
    assert all(control.files["train_rows"].data == data for control in candidate.controls.values())


def test_the_same_seed_and_results_give_the_same_bytes(driven: Driven, view: TableView) -> None:
    candidate, done = driven
    stored = {item.work.digest: item.result for item in done}
    again, repeated = drive(ProjectedKernel(), view, 11, lambda work: stored[work.digest])
    assert again.to_json() == candidate.to_json()
    assert [item.work.digest for item in repeated] == [item.work.digest for item in done]
    assert run(done[3].work).digest == done[3].result.digest
    first = next(ProjectedKernel().solve(view, 12))
    assert isinstance(first, LocalCall)
    assert first.digest != done[0].work.digest


def test_the_notes_tell_what_a_reader_asks(driven: Driven) -> None:
    notes = driven[0].notes
    assert [entry["bandwidth"] for entry in notes["bandwidths"]] == [0.25, 0.5, 1.0, 1.5, 2.0, 3.0]
    measured = notes["kernel_measured"]
    assert measured["geometric_difference"] > 1.0
    assert 0.0 < measured["geometric_difference_error"] < measured["geometric_difference"]
    assert 0.0 < measured["concentration"] < 0.25  # entries lie within [0, 1]
    assert notes["shots"] == 1024
    assert notes["options"]["dynamical_decoupling"] == "XpXm"


@pytest.mark.parametrize(
    ("failing", "message"),
    [(0, "choosing the bandwidth"), (1, "the circuit failed"), (2, "without entanglement"), (3, "fitting")],
)
def test_failed_work_ends_the_attempt_with_its_reason(
    view: TableView, driven: Driven, failing: int, message: str
) -> None:
    results = [item.result for item in driven[1]]
    results[failing] = RawResult(JobState.FAILED, error="the fridge is warm")
    generator = ProjectedKernel().solve(view, 11)
    next(generator)
    sent: list[Sends] = [results[0], (results[1], results[2]), results[3]]
    with pytest.raises(TierwiseError, match=f"{message}.*the fridge is warm"):
        list(map(generator.send, sent))


class Meter:
    """A device that quotes a second and a dollar a circuit."""

    name = "meter"
    kind = DeviceKind.HARDWARE

    def __init__(self) -> None:
        self.seen: list[CircuitBatch] = []

    def estimate(self, work: Work) -> Quote:
        assert isinstance(work, CircuitBatch)
        self.seen.append(work)
        circuits = sum(len(npy.load(pub.parameters.data)) for pub in work.pubs)
        shots = sum(len(npy.load(pub.parameters.data)) * pub.shots for pub in work.pubs)
        return Quote(
            amounts=Bounds(wall_s=circuits, qpu_s=circuits, usd=circuits), circuits=circuits, shots=shots
        )


def test_the_quote_covers_every_circuit_that_will_run(view: TableView, driven: Driven) -> None:
    meter = Meter()
    quoted = ProjectedKernel().quote(view, meter)
    batches = [item.work for item in driven[1] if isinstance(item.work, CircuitBatch)]
    assert quoted.circuits == 2 * 3 * (view.n_open + view.n_sealed)
    assert quoted.shots == 1024 * quoted.circuits
    assert quoted.amounts.usd == quoted.circuits
    shapes = [[(pub.qasm3, pub.parameters.size, pub.shots) for pub in batch.pubs] for batch in batches]
    assert [[(p.qasm3, p.parameters.size, p.shots) for p in batch.pubs] for batch in meter.seen] == shapes


def test_an_unknown_price_stays_unknown(view: TableView) -> None:
    class Unpriced(Meter):
        def estimate(self, work: Work) -> Quote:
            return super().estimate(work).model_copy(update={"amounts": Bounds(usd=None)})

    assert ProjectedKernel().quote(view, Unpriced()).amounts.usd is None


def test_qubits_are_features_up_to_eight_unless_the_data_say(view: TableView) -> None:
    assert quantum.qubits_for(view) == 3
    assert quantum.qubits_for(replace(view, extra={})) == 3
    many = tuple(replace(view.columns[0], name=f"c{i}") for i in range(30))
    assert quantum.qubits_for(replace(view, columns=many, extra={})) == 8
