"""One notation a column, one value for every spelling; what can be read in two ways is refused."""

import pytest

from toolbox.tables.numbers import canonical, exact, level, read


def values(texts: list[str | None], decimal: str = ".", *, commas: bool = False) -> list[float | None]:
    where = [f"line {row + 2}" for row in range(len(texts))]
    reading = read(texts, where, decimal, commas=commas)
    assert not reading.doubt
    return [None if text is None else float(text) for text in reading.plain]


@pytest.mark.parametrize(
    ("texts", "decimal", "meant"),
    [
        (["1.5", "-2e3", ".5", "5."], ".", [1.5, -2000, 0.5, 5]),
        (["1,5", "-2,25e1", "3"], ",", [1.5, -22.5, 3]),
        (["1.5", "2.25"], ",", [1.5, 2.25]),
        (["12,5", "3,75", "4"], ".", [12.5, 3.75, 4]),
        (["1.234.567", "12.500", "900"], ".", [1234567, 12500, 900]),
        (["1,234,567", "12,500", "900"], ",", [1234567, 12500, 900]),
        (["1,234.5", "900.25"], ".", [1234.5, 900.25]),
        (["1.234,50", "490,50", "9.362"], ",", [1234.5, 490.5, 9362]),
        (["1'234", "56"], ".", [1234, 56]),
        (["1\u2019234.5", "56"], ".", [1234.5, 56]),
        (["1 234 567", "-12 345"], ".", [1234567, -12345]),
        (["1\u00a0234,5", "1\u202f234,5", "7"], ",", None),  # two marks in one column
        (["1\u202f234,5", "7"], ",", [1234.5, 7]),
        (["1_000", "7"], ".", [1000, 7]),
    ],
)
def test_a_column_is_read_in_the_one_notation_that_fits(
    texts: list[str | None], decimal: str, meant: list[float] | None
) -> None:
    if meant is None:
        assert read(texts, ["a", "b", "c"], decimal, commas=False).doubt
    else:
        assert values(texts, decimal) == meant


@pytest.mark.parametrize(
    ("texts", "decimal", "commas"),
    [
        (["9.362", "490,50", "313,50"], ",", True),  # 9362, or a point typed for a comma
        (["1.5", "2,5"], ",", True),
        (["1.5", "2,5"], ".", False),
        (["1,234", "5,678", "12"], ".", False),  # 1234 to some, 1.234 to others
        (["9.362", "1.204", "7"], ",", True),  # points alone, but commas in other columns
        (["1 234", "5,678 9"], ".", False),
    ],
)
def test_a_column_that_can_be_read_in_two_ways_is_in_doubt(
    texts: list[str | None], decimal: str, commas: bool
) -> None:
    found = read(texts, [f"line {row + 2}" for row in range(len(texts))], decimal, commas=commas)
    if " " in str(texts[0]):  # not all of them are numbers at all
        assert found.plain[1] is None
        return
    assert "line 2" in found.doubt or "line 3" in found.doubt
    assert "marks of thousands" in found.doubt


def test_what_is_assumed_is_said() -> None:
    where = ["line 2", "line 3"]
    assert read(["1'234", "5"], where, ".", commas=False).remark == (
        '"\'" marks thousands: "1\'234" is read as 1234'
    )
    assert read(["1,5", "5"], where, ".", commas=False).remark == (
        "',' is the decimal mark: '1,5' is read as 1.5"
    )
    assert "'.' is the decimal mark" in read(["1.5", "5"], where, ",", commas=True).remark
    assert not read(["1.5", "5"], where, ".", commas=False).remark
    assert not read(["1,5", "5"], where, ",", commas=True).remark


@pytest.mark.parametrize("text", ["-99", "-99.0", "-9.9e1", "-099", "-99.", "-990E-1"])
def test_a_number_is_exact_however_it_is_spelt(text: str) -> None:
    assert exact(text) == -99


def test_a_comma_is_decimal_where_it_cannot_mark_thousands() -> None:
    assert exact("-99,0") == exact("-99,0", ",") == -99
    assert exact("1,234", ",") == exact("1.234")
    assert exact("1,234") is None
    assert exact("1e999999999999999999999") is None


def test_eighteen_digits_do_not_fall_together() -> None:
    assert canonical("100000000000000001") != canonical("100000000000000000")
    assert canonical("1e17") == canonical("100000000000000000")


def test_classes_are_one_whatever_their_spelling() -> None:
    assert {canonical(each) for each in (1, 1.0, "1", "1.0", "1e0", "01", " 1 ")} == {"1"}
    assert canonical("1,0", ",") == "1"
    assert {canonical(each) for each in (True, "true", "TRUE")} == {"true"}
    assert canonical(0.1) == canonical("0.10") == "0.1"
    assert canonical(-0.0) == "0"
    assert canonical(1e300) == "1E+300"


def test_levels_with_leading_zeros_or_exponents_are_codes() -> None:
    assert {level(each) for each in ("1", "1.0", "1.")} == {"1"}
    assert [level(each) for each in ("007", "1E2", "100", "0100")] == ["007", "1E2", "100", "0100"]
