"""Candidates on circuits: their features come from what really ran, or the certificate is INVALID."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from escalation.model.attempt import Candidate, Done
from escalation.model.blob import Blob
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.problem import Target
from escalation.model.result import RawResult
from problems.prediction.kernels import quantum_features as qf
from problems.prediction.models.feature_svm import FORMAT, fit, make_folds, tune
from problems.prediction.quantum.method import SHOTS, batch
from problems.prediction.verify.certify import certify
from toolbox.arrays import npy

TARGET = Target(metric="roc_auc", at_least=0.999)
OPEN, SEALED = 60, 40
SPAN = [OPEN, OPEN + SEALED]


def run(encoding: Any, frame: Any, seed: Any) -> Any:
    """A batch on all rows, and samples whose means follow the angles; any samples would do here."""
    parameters = qf.encode(frame, encoding)
    rng = np.random.default_rng(seed)
    files = {}
    for basis in range(3):
        chance = (1 + np.cos(parameters[:, : encoding["qubits"]] + basis)) / 2
        ones = rng.random((len(frame), SHOTS, encoding["qubits"])) > chance[:, None, :]
        bits = np.packbits(ones[:, :, ::-1], axis=-1) >> (8 - encoding["qubits"])
        files[f"bits-{basis}.npy"] = Blob(npy.dump(bits))
    return Done(batch(encoding, Blob(npy.dump(parameters)), seed), RawResult(JobState.DONE, files=files))


def measured(done: Done, qubits: int) -> Any:
    x, y, z = (npy.load(done.result.files[f"bits-{k}.npy"].data) for k in range(3))
    return qf.projected_features(x, y, z, qubits)


def machine(bench: Any, features: Any, encoding: Any, source: Any, as_npy: Any) -> Any:
    rows = bench.rows(bench.instance.open_index)
    labels = rows["__label__"].to_numpy(dtype=np.int8)
    folds = make_folds(labels, rows["__group__"].tolist(), False, 1)
    model = fit(features[:OPEN], labels, tune(features[:OPEN], labels, folds, "roc_auc"), "roc_auc")
    files = {
        "model": Blob(model.to_bytes()),
        "sealed_scores": as_npy(model.probabilities(features[OPEN:])),
        "train_rows": bench.train_rows(),
    }
    values = {"model_format": FORMAT, "features": source, "encoding": encoding, "chosen": "SVM"}
    return Candidate(values, files)


@pytest.fixture(scope="module")
def small(make_bench: Any) -> Any:
    return make_bench(open_rows=OPEN, sealed_rows=SEALED)


@pytest.fixture(scope="module")
def honest(small: Any, as_npy: Any) -> Any:
    """(candidate with both null controls, evidence)."""
    frame = small.instance.frame
    encoding = qf.fit_encoding(frame.iloc[:OPEN], small.instance.columns, 2)
    encoding |= {"bandwidth": 1.0, "layers": 2, "entangled": True}
    plain = {**encoding, "entangled": False}
    chosen = Done(LocalCall("m:f"), RawResult(JobState.DONE))
    evidence = (chosen, run(encoding, frame, 1), run(plain, frame, 2))
    quantum = {"kind": "circuit", "work": 1, "sealed_sets": SPAN}
    candidate = machine(small, measured(evidence[1], 2), encoding, quantum, as_npy)
    controls = {
        "rbf_same_features": machine(
            small, qf.scale(frame, encoding), encoding, {"kind": "classical"}, as_npy
        ),
        "no_entanglement": machine(small, measured(evidence[2], 2), plain, {**quantum, "work": 2}, as_npy),
    }
    return replace(candidate, controls=controls), evidence


def check(bench: Any, candidate: Any, evidence: Any) -> Any:
    return certify(bench.instance, TARGET, candidate, evidence, 0.05)


def assert_invalid(certificate: Any, word: Any) -> None:
    assert certificate.status == "INVALID"
    assert word in "; ".join(certificate.reasons)


def changed(candidate: Any, **values: Any) -> Any:
    return replace(candidate, values={**candidate.values, **values})


def with_source(candidate: Any, **source: Any) -> Any:
    return changed(candidate, features={**candidate.values["features"], **source})


def test_an_honest_candidate_is_bounded_and_compared_with_both_controls(small: Any, honest: Any) -> None:
    certificate = check(small, *honest)
    assert certificate.reasons[0].startswith("the lower bound")
    assert certificate.status == "BOUNDED"
    assert {control.name for control in certificate.controls} == {"rbf_same_features", "no_entanglement"}


@pytest.mark.parametrize("ordinal", [3, -1, None, "1", True, 1.0])
def test_work_that_is_not_in_the_evidence_is_found(small: Any, honest: Any, ordinal: Any) -> None:
    candidate, evidence = honest
    assert_invalid(check(small, with_source(candidate, work=ordinal), evidence), "evidence holds 3")


def test_work_of_another_kind_is_found(small: Any, honest: Any) -> None:
    candidate, evidence = honest
    assert_invalid(check(small, with_source(candidate, work=0), evidence), "local_call")


def test_failed_work_is_found(small: Any, honest: Any) -> None:
    candidate, evidence = honest
    failed = replace(evidence[1], result=replace(evidence[1].result, state=JobState.FAILED, error="lost"))
    assert_invalid(check(small, candidate, (evidence[0], failed, evidence[2])), "failed: lost")


@pytest.mark.parametrize(
    "span", [[0, SEALED], [OPEN + 1, OPEN + SEALED + 1], [OPEN, OPEN + 3], [-SEALED, 0], "ab"]
)
def test_parameter_sets_of_other_rows_are_found(small: Any, honest: Any, span: Any) -> None:
    candidate, evidence = honest
    assert_invalid(
        check(small, with_source(candidate, sealed_sets=span), evidence), "features cannot be recomputed"
    )


def test_another_bandwidth_than_was_run_is_found(small: Any, honest: Any) -> None:
    candidate, evidence = honest
    cheat = changed(candidate, encoding={**candidate.values["encoding"], "bandwidth": 1.001})
    assert_invalid(check(small, cheat, evidence), "not those of the rows kept aside")


def test_other_circuits_than_were_run_are_found(small: Any, honest: Any) -> None:
    candidate, evidence = honest
    cheat = changed(candidate, encoding={**candidate.values["encoding"], "layers": 3})
    assert_invalid(check(small, cheat, evidence), "not those of the encoding")


def test_the_control_circuit_cannot_pass_for_the_candidates(small: Any, honest: Any) -> None:
    candidate, evidence = honest
    assert_invalid(check(small, with_source(candidate, work=2), evidence), "not those of the encoding")


def test_other_samples_than_came_back_are_found(small: Any, honest: Any) -> None:
    candidate, evidence = honest
    other = replace(evidence[1], result=run(candidate.values["encoding"], small.instance.frame, 9).result)
    assert_invalid(check(small, candidate, (evidence[0], other, evidence[2])), "forged predictions")


def test_missing_or_misshapen_samples_are_found(small: Any, honest: Any) -> None:
    candidate, evidence = honest
    for files in (
        {},
        {f"bits-{k}.npy": Blob(npy.dump(np.zeros((1, 1, 1), np.uint8))) for k in range(3)},
    ):
        other = replace(evidence[1], result=replace(evidence[1].result, files=files))
        verdict = check(small, candidate, (evidence[0], other, evidence[2]))
        assert_invalid(verdict, "features cannot be recomputed")


@pytest.mark.parametrize(
    "encoding", [None, {}, {"qubits": 10**12, "layers": 1}, {"qubits": 2, "layers": True}]
)
def test_a_senseless_encoding_is_found(small: Any, honest: Any, encoding: Any) -> None:
    candidate, evidence = honest
    assert_invalid(
        check(small, changed(candidate, encoding=encoding), evidence), "features cannot be recomputed"
    )


@pytest.mark.parametrize("name", ["rbf_same_features", "no_entanglement"])
def test_a_quantum_candidate_without_one_of_its_null_controls_is_invalid(
    small: Any, honest: Any, name: Any
) -> None:
    candidate, evidence = honest
    left = {key: control for key, control in candidate.controls.items() if key != name}
    assert_invalid(check(small, replace(candidate, controls=left), evidence), "no null control")


def test_a_null_control_trained_on_fewer_rows_does_not_count(small: Any, honest: Any) -> None:
    candidate, evidence = honest
    weak = candidate.controls["rbf_same_features"]
    weak = replace(weak, files={**weak.files, "train_rows": small.train_rows(range(10))})
    cheat = replace(candidate, controls={**candidate.controls, "rbf_same_features": weak})
    assert_invalid(check(small, cheat, evidence), "no null control on the same features")
