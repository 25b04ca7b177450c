"""The ROC curve on the first screen says what each of its marks is."""

import re
from html import unescape

import numpy as np

from problems.prediction.report.roc_picture import roc_picture

LABELS = np.array([0, 0, 0, 0, 1, 1])


def said(scores: list[float], names: tuple[str, str] = ("No", "Yes")) -> list[str]:
    svg = roc_picture(LABELS, np.array(scores), names, "answer")
    return [unescape(each) for each in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


def test_the_orange_point_and_the_dotted_line_are_explained_below_the_curve() -> None:
    # from 0.5 on: one of the two Yes, and one of the four No
    found = said([0.1, 0.2, 0.3, 0.6, 0.4, 0.9])
    assert found[-3:] == [
        "called Yes from a probability of 0.5 on:", "50 % of Yes found, 25 % of No called so",
        "what guessing gives",
    ]  # fmt: skip


def test_a_point_that_finds_nobody_is_said_to() -> None:
    assert "no row reaches it, so that nobody is called Yes" in said([0.1, 0.2, 0.1, 0.2, 0.3, 0.4])


def test_long_names_of_classes_are_cut_to_the_picture() -> None:
    found = said([0.1, 0.2, 0.3, 0.6, 0.4, 0.9], ("n" * 90, "y" * 90))
    assert all(len(each) * 6.6 <= 368 for each in found)
