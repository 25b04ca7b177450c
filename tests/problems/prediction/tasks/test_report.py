"""What the report and the answer say of each task's predictions, with numbers that can be counted by hand."""

import io
import re
from typing import Any

import numpy as np
import pytest

from escalation.model.attempt import Attempt, AttemptStatus
from escalation.model.problem import Target, Tier
from escalation.model.quote import Quote
from problems.prediction.family import Prediction
from problems.prediction.report.tripod_words import ITEM_WORDS

METRICS = {
    "multiclass": ("balanced_accuracy", 0.5, "of 100 rows are called correctly, all classes counted alike"),
    "ordinal": ("weighted_kappa", 0.5, "agreement beyond chance (kappa, quadratic weights) is at least 0."),
    "regression": ("error_quantile", 0.6, "80% of predictions are off by at most 0."),
}
OUTPUT = {
    "multiclass": "probability of each of cat, dog, owl, yak",
    "ordinal": "probability of each of low, middle, high",
    "regression": "<td>a number</td>",
}


@pytest.mark.parametrize("task", sorted(METRICS))
def test_report_and_answer_speak_of_the_task(solve: Any, task: str) -> None:
    solved = solve(task, subgroups=["x1"])
    metric, limit, worth = METRICS[task]
    target = Target.model_validate(
        {"metric": metric, "at_most" if task == "regression" else "at_least": limit}
    )
    attempt = Attempt(
        number=1,
        tier=Tier.HPC,
        method="plain",
        backend="mpi",
        device_kind="classical",
        seed=1,
        quote=Quote(),
        status=AttemptStatus.CERTIFIED,
        certificate=solved.certificate(metric, limit),
    )
    family = Prediction()
    sections = family.report(solved.instance, target, [(attempt, solved.candidate)], attempt)
    html = "".join(section.html for section in sections)
    true = solved.instance.sealed_outcomes.values
    scores = np.load(io.BytesIO(solved.candidate.files["sealed_scores"].data))
    if task == "multiclass":
        right = int((scores.argmax(axis=1) == true).sum())
        assert f"Confusion matrix: {right} of 120 rows kept aside are recognised" in html
    if task == "regression":
        assert f"mean {np.mean(true - scores):.3g}" in html
    assert re.search(rf"<td[^>]*>{metric}</td>", html)
    assert "Subgroups" in html
    card = next(each.html for each in sections if each.title == "Model card")
    assert OUTPUT[task] in card
    guideline = next(each.html for each in sections if each.title == "Reporting guideline")
    assert ITEM_WORDS[task].output in guideline
    answer = family.answer(solved.instance, target, attempt, solved.candidate)
    assert worth in answer.rests_on
    assert answer.picture.startswith("<svg ")
    assert "rows kept aside" in answer.picture
    assert family.asked(solved.instance, target).startswith(f"Predict {solved.instance.target}")
