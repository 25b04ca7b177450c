"""The store keeps bytes by their SHA-256, and notices when it does not."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalation.model.errors import BadInput, CorruptRecord
from records.store.files import FileStore

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
"""SHA-256 of `abc`, from FIPS 180-2, appendix B.1."""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(st.binary(max_size=3000))
def test_what_is_put_comes_back(store: FileStore, data: bytes) -> None:
    digest = store.put(data)
    assert store.get(digest) == data
    assert store.has(digest)


def test_bytes_are_named_by_their_digest_in_two_levels_of_folders(store: FileStore) -> None:
    assert store.put(b"abc") == ABC
    assert (store.folder / "ba" / "78" / ABC).read_bytes() == b"abc"


def test_another_store_on_the_same_folder_finds_the_bytes(store: FileStore) -> None:
    digest = store.put(b"abc")
    assert FileStore(store.folder).get(digest) == b"abc"


def test_bytes_that_are_missing_are_a_corrupt_record(store: FileStore) -> None:
    assert not store.has(ABC)
    with pytest.raises(CorruptRecord, match="got no file"):
        store.get(ABC)


def test_damaged_bytes_are_noticed_when_read_and_mended_when_put_again(store: FileStore) -> None:
    digest = store.put(b"abc")
    path = store.path(digest)
    path.chmod(0o644)
    path.write_bytes(b"abd")
    with pytest.raises(CorruptRecord, match=f"expected bytes with SHA-256 {digest}"):
        store.get(digest)
    store.put(b"abc")
    assert store.get(digest) == b"abc"


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", ABC.upper(), ABC[:-1]])
def test_a_name_that_is_no_digest_is_refused(store: FileStore, digest: str) -> None:
    with pytest.raises(CorruptRecord, match="expected a SHA-256"):
        store.get(digest)


def test_a_folder_that_cannot_be_made_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadInput, match="cannot keep the store in"):
        FileStore(tmp_path / "file" / "store")


def test_a_write_that_fails_leaves_nothing_behind(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("records.store.files.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        store.put(b"abc")
    assert [path for path in store.folder.rglob("*") if path.is_file()] == []


def test_every_folder_on_the_way_is_durable_before_put_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    sync = os.fsync

    def noted(handle: int) -> None:
        synced.append(Path(os.readlink(f"/proc/self/fd/{handle}")))
        sync(handle)

    monkeypatch.setattr("records.store.files.os.fsync", noted)
    root = tmp_path.resolve() / "store"
    store = FileStore(root)
    path = store.path(store.put(b"abc"))
    assert {root, path.parent.parent, path.parent} <= set(synced)
    # the folders are known to last: of new bytes in them the file and the rename are left
    path.unlink()
    synced.clear()
    store.put(b"abc")
    assert [each for each in synced if each.is_dir()] == [path.parent]
    # another process may have made them, and died before it said so to the disk
    path.unlink()
    synced.clear()
    FileStore(root).put(b"abc")
    assert {root, path.parent.parent, path.parent} <= set(synced)
    # and they may be gone
    shutil.rmtree(path.parent.parent)
    assert store.get(store.put(b"abc")) == b"abc"


WRITER = """
import sys
from pathlib import Path
from records.store.files import FileStore
store = FileStore(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(60):
    data = str(number).encode() * 5000
    assert store.get(store.put(data)) == data
"""


def test_several_processes_write_the_same_bytes_at_once(store: FileStore, spawn: Callable[..., Any]) -> None:
    writers = [spawn(WRITER, store.folder) for _ in range(4)]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()
    for writer in writers:
        assert writer.wait(60) == 0, writer.stderr.read()
    files = [path for path in store.folder.rglob("*") if path.is_file()]
    assert len(files) == 60
    assert all(store.get(path.name) for path in files)


def _old(store: FileStore, digest: str) -> None:
    os.utime(store.path(digest), (1000.0, 1000.0))


def test_a_file_is_removed_unless_it_was_put_lately(store: FileStore) -> None:
    digest = store.put(b"abc")
    assert store.stored("0" * 64) is None
    assert not store.remove(digest, 2000.0)
    assert store.get(digest) == b"abc"
    _old(store, digest)
    assert store.stored(digest) == (3, 1000.0)
    store.put(b"abc")  # whoever puts it is about to name it
    assert not store.remove(digest, 2000.0)
    _old(store, digest)
    assert store.remove(digest, 2000.0)
    assert not store.has(digest)
    assert store.remove(digest, 2000.0)  # as two that prune do
    assert list(store.digests()) == []


@pytest.mark.parametrize("when", ["before it is moved aside", "after it was moved aside"])
def test_a_file_that_is_put_while_it_is_removed_stays(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    digest, other = store.put(b"abc"), FileStore(store.folder)
    _old(store, digest)
    rename = Path.rename

    def between(path: Path, target: Path) -> Path:
        if when.startswith("before"):
            other.put(b"abc")
            return rename(path, target)
        moved = rename(path, target)
        monkeypatch.setattr(Path, "rename", rename)
        other.put(b"abc")
        return moved

    monkeypatch.setattr(Path, "rename", between)
    assert not store.remove(digest, 2000.0)
    assert store.get(digest) == b"abc"
    assert [path.name for path in store.folder.glob("??/??/*")] == [digest]


def test_what_a_killed_removal_left_aside_is_removed_by_the_next(store: FileStore) -> None:
    digest = store.put(b"abc")
    _old(store, digest)
    path = store.path(digest)
    path.rename(path.with_name(f".pruned-{digest}"))
    assert not store.has(digest)
    assert store.stored(digest) == (3, 1000.0)
    assert store.remove(digest, 2000.0)
    assert list(store.folder.glob("??/??/*")) == list(store.folder.glob("??/??/.*")) == []


def test_every_ledger_that_uses_a_store_is_noted(store: FileStore) -> None:
    assert store.users() == frozenset()
    for name in ("one", "two", "one"):
        store.note_user(name)
    store.own("three")
    assert store.users() == {"one", "two", "three"}
    assert list(store.digests()) == []
