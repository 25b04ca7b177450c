"""Who is signed in, until when, and from where."""

from pathlib import Path

import pytest

from deployments.front.attempts import Attempts
from deployments.front.sessions import IDLE_S, LONGEST_S, NAME, Sessions
from deployments.front.users import Users

GOOD = "correct horse battery"
ADA, EVE = "1000", "1001"


class Hand:
    """A clock that is set."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def users(tmp_path: Path) -> Users:
    found = Users(tmp_path)
    found.add("ada", GOOD)
    return found


def test_a_token_counts_for_connections_of_whom_it_was_begun_by(tmp_path: Path, users: Users) -> None:
    sessions = Sessions(tmp_path, users)
    token = sessions.begin("ada", ADA)
    assert sessions.name(token, ADA) == "ada"
    assert [sessions.name(*each) for each in ((token, EVE), (token, None), (token[:-1], ADA), ("", ADA))] == [
        None
    ] * 4


def test_each_sign_in_has_a_token_of_its_own_and_the_file_has_none(tmp_path: Path, users: Users) -> None:
    sessions = Sessions(tmp_path, users)
    first, second = (sessions.begin("ada", ADA) for _ in range(2))
    assert first != second
    kept = (tmp_path / NAME).read_text()
    assert first not in kept
    assert second not in kept
    sessions.end(first)
    assert (sessions.name(first, ADA), sessions.name(second, ADA)) == (None, "ada")


def test_a_session_outlives_the_server_that_began_it(tmp_path: Path, users: Users) -> None:
    token = Sessions(tmp_path, users).begin("ada", ADA)
    assert Sessions(tmp_path, users).name(token, ADA) == "ada"


def test_a_session_ends_unused_and_in_the_end_always(tmp_path: Path, users: Users) -> None:
    clock = Hand()
    sessions = Sessions(tmp_path, users, clock)
    unused, used = (sessions.begin("ada", ADA) for _ in range(2))
    began = clock.now
    while clock.now < began + LONGEST_S - 3600:
        assert sessions.name(used, ADA) == "ada"
        clock.now += IDLE_S - 3600
    assert sessions.name(unused, ADA) is None
    clock.now = began + LONGEST_S
    assert sessions.name(used, ADA) is None


def test_a_session_ends_with_the_password_that_began_it(tmp_path: Path, users: Users) -> None:
    sessions = Sessions(tmp_path, users)
    token = sessions.begin("ada", ADA)
    Users(tmp_path).remove("ada")
    Users(tmp_path).add("ada", GOOD)
    assert sessions.name(token, ADA) is None


def test_a_file_that_others_could_write_signs_nobody_in(tmp_path: Path, users: Users) -> None:
    token = Sessions(tmp_path, users).begin("ada", ADA)
    (tmp_path / NAME).chmod(0o666)
    assert Sessions(tmp_path, users).name(token, ADA) is None
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


def test_the_sixth_wrong_password_waits_and_each_further_one_longer() -> None:
    clock = Hand()
    attempts = Attempts(clock)
    waits = []
    for _ in range(13):
        waits.append(attempts.wait_s("eve"))
        clock.now += waits[-1]
        attempts.failed("eve")
    assert waits == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]
    assert attempts.wait_s("ada") == 0
    attempts.succeeded("eve")
    assert attempts.wait_s("eve") == 0
