"""What YAML can hold beyond plain data is a complaint in one line."""

import pytest

from escalation.document import Document
from escalation.errors import BadInput


@pytest.mark.parametrize(
    "value",
    ["!foo 3", "2026-13-45", "!!int foo", "!!bool maybe", "!!timestamp soon", "&a [*a]", "&a {b: *a}"],
)
def test_values_that_yaml_cannot_turn_into_plain_data_are_named_with_their_line(value: str) -> None:
    with pytest.raises(BadInput) as error:
        Document("p.yaml", f"first: 1\nsecond: {value}\n")
    assert str(error.value).startswith("p.yaml:2: second")
    assert "\n" not in str(error.value)


def test_an_alias_may_repeat_a_value_beside_it() -> None:
    assert Document("p.yaml", "a: &x [1, 2]\nb: *x\nc: [*x]\n").data == {
        "a": [1, 2],
        "b": [1, 2],
        "c": [[1, 2]],
    }


@pytest.mark.parametrize("written", ["2026-11-23", "2026-11-23T08:00:00", "2026-11-23 08:00:00"])
def test_dates_stay_as_they_are_written(written: str) -> None:
    assert Document("p.yaml", f"opens: {written}\n").data == {"opens": written}
