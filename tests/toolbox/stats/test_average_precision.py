"""Average precision against scikit-learn's, row by row left out as well."""

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from toolbox.stats import average_precision as rare


@pytest.fixture(params=[6, 1], ids=["told apart", "ties"])
def scored(request: Any) -> Any:
    rng = np.random.default_rng(1)
    labels = (rng.random(60) < 0.3).astype(np.int64)
    return labels, np.round(0.3 * labels + 0.7 * rng.random(60), request.param)


def test_it_is_that_of_scikit_learn(scored: Any) -> None:
    assert rare.average_precision(*scored) == pytest.approx(average_precision_score(*scored))


def test_without_each_row_it_is_that_of_scikit_learn(scored: Any) -> None:
    slow = [average_precision_score(*(np.delete(each, row) for each in scored)) for row in range(60)]
    assert rare.without_each(*scored) == pytest.approx(np.array(slow))


def test_too_few_positives_have_no_bound() -> None:
    labels = np.repeat([1, 0], [9, 500])
    assert rare.average_precision_lower(labels, labels * 0.5, np.arange(509), 0.05) is None


def test_finding_all_of_few_positives_proves_little() -> None:
    labels = np.repeat([1, 0], [12, 500])
    found = rare.average_precision_lower(labels, labels * 0.5, np.arange(512), 0.05)
    assert found is not None
    assert found.estimate == 1.0
    assert 0.5 < found.value < 0.9


def test_rows_repeated_within_their_group_bring_no_certainty(scored: Any) -> None:
    labels, scores = scored
    once = rare.average_precision_lower(labels, scores, np.arange(60), 0.05)
    groups = np.repeat(np.arange(60), 3)
    thrice = rare.average_precision_lower(np.repeat(labels, 3), np.repeat(scores, 3), groups, 0.05)
    assert once is not None
    assert thrice is not None
    assert thrice.value == pytest.approx(once.value, abs=0.01)
