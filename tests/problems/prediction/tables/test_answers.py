"""Words that answer a question among numbers are levels: no line to paste may make them missing."""

import pytest

from escalation.model.errors import BadInput
from problems.prediction.tables.column_types import typed_column

WHERE = tuple(f"line {row}" for row in range(2, 62))


def mends(texts: list[str | None]) -> tuple[str, dict[str, object]]:
    with pytest.raises(BadInput) as refused:
        typed_column("drug", texts, WHERE[: len(texts)])
    return str(refused.value), dict(refused.value.mends)


@pytest.mark.parametrize("words", [["NO"], ["No", "yes"], ["TRUE"], ["Positive", "neg"]])
def test_answers_among_0_and_1_are_levels(words: list[str]) -> None:
    texts: list[str | None] = [*["0", "1"] * 20, *words]
    said, found = mends(texts)
    assert found == {"categorical": ["drug"]}
    assert "is not missing" in said
    assert "write it as the other rows do (0 and 1)" in said
    assert set(typed_column("drug", texts, WHERE[: len(texts)], category=True).column.levels) >= {*words}


def test_marks_beside_answers_are_missing_all_the_same() -> None:
    assert mends([*["0", "1"] * 20, "no", "?"])[1] == {"categorical": ["drug"], "na_values": ["?"]}
    assert mends([*["0", "1"] * 20, "?"])[1] == {"na_values": ["?"]}


def test_among_many_amounts_an_answer_needs_a_number() -> None:
    said, found = mends([*[f"{row * row / 7:.3f}" for row in range(55)], "negative"])
    assert found == {"drop": ["drug"]}
    assert "write a number for it in the file" in said
