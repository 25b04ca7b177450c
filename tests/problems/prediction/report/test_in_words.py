"""What a person who knows no statistics reads, worked out by hand on the tumours that come along."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escalation.model.attempt import Attempt, AttemptStatus, Candidate
from escalation.model.blob import Blob
from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.problem import Target, Tier
from escalation.model.quote import Quote
from escalation.ports.families import Answer
from problems.prediction.loading import load_rows
from problems.prediction.report.in_words import answer, asked
from toolbox.arrays import npy

WARD = "age,ill\n" + "".join(f"{row * 37 % 101 + row * row % 7 / 8},{row % 2}\n" for row in range(80))


@pytest.fixture(scope="module")
def tumours() -> Any:
    """569 rows, 228 of them kept aside."""
    return load_rows({"dataset": "breast_cancer"}, 7, Path())


def said(instance: Any, target: Target, scores: Any = None, **certificate: Any) -> Answer:
    found = {"status": CertificateStatus.CERTIFIED, "kind": "k", "verifier": "v", "alpha": 0.05 / 3}
    attempt = Attempt(
        number=0, tier=Tier.HPC, method="m", backend="mpi", device_kind="classical", seed=1, quote=Quote(),
        status=AttemptStatus.CERTIFIED, certificate=Certificate.model_validate({**found, **certificate}),
    )  # fmt: skip
    scores = np.where(np.asarray(instance.sealed_labels) == 1, 0.9, 0.1) if scores is None else scores
    files = {"sealed_scores": Blob(npy.dump(scores))}
    return answer(instance, target, attempt, Candidate({"chosen": "svm_rbf (C 10, gamma 0.3)"}, files))


def test_the_title_says_what_is_asked(tumours: Any, tmp_path: Path) -> None:
    assert asked(tumours) == "Tell malignant from benign on 569 rows of breast_cancer"
    (tmp_path / "ward.csv").write_text(WARD)
    ward = load_rows({"csv": "ward.csv", "target": "ill"}, 1, tmp_path)
    assert asked(ward) == "Predict ill (1 or 0) on 80 rows of ward.csv"
    pictures = replace(ward, noun="pictures", source={"pictures": "scans.npz", "sha256": "0"})
    assert asked(pictures) == "Predict ill (1 or 0) on 80 pictures of scans.npz"
    pixels = replace(ward, noun="places", source={"files": [{}]})
    assert asked(pixels) == "Predict ill (1 or 0) on 80 places"


def test_a_model_is_called_by_the_name_that_people_know(tumours: Any) -> None:
    found = said(tumours, Target(metric="accuracy", at_least=0.9), value=0.93, estimate=0.95)
    assert found.words == (
        "a model that tells malignant from benign: a support vector machine",
        "its settings: svm_rbf (C 10, gamma 0.3)",
    )


@pytest.mark.parametrize(
    ("target", "value", "worth"),
    [
        (("roc_auc", 0.97), 0.97136, "at least 97 of 100 pairs (one of each class) are ordered correctly"),
        (("accuracy", 0.9), 0.9341, "at least 93 of 100 rows are called correctly"),
        (
            ("balanced_accuracy", 0.9),
            0.9341,
            "at least 93 of 100 rows are called correctly, both classes counted alike",
        ),
        (("sensitivity", 0.9), 0.9341, "at least 93 of 100 rows that are malignant are found"),
        (("specificity", 0.9), 0.9341, "at least 93 of 100 rows that are benign are recognised as such"),
    ],
)
def test_a_bound_is_said_as_rows_or_pairs_of_a_hundred(
    tumours: Any, target: tuple[str, float], value: float, worth: str
) -> None:
    found = said(tumours, Target(metric=target[0], at_least=target[1]), value=value, estimate=0.99)
    assert found.rests_on == (f"On 228 rows whose outcome nobody had shown it, {worth}, with 95 % confidence")


def test_an_error_of_probabilities_stands_beside_that_of_saying_the_same_of_every_row(tumours: Any) -> None:
    found = said(tumours, Target(metric="brier", at_most=0.1), value=0.083411, estimate=0.05)
    ill = int(tumours.sealed_labels.sum())  # of 228: p(1 - p)
    plain = f"{ill / 228 * (1 - ill / 228):.4f}"
    assert "predicted probabilities is at most 0.08342, " in found.rests_on  # 0.083411 up, to four digits
    assert f"to say the same of every row errs by {plain}, with 95 %" in found.rests_on


def test_what_was_missed_is_not_said_as_if_it_had_been_reached(tumours: Any) -> None:
    scores = np.where(np.asarray(tumours.sealed_labels) == 1, 0.9, 0.1)
    target = Target(metric="roc_auc", at_least=0.99, confidence=0.9)
    found = said(tumours, target, scores, value=0.9713, estimate=0.995, status=CertificateStatus.BOUNDED)
    assert found.rests_on == (
        "On 228 rows whose outcome nobody had shown it, all that can be promised is that at least 97 of 100 "
        "pairs (one of each class) are ordered correctly, with 90 % confidence; asked was at least 99 of 100"
    )


def test_an_estimate_that_misses_the_target_is_helped_by_no_number_of_rows(tumours: Any) -> None:
    target = Target(metric="accuracy", at_least=0.9)
    scores = np.full(228, 0.1)
    found = said(tumours, target, scores, value=0.5811, estimate=0.64, status=CertificateStatus.BOUNDED)
    assert found.next_steps == (
        "Estimate 0.64, bound 0.5811 on 228 rows: no number of rows will do, for the estimate itself misses "
        "0.9; other columns, another model or a lower target might",
    )


def test_an_estimate_that_reaches_the_target_is_helped_by_rows(tumours: Any) -> None:
    """Nine of ten rows are called correctly, which 228 rows do not show to be at least 0.88."""
    labels = np.asarray(tumours.sealed_labels)
    right = np.arange(228) % 10 != 0
    scores = np.where(right == (labels == 1), 0.9, 0.1)
    share = float(right.mean())  # 205 of 228
    found = said(
        tumours, Target(metric="accuracy", at_least=0.88), scores,
        value=0.848, estimate=share, status=CertificateStatus.BOUNDED,
    )  # fmt: skip
    (line,) = found.next_steps
    assert line.startswith("Estimate 0.8991, bound 0.848 on 228 rows: about ")
    rows = int(line.split("about ")[1].split(" rows")[0].replace(",", ""))
    # by the normal approximation: (2.128 / (0.8991 - 0.88))² * 0.88 * 0.12 = 1311
    assert rows == pytest.approx(1311, rel=0.1)


def test_without_rows_kept_aside_nothing_is_promised(tumours: Any) -> None:
    found = said(tumours, Target(metric="accuracy", at_least=0.9), status=CertificateStatus.HEURISTIC)
    assert found.rests_on == "On nothing yet: no rows were kept aside on which anybody could judge it"
    assert found.next_steps == (
        "Keep rows aside (a larger sealed_fraction): without them nothing can be promised",
    )


@pytest.mark.parametrize("time", [{}, {"time": "seen"}])
def test_predictions_name_each_row_kept_aside_by_its_line(tmp_path: Path, time: dict[str, str]) -> None:
    ages = [20 + row * 7 % 61 for row in range(80)]
    lines = [f"{age},{row % 2},{row * 3 % 80 // 2}" for row, age in enumerate(ages)]
    (tmp_path / "ward.csv").write_text("\n".join(["age,ill,seen", *lines]) + "\n")
    ward = load_rows({"csv": "ward.csv", "target": "ill", **time}, 1, tmp_path)
    scores = ward.sealed_features["age"].to_numpy() / 100
    rows_aside = len(scores)
    told = said(ward, Target(metric="roc_auc", at_least=0.5), scores, value=0.6, estimate=0.7)
    header, *rows = told.files["predictions.csv"].decode().splitlines()
    assert header == "row,probability of 1"
    assert len(rows) == rows_aside
    for row in rows:
        name, score = row.split(",")
        line = int(name.removeprefix("line "))  # the header is line 1
        assert float(score) == pytest.approx(ages[line - 2] / 100)
