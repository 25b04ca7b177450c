"""The store in an object store: S3, Google Cloud Storage, Azure Blob Storage, and what speaks as they do."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from obstore.exceptions import AlreadyExistsError
from obstore.store import from_url

from escalation.model.errors import BadInput, CorruptRecord
from escalation.model.identity import digest_bytes
from records.store.cache import StoreCache
from records.store.files import DIGEST, OWNER, name_of
from records.store.places import ObjectPlace
from records.store.refusals import no_bucket, refusal

MARK = "tierwise-store"
"""The object by which a store is known; it says how the others are named."""
LAYOUT = b"Tierwise's store: bytes by their SHA-256, as ab/cd/abcd...\n"
CONNECT_S, SILENT_S, RETRIES, RETRY_S = 5, 20, 3, 15
"""Seconds to connect, of silence while reading, how often a request is repeated, for how many seconds."""
SLOWEST = 2**20
"""Bytes a second: what takes longer to send has stalled."""


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
        _check_endpoint()
        self.place, self._kept = place, kept
        self._clients: dict[int, Any] = {}
        if self._found(MARK) is None:
            self._create(MARK, LAYOUT)

    @property
    def where(self) -> str:
        """The URL; holds no secret."""
        return self.place.url

    def put(self, data: bytes) -> str:
        """Keeps the bytes, and mends an object that is damaged; returns their digest.

        Raises:
            StoreAway: when they could not be kept.
        """
        digest = digest_bytes(data)
        name = name_of(digest)
        there = len(data) > SLOWEST and self.has(digest)  # what is large is not sent to be refused
        if (there or not self._create(name, data)) and self._found(name) != data:
            with self._asking("write to"):
                self._writer(data).put(name, data, mode="overwrite", use_multipart=False)
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
        name = name_of(digest)
        with self._asking("ask"):
            try:
                self._reader().head(name)
            except FileNotFoundError:
                return False
        return True

    def owner(self) -> str | None:
        """The name of the ledger whose bytes these are; None where none was noted."""
        found = self._found(OWNER)
        return None if found is None else found.decode(errors="replace").strip()

    def own(self, ledger: str, instead_of: str | None = None) -> None:
        """Notes that name, once: where there is one, that stays, but for the one it is noted instead of."""
        data = f"{ledger}\n".encode()
        if not self._create(OWNER, data) and instead_of is not None and self.owner() == instead_of:
            with self._asking("write to"):
                self._writer(data).put(OWNER, data, mode="overwrite", use_multipart=False)

    def digests(self) -> Iterator[str]:
        """The names of all objects."""
        with self._asking("list"):
            for page in self._reader().list():
                names = (str(each["path"]).rsplit("/", 1)[-1] for each in page)
                yield from filter(DIGEST.fullmatch, names)

    def audit(self, digest: str) -> int:
        """Reads the object itself; returns how many bytes it has."""
        return len(self._read(digest))

    def _read(self, digest: str) -> bytes:
        data = self._found(name_of(digest))
        if data is None:
            raise CorruptRecord(f"expected bytes with SHA-256 {digest} in {self.where}, got no object")
        actual = digest_bytes(data)
        if actual != digest:
            raise CorruptRecord(f"expected bytes with SHA-256 {digest} in {self.where}, got {actual}")
        return data

    def _found(self, name: str) -> bytes | None:
        """The bytes of an object; None where there is none."""
        with self._asking("read"):
            try:
                return bytes(self._reader().get(name).bytes())
            except FileNotFoundError as error:
                if no_bucket(error):
                    raise
        return None

    def _create(self, name: str, data: bytes) -> bool:
        """Writes an object that is not there yet; False where it is (HTTP's `If-None-Match: *`)."""
        with self._asking("write to"):
            try:
                self._writer(data).put(name, data, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return False
        return True

    @contextmanager
    def _asking(self, doing: str) -> Iterator[None]:
        try:
            yield
        except BaseException as error:  # the library's own panic is no Exception
            if isinstance(error, Exception) or type(error).__name__ == "PanicException":
                raise refusal(self.place, error, doing) from None
            raise

    def _reader(self) -> Any:
        """A client that bounds the silence in an answer, which may be of any length."""
        bounds = {"read_timeout": timedelta(seconds=SILENT_S), "timeout": timedelta(hours=1)}
        return self._client(0, bounds)

    def _writer(self, data: bytes) -> Any:
        """A client that gives a request time for so many bytes; there are as many as powers of two."""
        whole_s = SILENT_S + (1 << (len(data) // SLOWEST).bit_length())
        return self._client(whole_s, {"timeout": timedelta(seconds=whole_s)})

    def _client(self, key: int, bounds: dict[str, timedelta]) -> Any:
        if key not in self._clients:
            options: Any = {
                "connect_timeout": timedelta(seconds=CONNECT_S),
                **bounds,
                "allow_http": _plain_http(),
            }
            retries: Any = {"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_S)}
            self._clients[key] = from_url(self.place.url, client_options=options, retry_config=retries)
        return self._clients[key]


def _check_endpoint() -> None:
    """Refuses what the library would end the thread for; raises `BadInput` without repeating it."""
    for name in ("AWS_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        stated = os.environ.get(name)
        if stated and not re.fullmatch(r"https?://[^/@\s?#]+[^@\s?#]*", stated):
            raise BadInput(f"{name}: expected http://HOST:PORT or https://…, without user and password")


def _plain_http() -> bool:
    """Whether the environment allows it; the library asks there only where no option is given to it."""
    named = (os.environ.get(f"{owner}_ALLOW_HTTP", "") for owner in ("AWS", "GOOGLE", "AZURE"))
    return any(value.lower() in ("true", "1") for value in named)
