"""What a mistyped name was probably meant to be."""

import pytest

from escalation.text.nearest import did_you_mean, nearest

KNOWN = ("Fell", "Patient ID", "age", "roc_auc")


@pytest.mark.parametrize(
    ("got", "meant"),
    [
        ("fell", "Fell"),
        ("FELL ", "Fell"),
        ("patient_id", "Patient ID"),
        ("roc-auc", "roc_auc"),
        ("rocauc", "roc_auc"),
        ("Patinet ID", "Patient ID"),
        ("weight", None),
        ("", None),
    ],
)
def test_the_nearest_name_is_offered_and_no_far_one(got: str, meant: str | None) -> None:
    assert nearest(got, KNOWN) == meant


def test_between_names_that_differ_in_case_alone_nobody_chooses() -> None:
    assert nearest("FELL", ["Fell", "fell"]) is None
    assert did_you_mean("FELL", ["Fell", "fell"]) == ""
