"""The store in an object store: written once, compared on every read, mended, read through a cache."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from escalation.model.errors import CorruptRecord, of_machine
from records.store import bucket, objects
from records.store.refusals import StoreAway
from tests.records.store.conftest import Open

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
"""SHA-256 of `abc`, from FIPS 180-2, appendix B.1."""
NAME = f"ba/78/{ABC}"
LARGE = bytes(range(256)) * 40_000


def test_what_one_machine_puts_another_gets(open_home: Open, bucket: Any) -> None:
    assert open_home("one").put(b"abc") == ABC
    assert bytes(bucket.get(NAME).bytes()) == b"abc"
    other = open_home("two")
    assert other.get(ABC) == b"abc"
    assert other.has(ABC)
    assert other.get(other.put(LARGE)) == LARGE
    assert sorted(other.digests()) == sorted([ABC, other.put(LARGE)])


def test_bytes_that_are_missing_are_a_corrupt_record(open_home: Open) -> None:
    store = open_home("one")
    assert not store.has(ABC)
    with pytest.raises(CorruptRecord, match="got no object"):
        store.get(ABC)


def test_an_object_that_is_there_is_not_written_again(open_home: Open, bucket: Any) -> None:
    open_home("one").put(b"abc")
    first = bucket.head(NAME)["version"]
    open_home("two").put(b"abc")
    assert bucket.head(NAME)["version"] == first is not None


def test_a_damaged_object_is_noticed_when_read_and_mended_when_put_again(
    open_home: Open, bucket: Any
) -> None:
    one, two = open_home("one"), open_home("two")
    one.put(b"abc")
    bucket.put(NAME, b"abd")
    for read in (two.get, one.audit):  # an audit looks past the cache of who wrote it
        with pytest.raises(CorruptRecord, match=f"expected bytes with SHA-256 {ABC}"):
            read(ABC)
    two.put(b"abc")
    assert open_home("three").get(ABC) == b"abc"


def test_what_was_read_is_kept_and_mended_where_it_is_damaged(open_home: Open, bucket: Any) -> None:
    one = open_home("one")
    one.put(b"abc")
    (kept,) = one._kept.folder.rglob(ABC)
    kept.write_bytes(b"abd")
    assert one.get(ABC) == b"abc"
    assert kept.read_bytes() == b"abc"
    bucket.delete(NAME)
    assert one.get(ABC) == b"abc"
    with pytest.raises(CorruptRecord, match="got no object"):
        open_home("two", store_cache_gb=0).get(ABC)


WRITER = """
import sys
from pathlib import Path
from escalation.inputs.settings import Settings
from records.store.opening import open_store
store = open_store(Settings(home=Path(sys.argv[1]), store_url=sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(20):
    data = str(number).encode() * 5000
    assert store.get(store.put(data)) == data
"""


def test_several_machines_write_the_same_bytes_at_once(
    open_home: Open, s3: str, tmp_path: Any, spawn: Callable[..., Any]
) -> None:
    store = open_home("one")
    writers = [spawn(WRITER, tmp_path / str(number), s3) for number in range(3)]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n", writer.stderr.read()
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()
    for writer in writers:
        assert writer.wait(60) == 0, writer.stderr.read()
    found = list(store.digests())
    assert len(found) == 20
    assert all(store.audit(digest) for digest in found)


def test_a_service_that_goes_away_is_a_fault_of_the_machine_and_what_is_kept_is_still_read(
    open_home: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_home("one")
    store.put(b"abc")
    store._bucket._clients.clear()
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the connection, and says nothing
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        for name in ("SILENT_S", "RETRY_S", "RETRIES"):
            monkeypatch.setattr(bucket, name, 0)
        monkeypatch.setattr(bucket, "SILENT_S", 0.2)
        for ask in (lambda: store.put(b"new"), lambda: store.audit(ABC), lambda: list(store.digests())):
            with pytest.raises(StoreAway, match="does not answer in time") as told:
                ask()
            assert of_machine(told.value)
            assert told.value.exit_code == 2
        assert store.get(ABC) == b"abc"


def test_an_object_is_removed_with_its_copy_in_the_cache_unless_it_was_put_lately(
    open_home: Open, bucket: Any
) -> None:
    one = open_home("one")
    one.put(b"abc")
    found = one.stored(ABC)
    assert found is not None
    assert found.size == 3
    assert not one.remove(ABC, found.put_s)
    assert one.remove(ABC, found.put_s + 1)
    assert [one.has(ABC), list(one.digests()), one.stored(ABC)] == [False, [], None]
    with pytest.raises(CorruptRecord, match="got no object"):
        one.get(ABC)
    assert one.remove(ABC, found.put_s + 1)  # as two that prune do


def test_an_old_object_that_is_put_again_is_marked_as_wanted(
    open_home: Open, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_home("one").put(b"abc")
    first = bucket.head(NAME)["version"]
    monkeypatch.setattr(objects, "FRESH_S", -3600.0)  # older than that it is at once
    open_home("two").put(b"abc")
    assert bucket.head(NAME)["version"] != first


def test_a_bucket_is_used_by_its_owner_alone(open_home: Open) -> None:
    one = open_home("one")
    assert one.users() == frozenset()
    one.own("ledger")
    one.note_user("another")
    assert one.users() == {"ledger"}
