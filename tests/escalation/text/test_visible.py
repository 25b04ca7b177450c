"""Text from data and policies cannot repaint a screen, a page or a sheet."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.text.visible import markdown, prose, spreadsheet_cell, visible


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("plain words, 3.5 µs – naïve 東京", "plain words, 3.5 µs – naïve 東京"),
        ("\x1b[2K\x1b[1A accepted", r"\x1b[2K\x1b[1A accepted"),
        ("a\x9b2Jb", r"a\x9b2Jb"),  # CSI as one C1 character
        ("closed\ropen  ", r"closed\ropen  "),
        ("closed\nACCEPTED", r"closed\nACCEPTED"),
        ("closed\u2028ACCEPTED", r"closed\u2028ACCEPTED"),
        ("user\u202enimda", r"user\u202enimda"),
        ("a\u2066b\u2069", r"a\u2066b\u2069"),
        ("pay\u200bpal \ufeff", r"pay\u200bpal \ufeff"),
        ("\U000e0041tag", r"\U000e0041tag"),
        ("lone \udc80", r"lone \udc80"),
        ("\x07\x08\x7f", r"\x07\x08\x7f"),
    ],
)
def test_what_moves_hides_or_reorders_is_shown(given: str, shown: str) -> None:
    assert visible(given) == shown


def test_line_feeds_stay_where_they_are_the_programs_own() -> None:
    assert visible("one\ntwo\x1b", keep="\n") == "one\ntwo\\x1b"


@given(st.text(st.characters()))
def test_nothing_hidden_is_left(text: str) -> None:
    left = {unicodedata.category(char) for char in visible(text)}
    assert not left & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    visible(text).encode()  # any terminal that takes UTF-8 takes it


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("fact.name_of_it at most 3", "fact.name_of_it at most 3"),
        ("a | b\n| ACCEPTED |", r"a \| b\\n\| ACCEPTED \|"),
        ("# ACCEPTED", r"\# ACCEPTED"),
        ("[approve](https://evil.example)", r"\[approve\](https:\/\/evil.example)"),
        ("![x](//evil.example)", r"\!\[x\](//evil.example)"),
        ("<img src=x onerror=alert(1)>", r"\<img src=x onerror=alert(1)\>"),
        ("&#x202e;", r"\&\#x202e;"),
        ("www.evil.example", r"www\.evil.example"),
        ("```", r"\`\`\`"),
    ],
)
def test_nothing_in_a_markdown_cell_is_markup(given: str, shown: str) -> None:
    assert markdown(given) == shown


@pytest.mark.parametrize(
    "formula",
    ["=1+1", "+1", "-1", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠SUM", "  =1", "\t=1", "\r=1", "\u00a0=1"],
)  # fmt: skip
def test_what_a_spreadsheet_would_compute_gets_an_apostrophe(formula: str) -> None:
    assert spreadsheet_cell(formula).startswith("'")


@pytest.mark.parametrize("text", ["p1", "Müller, Anna", "2026-11-23T08:00", "1-2", ""])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert spreadsheet_cell(text) == text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Ask again: `tierwise show c`", "Ask again: `tierwise show c`"),
        ("`a*b` is *not* a command", "`a*b` is \\*not\\* a command"),
        ("one ` alone", "one \\` alone"),
        ("`` empty", "\\`\\` empty"),
        ("`\u202e`", "`\\u202e`"),
    ],
)
def test_in_prose_what_stands_between_backticks_is_code_and_all_else_means_itself(
    said: str, shown: str
) -> None:
    assert prose(said) == shown
