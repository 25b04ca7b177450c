"""Numbers agree with their words."""

from escalation.text.wording import counted


def test_one_is_singular_and_none_is_no() -> None:
    assert [counted(n, "case has", "cases have") for n in (0, 1, 2, 1200)] == [
        "no cases have", "1 case has", "2 cases have", "1,200 cases have",
    ]  # fmt: skip
