"""`tierwise backup` and `tierwise restore`: from one home into another."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalation.ports.configuration import settings
from tests.deployments.units import command

Call = Callable[..., Any]


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Has the commands use a home of that name."""

    def use(name: str) -> Path:
        monkeypatch.setenv("TIERWISE_HOME", str(tmp_path / name))
        settings.cache_clear()
        return tmp_path / name

    return use


def test_what_one_home_has_is_put_into_another(
    call: Call, homes: Callable[[str], Path], tmp_path: Path
) -> None:
    homes("old")
    assert call("budget", "limit", "--project", "p", "--per", "day", "--usd", "9").code == 0
    limits = call("budget", "--json").out
    made = call("backup", str(tmp_path / "backups"))
    assert (made.code, made.err) == (0, "")
    assert "2 events, no files of the store (0 new)" in made.out  # the limit, and the checkpoint after it
    homes("new")
    done = call("restore", str(tmp_path / "backups"))
    assert (done.code, done.err) == (0, "")
    assert "2 events, no files of the store; what happened after that is not in it" in done.out
    assert call("budget", "--json").out == limits
    again = call("restore", str(tmp_path / "backups"))
    assert (again.code, again.out) == (2, "")
    assert "expected an empty ledger" in again.err


def test_a_back_up_is_not_kept_in_what_it_is_of(call: Call, homes: Callable[[str], Path]) -> None:
    home = homes("old")
    done = call("backup", str(home / "backups"))
    assert done.code == 2
    assert "expected a folder outside of" in done.err
    assert not (home / "backups").exists()


def test_the_service_backs_up_by_that_command() -> None:
    assert command("tierwise-backup.service", {})[1:] == ["backup", "/var/lib/tierwise-backup"]
