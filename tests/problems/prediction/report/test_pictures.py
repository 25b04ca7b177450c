"""The first screen of each task says in words what its marks show, with numbers counted by hand."""

import re
from html import unescape
from typing import Any

import numpy as np
import pytest

from problems.prediction.report.agreement_picture import Agreed, agreement_picture
from problems.prediction.report.by_risk_picture import by_risk_picture
from problems.prediction.report.confusion_picture import confusion_picture
from problems.prediction.report.picture_frame import round_numbers
from toolbox.stats.survival import Censored
from toolbox.stats.survival_bounds import Predicted


def texts(svg: str) -> list[str]:
    return [unescape(each) for each in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


def spoken(svg: str) -> str:
    found = re.search(r"<desc[^>]*>([^<]*)</desc>", svg)
    assert found is not None
    return unescape(found.group(1))


def test_a_confusion_matrix_counts_every_class_and_says_what_it_was_taken_for() -> None:
    svg = confusion_picture(np.array([[5, 1, 0], [2, 7, 3], [0, 0, 0]]), ["<a>", "b", "c"], "answer")
    assert [each for each in texts(svg) if each.isdigit()] == ["5", "1", "2", "7", "3"]
    assert "12 of 18 rows are recognised, framed" in texts(svg)
    assert spoken(svg) == (
        "Of 6 rows that are <a> 5 are recognised, 1 taken for b. Of 12 rows that are b 7 are recognised, 3 "
        "taken for c, 2 taken for <a>. Of 0 rows that are c 0 are recognised."
    )


def test_of_many_classes_the_worst_mix_ups_are_told() -> None:
    counts = np.diag(np.full(30, 4))
    counts[3, 9] = 8
    svg = confusion_picture(counts, [f"kind {each}" for each in range(30)], "answer")
    assert spoken(svg) == "Most often mixed up: 8 kind 3 taken for kind 9."
    assert not any(each.isdigit() for each in texts(svg))


def test_numbers_within_the_tolerance_are_counted() -> None:
    true = np.array([1.0, 2, 3, 10])
    svg = agreement_picture(Agreed(true, true + np.array([0, 1, 0.5, 4]), "mg", 1.0), "dose", "answer")
    assert "off by 1 mg: 3 of 4 rows lie between" in texts(svg)
    assert "predicted 14 mg, was 10 mg" in svg
    # errors 0, 0.5, 1 and 4: the median is 0.75, the 90 % quantile 1 + 0.7 * 3
    assert "half of the rows are off by 0.75 mg or less, nine of ten by 3.1 mg or less" in spoken(svg)


@pytest.mark.parametrize("true", [[1e308, -1e308], [5.0, 5.0]])
def test_numbers_that_no_page_can_hold_are_not_drawn_and_equal_ones_are(true: Any) -> None:
    values = np.array(true)
    assert bool(agreement_picture(Agreed(values, values), "dose", "answer")) == (values[0] == 5)


def test_ticks_are_round_numbers_within_the_axis() -> None:
    assert round_numbers(-0.7, 9.2) == [0, 5]
    assert round_numbers(12.0, 68.0) == [20, 40, 60]


def test_rows_at_risk_stand_below_the_curves() -> None:
    times = np.repeat(np.arange(1.0, 11.0), 6)  # six rows leave at each time
    risk = np.tile([0.1, 0.1, 0.5, 0.5, 0.9, 0.9], 10)
    rows = Censored(times, np.tile([False, False, True, False, True, True], 10))
    grid = np.array([2.5, 5, 7.5, 10])
    svg = by_risk_picture(
        Predicted(rows, 1 - np.outer(risk, grid / 10), grid, 10.0, np.arange(60)), "answer", "days"
    )
    # of 20 rows of each third two leave at 1, 2, ...: 16 are left at 2.5, 12 at 5, 6 at 7.5, 2 at 10
    at_risk = texts(svg)[texts(svg).index("rows still followed, by predicted risk:") + 1 :]
    counts = ["20", "16", "12", "6", "2"]
    assert at_risk == ["lowest", *counts, "middle", *counts, "highest", *counts]
    assert "lowest risk 100 % (predicted 90 %)" in spoken(svg)
    assert "highest risk 0 % (predicted 10 %)" in spoken(svg)
