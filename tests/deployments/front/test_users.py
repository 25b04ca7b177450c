"""Who may sign in: names and passwords of a served home."""

import os
from pathlib import Path

import pytest

from deployments.front.users import NAME, Users, made_up
from escalation.model.errors import BadInput
from flows.credential import make_credential

GOOD = "correct horse battery"


def test_who_was_added_signs_in_with_that_password_alone(tmp_path: Path) -> None:
    Users(tmp_path).add("Ada Lovelace", GOOD)
    users = Users(tmp_path)
    assert users.check("Ada Lovelace", GOOD) == "Ada Lovelace"
    assert [
        users.check(*each) for each in (("Ada Lovelace", GOOD[:-1]), ("ada lovelace", GOOD), ("", ""))
    ] == [None] * 3


def test_a_letter_counts_however_its_accent_is_typed(tmp_path: Path) -> None:
    users = Users(tmp_path)
    users.add("Zo\u00eb", "p\u00e9p\u00e9p\u00e9p\u00e9p\u00e9p\u00e9")
    assert users.check("Zoe\u0308", "pe\u0301" * 6) == "Zo\u00eb"


def test_no_password_is_in_the_file_and_nobody_else_reads_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Users(tmp_path).add("ada", GOOD)
    finally:
        os.umask(before)
    file = tmp_path / NAME
    assert GOOD not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_others_can_write_lets_nobody_in(tmp_path: Path) -> None:
    users = Users(tmp_path)
    users.add("ada", GOOD)
    (tmp_path / NAME).chmod(0o660)
    with pytest.raises(BadInput, match="its user alone"):
        users.check("ada", GOOD)


def test_the_credential_signs_in_until_somebody_was_added(tmp_path: Path) -> None:
    name, _, password = make_credential(tmp_path).partition(":")
    users = Users(tmp_path)
    assert users.check(name, password) == name
    assert users.check(name, f"{name}:{password}") == name  # the whole line, as it is in the file
    assert users.check(name, password[:-1]) is None
    users.add("ada", GOOD)
    assert users.check(name, password) is None
    users.remove("ada")
    assert users.check(name, password) == name


@pytest.mark.parametrize(
    "name", ["", " ada", "ada ", "a:b", "a/b", "a\nb", "a" * 65, "<b>", "-\u202e-", "a  b"]
)
def test_what_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="expected a name"):
        Users(tmp_path).add(name, GOOD)
    assert Users(tmp_path).names() == []


@pytest.mark.parametrize("password", ["", "eleven char", "twelve chars\x00", "a" * 1025])
def test_what_is_no_password_is_refused(tmp_path: Path, password: str) -> None:
    with pytest.raises(BadInput, match="expected a password"):
        Users(tmp_path).add("ada", password)


def test_a_name_is_added_once_and_removed_where_it_is(tmp_path: Path) -> None:
    users = Users(tmp_path)
    users.add("ada", GOOD)
    with pytest.raises(BadInput, match="can sign in already"):
        users.add("ada", GOOD)
    with pytest.raises(BadInput, match="expected one of ada, got 'bob'"):
        users.remove("bob")
    assert users.names() == ["ada"]


def test_a_password_that_is_made_up_is_taken_and_never_the_same(tmp_path: Path) -> None:
    made = {made_up() for _ in range(20)}
    assert len(made) == 20
    Users(tmp_path).add("ada", made.pop())
