"""`tierwise keys`: the private half stays, the public one is printed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from records.runtime import open_records


def test_the_public_half_alone_is_printed(call: Callable[..., Any], home: Path) -> None:
    none = call("keys", "show")
    assert (none.code, none.out) == (2, "")
    assert "`tierwise keys make`" in none.err
    made = call("keys", "make")
    assert made.code == 0
    assert made.out.startswith("-----BEGIN PUBLIC KEY-----\n")
    assert "PRIVATE" not in made.out + made.err
    assert (home / "signing-key.pem").read_text().startswith("-----BEGIN PRIVATE KEY-----\n")
    shown = call("keys", "show")
    assert (shown.code, shown.out) == (0, made.out)
    told = json.loads(call("keys", "show", "--json").out)
    assert told["public_key"] == made.out
    assert shown.err == f"key id {told['key_id']}\n"
    again = call("keys", "make")
    assert (again.code, again.out) == (2, "")


def test_a_key_that_others_could_read_is_not_closed_in_passing_and_signs_nothing(
    call: Callable[..., Any], home: Path
) -> None:
    assert call("keys", "make").code == 0
    (home / "signing-key.pem").chmod(0o644)
    for command in (("cases",), ("keys", "show"), ("ledger", "check")):
        done = call(*command)
        assert (done.code, done.out) == (2, "")
        assert "expected a key that its user alone can read, got mode 0644" in done.err
    assert (home / "signing-key.pem").stat().st_mode & 0o777 == 0o644


def test_a_file_with_two_keys_is_refused(call: Callable[..., Any], tmp_path: Path) -> None:
    """The first alone would count, and nobody would hear of the second."""
    made = call("keys", "make").out
    (tmp_path / "two.pem").write_text(made + made)
    done = call("ledger", "check", "--key", str(tmp_path / "two.pem"))
    assert (done.code, done.out) == (2, "")
    assert "expected one public key, got 2: put each into a file of its own" in done.err


def test_a_changed_key_counts_once_a_person_said_so(
    call: Callable[..., Any], home: Path, tmp_path: Path
) -> None:
    assert call("keys", "make").code == 0
    with open_records() as (ledger, _):
        ledger.note("x", "noted", {})
    assert call("ledger", "check").code == 0
    (home / "signing-key.pem").rename(tmp_path / "old.pem")
    gone = call("ledger", "check")
    assert gone.code == 1
    assert "with which this home signed the ledger's heads is gone" in gone.out
    assert call("keys", "make").code == 0
    changed = call("ledger", "check")
    assert changed.code == 1
    assert "was replaced by" in changed.out
    accepted = call("keys", "accept")
    assert accepted.code == 0
    assert "set aside: the key" in accepted.out
    assert accepted.out.count("count in this home") == 2
    assert call("ledger", "check").code == 0
