"""What was read of a store elsewhere is kept up to a limit, the last used longest, and never believed."""

import os
from pathlib import Path

from escalation.model.identity import digest_bytes
from records.store.cache import StoreCache

DATA = [bytes([number]) * 1000 for number in range(40)]


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    cache = StoreCache(tmp_path, 10_000)
    digests = [digest_bytes(data) for data in DATA]
    for age, (digest, data) in enumerate(zip(digests, DATA[:9], strict=False)):
        cache.put(digest, data)
        (path,) = tmp_path.rglob(digest)
        os.utime(path, (age, age))
    assert cache.get(digests[0]) == DATA[0]  # used just now
    for digest, data in list(zip(digests, DATA, strict=True))[9:]:
        cache.put(digest, data)
        assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) <= 10_000
        assert cache.get(digest) == data
    assert cache.get(digests[1]) is None


def test_what_does_not_fit_and_what_is_damaged_is_not_there(tmp_path: Path) -> None:
    cache = StoreCache(tmp_path, 1500)
    cache.put(digest_bytes(DATA[0] * 2), DATA[0] * 2)
    assert cache.get(digest_bytes(DATA[0] * 2)) is None
    digest = digest_bytes(DATA[1])
    cache.put(digest, DATA[1])
    (path,) = tmp_path.rglob(digest)
    path.write_bytes(DATA[2])
    assert cache.get(digest) is None
    assert not path.exists()


def test_nothing_fails_for_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = StoreCache(tmp_path / "file", 10_000)
    cache.put(digest_bytes(DATA[0]), DATA[0])
    assert cache.get(digest_bytes(DATA[0])) is None
