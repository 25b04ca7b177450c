"""Numbers agree with their words; lists end in one."""

from escalation.model.calibration import DeviceKind
from escalation.text.wording import counted, listed, with_article


def test_one_is_singular_and_none_is_no() -> None:
    assert [counted(n, "case has", "cases have") for n in (0, 1, 2, 1200)] == [
        "no cases have", "1 case has", "2 cases have", "1,200 cases have",
    ]  # fmt: skip


def test_lists_are_joined_by_a_word_and_the_rest_is_counted() -> None:
    assert [listed(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "", "a", "a and b", "a, b and c",
    ]  # fmt: skip
    assert listed("abcdefgh", "or", most=4) == "a, b, c or 5 more"
    assert listed("abcdefgh", most=None).endswith("g and h")


def test_every_kind_of_device_has_its_article() -> None:
    assert [with_article(kind) for kind in DeviceKind if kind[0] in "aeiou"] == ["an ideal simulator"]
    assert with_article("calibrated rehearsal") == "a calibrated rehearsal"
