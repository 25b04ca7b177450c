"""Which class is predicted where nobody said which."""

import pandas as pd
import pytest

from problems.prediction.tasks.classes import likely_positive, named_positive
from tests.problems.prediction.tables.conftest import Load


@pytest.mark.parametrize(
    ("classes", "positive"),
    [
        (["no", "yes"], "yes"),
        (["Alive", "Died"], "Died"),
        (["B", "M"], "M"),
        (["f", "m"], None),  # a sex, not a tumour
        (["n", "y"], "y"),
        (["0", "1"], "1"),
        (["1", "2"], None),  # in half of such tables 2 is the event
        (["died", "readmitted"], None),
        (["left", "right"], None),
    ],
)
def test_a_class_is_taken_where_its_name_alone_says_so(classes: list[str], positive: str | None) -> None:
    assert named_positive(classes) == positive


def test_a_guess_without_a_name_is_the_rarer_class() -> None:
    assert likely_positive(["left"] * 3 + ["right"]) == "right"
    assert likely_positive(["yes"] * 3 + ["no"]) == "yes"


def test_what_was_taken_is_said_with_the_way_to_the_other(load: Load, table: pd.DataFrame) -> None:
    taken = load(table, positive=None)
    assert (taken.positive, taken.negative) == ("yes", "no")
    said = [line for line in taken.remarks if "positive" in line]
    assert said == [
        "column 'ill': 'yes' is taken for the class to predict, as its name says; if it is 'no', name it as "
        "`positive`"
    ]
    assert load(table).digest == taken.digest
    assert not any("positive" in line for line in load(table).remarks)
    flags = table.assign(ill=(table["ill"] == "yes").astype(int))
    assert not any("positive" in line for line in load(flags, positive=None).remarks)
