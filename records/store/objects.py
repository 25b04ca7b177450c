"""The store in an object store: S3, Google Cloud Storage, Azure Blob Storage, and what speaks as they do."""

import time
from collections.abc import Iterator

from escalation.model.errors import CorruptRecord
from escalation.model.identity import digest_bytes
from escalation.ports.store import StoredBytes, WhyGone
from records.store.bucket import SLOWEST, Bucket
from records.store.cache import StoreCache
from records.store.files import DIGEST, OWNER, name_of
from records.store.gone import missing, nobody
from records.store.places import ObjectPlace

MARK = "tierwise-store"
"""The object by which a store is known; it says how the others are named."""
LAYOUT = b"Tierwise's store: bytes by their SHA-256, as ab/cd/abcd...\n"


FRESH_S = 3600.0
"""An object that was put so long ago is written anew when it is put again, which marks it as wanted."""


class ObjectStore:
    """Objects named by the SHA-256 of their bytes, each written once, read through a cache.

    Safe with several threads, processes and machines: an object appears complete, and who comes second
    is told that it is there.
    """

    audited_bytes = 2**28

    def __init__(self, place: ObjectPlace, kept: StoreCache) -> None:
        """Asks for the store's mark, and sets it in a store that is new.

        Args:
            place: bucket and prefix; the credential is in the environment.
            kept: the cache of what was read.

        Raises:
            StoreAway: when it cannot be used.
        """
        self._bucket, self._kept = Bucket(place), kept
        self.why_gone: WhyGone = nobody
        if self._bucket.found(MARK) is None:
            self._bucket.create(MARK, LAYOUT)

    @property
    def where(self) -> str:
        """The URL; holds no secret."""
        return self._bucket.place.url

    def put(self, data: bytes) -> str:
        """Keeps the bytes, and mends an object that is damaged; returns their digest.

        Raises:
            StoreAway: when they could not be kept.
        """
        digest = digest_bytes(data)
        name = name_of(digest)
        there = len(data) > SLOWEST and self.has(digest)  # what is large is not sent to be refused
        if (there or not self._bucket.create(name, data)) and not self._holds(name, data):
            self._bucket.write(name, data)
        self._kept.put(digest, data)
        return digest

    def get(self, digest: str) -> bytes:
        """Returns the bytes, compared with their digest, also those of the cache.

        Raises:
            CorruptRecord: when they are missing or do not match.
            StoreAway: when the store cannot be asked.
        """
        data = self._kept.get(digest)
        if data is None:
            data = self._read(digest)
            self._kept.put(digest, data)
        return data

    def has(self, digest: str) -> bool:
        """Tells whether there is an object of that name; only `get` reads it."""
        return self._bucket.has(name_of(digest))

    def owner(self) -> str | None:
        """The name of the ledger whose bytes these are; None where none was noted."""
        found = self._bucket.found(OWNER)
        return None if found is None else found.decode(errors="replace").strip()

    def own(self, ledger: str, instead_of: str | None = None) -> None:
        """Notes that name, once: where there is one, that stays, but for the one it is noted instead of."""
        data = f"{ledger}\n".encode()
        if not self._bucket.create(OWNER, data) and instead_of is not None and self.owner() == instead_of:
            self._bucket.write(OWNER, data)

    def digests(self) -> Iterator[str]:
        """The names of all objects."""
        for name in self._bucket.names():
            digest = name.rsplit("/", 1)[-1]
            if DIGEST.fullmatch(digest) and name == name_of(digest):  # others are beside them, as MLflow's
                yield digest

    def audit(self, digest: str) -> int:
        """Reads the object itself; returns how many bytes it has."""
        return len(self._read(digest))

    def stored(self, digest: str) -> StoredBytes | None:
        """What is kept under that name, unread; None where nothing is."""
        return self._bucket.stored(name_of(digest))

    def remove(self, digest: str, put_before_s: float) -> bool:
        """Takes the object away, and what the cache has of it, unless it was put since that time.

        Between the question and the removal lies a request: a bucket has no one step for both.
        """
        found = self.stored(digest)
        if found is not None:
            if found.put_s >= put_before_s:
                return False
            self._bucket.remove(name_of(digest))
        self._kept.remove(digest)
        return True

    def note_user(self, ledger: str) -> None:
        """Nothing: a bucket has an owner from its first use on, and no other ledger gets in."""

    def users(self) -> frozenset[str]:
        """The name of its owner."""
        owner = self.owner()
        return frozenset(() if owner is None else (owner,))

    def _holds(self, name: str, data: bytes) -> bool:
        """Whether the object is there, right, and put lately."""
        found = self._bucket.stored(name)
        late = found is None or time.time() - found.put_s > FRESH_S
        return not late and self._bucket.found(name) == data

    def _read(self, digest: str) -> bytes:
        data = self._bucket.found(name_of(digest))
        if data is None:
            said = f"expected bytes with SHA-256 {digest} in {self.where}, got no object"
            raise missing(said, digest, self.why_gone)
        actual = digest_bytes(data)
        if actual != digest:
            raise CorruptRecord(f"expected bytes with SHA-256 {digest} in {self.where}, got {actual}")
        return data
