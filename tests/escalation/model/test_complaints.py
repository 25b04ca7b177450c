"""Complaints are raised one by one, and gathered where somebody asks for all of them."""

import pytest

from escalation.model.complaints import MOST, apart, collected, mended, settle, so_far
from escalation.model.errors import BadInput


def complain(*what: str) -> None:
    for each in what:
        with apart():
            raise BadInput(each)


def test_the_first_is_raised_where_nobody_gathers() -> None:
    with pytest.raises(BadInput, match="one"):
        complain("one", "two")


def test_all_are_gathered_each_once_and_the_last_ends_the_block() -> None:
    with collected() as found:
        complain("one", "two", "one")
        raise BadInput("three")
    assert list(map(str, found)) == ["one", "two", "three"]


def test_what_rests_on_a_stretch_of_checks_is_not_reached_where_one_of_them_failed() -> None:
    reached = []
    with collected():
        complain("one")
        since = so_far()
        settle(since)
        reached.append("behind a stretch in which nothing was wrong")
        settle()
        reached.append("behind all")
    assert reached == ["behind a stretch in which nothing was wrong"]


def test_there_is_an_end_to_it() -> None:
    with collected() as found:
        complain(*map(str, range(10 * MOST)))
    assert len(found) <= MOST + 1


def test_what_mends_a_list_is_added_to_it() -> None:
    faults = [BadInput("", mends={"drop": ["b"]}), BadInput("", mends={"drop": ["a", "c"], "positive": "1"})]
    assert mended({"drop": ["a"], "csv": "t"}, faults) == {"drop": ["a", "b", "c"], "positive": "1"}
