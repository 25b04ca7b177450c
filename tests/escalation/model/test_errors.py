"""What an error says, on one line, behind its type or alone."""

from escalation.model.errors import BadInput, first_line, one_line

TWO = ValueError("expected 1,\n  got 2")


def test_the_first_line_stands_behind_the_type_or_alone() -> None:
    assert first_line(TWO) == "ValueError: expected 1,"
    assert first_line(TWO, typed=False) == "expected 1,"
    assert first_line(ValueError("\n\nlate")) == "ValueError: late"


def test_all_lines_are_one_and_only_others_errors_are_named() -> None:
    assert one_line(TWO) == "ValueError: expected 1, got 2"
    assert one_line(BadInput("expected 1,\n got 2")) == "expected 1, got 2"
    assert one_line(BadInput("no"), typed=True) == "BadInput: no"
    assert one_line(TWO, typed=False) == "expected 1, got 2"


def test_an_error_that_says_nothing_is_its_type() -> None:
    for said in (first_line, one_line):
        assert said(KeyboardInterrupt()) == "KeyboardInterrupt"
        assert said(ValueError(" \n "), typed=False) == "ValueError"
