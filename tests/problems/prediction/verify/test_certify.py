"""Honest candidates, hand-made cheats, hostile bytes, and the error rate that a certificate promises."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from escalation.model.certificate import CertificateStatus
from escalation.model.errors import BadInput
from escalation.model.problem import Target
from problems.prediction.verify.certify import VERIFIER, certify

AREA = Target(metric="roc_auc", at_least=0.7)


def check(bench: Any, candidate: Any, target: Any = AREA, alpha: Any = 0.05) -> Any:
    return certify(bench.instance, target, candidate, (), alpha)


def assert_invalid(certificate: Any, *words: Any) -> None:
    assert certificate.status is CertificateStatus.INVALID
    assert certificate.value is None
    said = "; ".join(certificate.reasons)
    for word in words:
        assert word in said


def test_an_honest_candidate_that_reaches_the_target_is_certified(bench: Any) -> None:
    certificate = check(bench, bench.candidate())
    assert certificate.status is CertificateStatus.CERTIFIED
    # two classes 1.5 standard deviations apart: the true area is Φ(1.5/√2) = 0.856
    assert 0.7 <= certificate.value < 0.856
    assert certificate.value < certificate.estimate
    assert (certificate.alpha, certificate.verifier, certificate.reasons) == (0.05, VERIFIER, ())
    assert (certificate.evidence["n_sealed"], certificate.evidence["n_positive"]) == (100, 50)


def test_a_target_out_of_reach_leaves_a_valid_bound(bench: Any) -> None:
    certificate = check(bench, bench.candidate(), Target(metric="roc_auc", at_least=0.95))
    assert certificate.status is CertificateStatus.BOUNDED
    assert certificate.value == check(bench, bench.candidate()).value
    assert "below the target 0.95" in certificate.reasons[0]


def test_a_target_that_no_answer_reaches_on_so_few_rows_is_told(bench: Any) -> None:
    told = check(bench, bench.candidate(), Target(metric="accuracy", at_least=0.98)).reasons[-1]
    # Clopper and Pearson without a failure: α^(1/n) = 0.05^(1/100)
    assert "without a single error the bound is 0.9705" in told
    within = check(bench, bench.candidate(), Target(metric="accuracy", at_least=0.97)).reasons
    assert not any("no answer reaches" in reason for reason in within)


def test_a_smaller_share_of_the_error_lowers_the_bound(bench: Any) -> None:
    assert check(bench, bench.candidate(), alpha=0.01).value < check(bench, bench.candidate()).value


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "sensitivity", "specificity"])
def test_every_share_can_be_certified(bench: Any, metric: Any) -> None:
    certificate = check(bench, bench.candidate(), Target(metric=metric, at_least=0.55))
    assert certificate.status is CertificateStatus.CERTIFIED


def test_brier_is_bounded_from_above(bench: Any) -> None:
    certificate = check(bench, bench.candidate(), Target(metric="brier", at_most=0.3))
    assert certificate.status is CertificateStatus.CERTIFIED
    assert certificate.estimate < certificate.value <= 0.3
    assert check(bench, bench.candidate(), Target(metric="brier", at_most=0.05)).status == "BOUNDED"


def test_dependent_rows_are_counted_as_groups(make_bench: Any) -> None:
    grouped = make_bench(group_size=4)
    certificate = check(grouped, grouped.candidate())
    assert certificate.evidence["n_groups"] == 25
    assert "Obuchowski" in certificate.kind


# ---- cheats ------------------------------------------------------------------------------------------------


def test_training_on_the_sealed_rows_is_found_by_their_digests(bench: Any) -> None:
    everything = np.arange(len(bench.instance.frame))
    cheat = bench.candidate(bench.fit(index=everything), train_rows=bench.train_rows(everything))
    assert_invalid(check(bench, cheat), "train on test", "100 rows kept aside")


def test_one_sealed_row_among_the_training_rows_is_enough(bench: Any) -> None:
    named = [*bench.instance.open_index, bench.instance.sealed_index[3]]
    assert_invalid(check(bench, bench.candidate(train_rows=bench.train_rows(named))), "1 rows kept aside")


def test_forged_digests_are_found(bench: Any) -> None:
    forged = Blob(bench.train_rows().data + bytes(32))
    assert_invalid(check(bench, bench.candidate(train_rows=forged)), "digest mismatch: 1 training rows")


@pytest.mark.parametrize("data", [b"", b"x" * 33])
def test_digests_that_are_none_are_found(bench: Any, data: Any) -> None:
    assert_invalid(check(bench, bench.candidate(train_rows=Blob(data))), "train_rows: expected digests")


def test_forged_predictions_are_found(bench: Any, as_npy: Any) -> None:
    truth = np.where(bench.instance.sealed_labels == 1, 0.99, 0.01)
    cheat = bench.candidate(sealed_scores=as_npy(truth))
    assert_invalid(check(bench, cheat), "forged predictions")


def test_a_prediction_changed_in_the_sixth_digit_is_found(bench: Any, as_npy: Any) -> None:
    scores = np.load(io.BytesIO(bench.candidate().files["sealed_scores"].data))
    scores[7] += 1e-6
    assert_invalid(check(bench, bench.candidate(sealed_scores=as_npy(scores))), "by up to 1e-06")


def test_predictions_of_another_model_are_found(bench: Any) -> None:
    other = bench.candidate(bench.fit(labels=np.arange(80) // 40))
    mixed = {**bench.candidate().files, "model": other.files["model"]}
    assert_invalid(check(bench, replace(bench.candidate(), files=mixed)), "forged predictions")


def test_duplicated_rows_across_the_split_are_found(bench: Any) -> None:
    frame = bench.instance.frame.copy()
    frame.loc[90, ["x0", "x1"]] = frame.loc[5, ["x0", "x1"]].to_numpy()
    twin = replace(bench, instance=replace(bench.instance, frame=frame))
    assert_invalid(check(twin, twin.candidate()), "duplicates across the split: 1 rows kept aside")


def test_a_group_on_both_sides_is_found(bench: Any) -> None:
    groups = bench.instance.frame["__group__"].copy()
    groups[[3, 120]] = "patient 9"
    leaking = bench.with_frame(__group__=groups)
    assert_invalid(check(leaking, leaking.candidate()), "group leak: 1 groups", "patient 9")


def test_a_sealed_row_from_before_the_last_open_one_is_found(bench: Any) -> None:
    times = np.arange(len(bench.instance.frame), dtype=float)
    assert check(bench.with_frame(__time__=times), bench.candidate()).status == "CERTIFIED"
    times[[10, 170]] = times[[170, 10]]
    assert_invalid(check(bench.with_frame(__time__=times), bench.candidate()), "time leak")


def test_a_row_that_is_open_and_sealed_is_found(bench: Any) -> None:
    both = replace(bench.instance, open_index=np.arange(81))
    assert_invalid(certify(both, AREA, bench.candidate(), (), 0.05), "1 rows are both open and kept aside")


@pytest.mark.parametrize(
    ("scores", "word"),
    [
        (np.full(99, 0.5), "shape (100,)"),
        (np.full((100, 1), 0.5), "shape (100,)"),
        (np.full(100, np.nan), "NaN"),
        (np.full(100, 1.5), "probabilities"),
        (np.full(100, 0.5, dtype=np.float32), "float64"),
        (np.array(["0.5"] * 100), "float64"),
    ],
)
def test_scores_that_are_no_probabilities_are_found(bench: Any, as_npy: Any, scores: Any, word: Any) -> None:
    assert_invalid(check(bench, bench.candidate(sealed_scores=as_npy(scores))), word)


def test_pickled_scores_are_refused(bench: Any) -> None:
    pickled = io.BytesIO()
    np.save(pickled, np.array([{}] * 100, dtype=object), allow_pickle=True)
    cheat = bench.candidate(sealed_scores=Blob(pickled.getvalue()))
    assert_invalid(check(bench, cheat), "expected a .npy file")


@pytest.mark.parametrize("name", ["model", "sealed_scores", "train_rows"])
def test_a_missing_file_is_found(bench: Any, name: Any) -> None:
    honest = bench.candidate()
    files = {key: blob for key, blob in honest.files.items() if key != name}
    assert_invalid(check(bench, Candidate(honest.values, files)), name)


@pytest.mark.parametrize(
    "values", [{}, {"model_format": "pickle"}, {"model_format": ["skops"]}, {"model_format": None}]
)
def test_an_unknown_model_format_is_found(bench: Any, values: Any) -> None:
    assert_invalid(check(bench, Candidate(values, bench.candidate().files)), "give no scores")


def test_malformed_conformal_sets_are_found(bench: Any, as_npy: Any) -> None:
    assert_invalid(check(bench, bench.candidate(sealed_sets=as_npy(np.ones((100, 3), bool)))), "sealed_sets")


def test_several_faults_are_all_named(bench: Any, as_npy: Any) -> None:
    cheat = bench.candidate(train_rows=Blob(bytes(32)), sealed_scores=as_npy(np.full(100, 2.0)))
    assert_invalid(check(bench, cheat), "digest mismatch", "probabilities")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.dictionaries(
        st.sampled_from(["model_format", "features", "encoding", "chosen"]),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | st.sampled_from(["skops", "xgboost", "circuit"]),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["kind", "work", "qubits", "sealed_sets"]), inner, max_size=4
                )
            ),
            max_leaves=6,
        ),
    ),
    files=st.dictionaries(
        st.sampled_from(["model", "sealed_scores", "train_rows", "sealed_sets"]), st.binary(max_size=200)
    ),
    honest=st.sets(st.sampled_from(["sealed_scores", "train_rows"])),
)
def test_no_garbage_makes_the_verifier_raise_or_certify(
    bench: Any, values: Any, files: Any, honest: Any
) -> None:
    real = bench.candidate().files
    blobs = {name: Blob(data) for name, data in files.items()} | {name: real[name] for name in honest}
    inner = Candidate(values, blobs)
    assert_invalid(check(bench, Candidate(values, blobs, controls={"c": inner})))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    place=st.integers(0, 10_000), value=st.integers(0, 255), name=st.sampled_from(["model", "sealed_scores"])
)
def test_a_flipped_byte_never_raises_and_never_improves_the_answer(
    bench: Any, place: Any, value: Any, name: Any
) -> None:
    honest = bench.candidate()
    data = bytearray(honest.files[name].data)
    data[place % len(data)] = value
    certificate = check(bench, Candidate(honest.values, {**honest.files, name: Blob(bytes(data))}))
    untouched = check(bench, honest)
    assert certificate.status == "INVALID" or certificate.value == pytest.approx(untouched.value, abs=1e-6)


# ---- what cannot be evaluated ------------------------------------------------------------------------------


def test_without_sealed_rows_there_is_no_evaluation(make_bench: Any, as_npy: Any) -> None:
    bench = make_bench(sealed_rows=0)
    files = {"model": Blob(b"-"), "sealed_scores": as_npy(np.empty(0)), "train_rows": bench.train_rows()}
    certificate = check(bench, Candidate({"model_format": "skops"}, files))
    assert certificate.status is CertificateStatus.HEURISTIC
    assert certificate.value is None
    assert "no rows were kept aside" in certificate.reasons[0]


def test_sealed_rows_of_one_class_bound_only_what_they_can(make_bench: Any) -> None:
    bench = make_bench(labels=[*(np.arange(80) % 2), *np.ones(100, int)])
    certificate = check(bench, bench.candidate())
    assert certificate.status is CertificateStatus.HEURISTIC
    assert "negative class" in certificate.reasons[0]
    sensitivity = check(bench, bench.candidate(), Target(metric="sensitivity", at_least=0.5))
    assert sensitivity.status is CertificateStatus.CERTIFIED


def test_an_alpha_or_metric_that_means_nothing_is_the_callers_mistake(bench: Any) -> None:
    with pytest.raises(BadInput, match="0 < α < 1"):
        check(bench, bench.candidate(), alpha=0.0)
    with pytest.raises(BadInput, match="metric"):
        check(bench, bench.candidate(), Target(metric="f1", at_least=0.5))


# ---- null controls -----------------------------------------------------------------------------------------


def test_null_controls_are_recomputed_and_compared_on_the_same_rows(bench: Any) -> None:
    from sklearn.dummy import DummyClassifier

    constant = bench.candidate(bench.fit(estimator=DummyClassifier()))
    honest = bench.candidate()
    certificate = check(bench, replace(honest, controls={"constant": constant, "itself": honest}))
    assert certificate.status is CertificateStatus.CERTIFIED
    found = {control.name: control for control in certificate.controls}
    assert found["constant"].value == 0.5
    assert found["constant"].difference == pytest.approx(certificate.estimate - 0.5)
    assert found["constant"].p_value < 1e-6
    assert (found["itself"].difference, found["itself"].p_value) == (0.0, 1.0)


def test_an_invalid_control_makes_the_certificate_invalid(bench: Any, as_npy: Any) -> None:
    weak = bench.candidate(sealed_scores=as_npy(np.full(100, 0.5)))
    certificate = check(bench, replace(bench.candidate(), controls={"weak": weak}))
    assert_invalid(certificate, "null control weak: forged predictions")


# ---- the promised error rate -------------------------------------------------------------------------------

SEEDS = 60


@pytest.mark.parametrize(("metric", "seeds"), [("roc_auc", 2 * SEEDS), ("accuracy", SEEDS)])
def test_models_of_permuted_labels_are_certified_no_more_often_than_promised(
    make_bench: Any, metric: Any, seeds: Any
) -> None:
    """Labels and features that have nothing to do with each other: whatever is learnt, the truth is 1/2."""
    rng = np.random.default_rng(21)
    base = make_bench(shift=0.0, open_rows=30, sealed_rows=60)
    target = Target(metric=metric, at_least=0.5001)
    certified = 0
    for _ in range(seeds):
        labels = rng.integers(0, 2, 90).astype(np.int8)
        labels[:4], labels[-4:] = [0, 1, 0, 1], [0, 1, 0, 1]
        bench = base.with_frame(__label__=labels)
        certified += check(bench, bench.candidate(), target).status is CertificateStatus.CERTIFIED
    assert certified <= stats.binom.ppf(0.999, seeds, 0.05)


def test_a_constant_predictor_is_never_certified_above_chance(make_bench: Any) -> None:
    from sklearn.dummy import DummyClassifier

    for seed in range(10):
        bench = make_bench(seed=seed)
        constant = bench.candidate(bench.fit(estimator=DummyClassifier()))
        certificate = check(bench, constant, Target(metric="roc_auc", at_least=0.501))
        assert certificate.status is CertificateStatus.BOUNDED
        assert certificate.estimate == 0.5


def test_a_target_at_the_true_value_is_certified_no_more_often_than_promised(make_bench: Any) -> None:
    """The model is fixed by hand, so its true area is known: Φ(1.5/√2)."""
    truth = float(stats.norm.cdf(1.5 / np.sqrt(2)))
    certified = 0
    model = make_bench(open_rows=8, sealed_rows=80).fit()
    model.coef_ = np.array([[1.0, 1.0]])
    for seed in range(SEEDS):
        bench = make_bench(seed=1000 + seed, open_rows=8, sealed_rows=80)
        certificate = check(bench, bench.candidate(model), Target(metric="roc_auc", at_least=truth))
        certified += certificate.status is CertificateStatus.CERTIFIED
    assert certified <= stats.binom.ppf(0.999, SEEDS, 0.05)
