"""A bucket of an object store: S3, Google Cloud Storage, Azure Blob Storage, and what speaks as they do."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from obstore.exceptions import AlreadyExistsError
from obstore.store import from_url

from escalation.model.errors import BadInput
from escalation.ports.store import StoredBytes
from records.store.places import ObjectPlace
from records.store.refusals import no_bucket, refusal

CONNECT_S, SILENT_S, RETRIES, RETRY_S = 5, 20, 3, 15
"""Seconds to connect, of silence while reading, how often a request is repeated, for how many seconds."""
SLOWEST = 2**20
"""Bytes a second: what takes longer to send has stalled."""


class Bucket:
    """The objects below a prefix, by their names; safe with several threads.

    Every method raises `StoreAway` where the service cannot be used.
    """

    def __init__(self, place: ObjectPlace) -> None:
        """Asks nobody yet.

        Args:
            place: bucket and prefix; the credential is in the environment.

        Raises:
            BadInput: when the environment names no usable service.
        """
        _check_endpoint()
        self.place = place
        self._clients: dict[int, Any] = {}

    def found(self, name: str) -> bytes | None:
        """The bytes of an object; None where there is none."""
        with self._asking("read"):
            try:
                return bytes(self._reader().get(name).bytes())
            except FileNotFoundError as error:
                if no_bucket(error):
                    raise
        return None

    def has(self, name: str) -> bool:
        """Whether there is an object of that name."""
        with self._asking("ask"):
            try:
                self._reader().head(name)
            except FileNotFoundError:
                return False
        return True

    def stored(self, name: str) -> StoredBytes | None:
        """How large an object is and when it was written; None where there is none."""
        with self._asking("ask"):
            try:
                found = self._reader().head(name)
            except FileNotFoundError:
                return None
        return StoredBytes(int(found["size"]), found["last_modified"].timestamp())

    def create(self, name: str, data: bytes) -> bool:
        """Writes an object that is not there yet; False where it is (HTTP's `If-None-Match: *`)."""
        with self._asking("write to"):
            try:
                self._writer(data).put(name, data, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return False
        return True

    def write(self, name: str, data: bytes) -> None:
        """Writes an object, over what is there."""
        with self._asking("write to"):
            self._writer(data).put(name, data, mode="overwrite", use_multipart=False)

    def names(self, prefix: str = "") -> Iterator[str]:
        """The names of all objects below a prefix of whole parts."""
        with self._asking("list"):
            for page in self._reader().list(prefix or None):
                yield from (str(each["path"]) for each in page)

    def folder(self, prefix: str = "") -> tuple[Sequence[tuple[str, int]], Sequence[str]]:
        """The objects just below a prefix, with their sizes in bytes, and the prefixes just below it."""
        with self._asking("list"):
            found = self._reader().list_with_delimiter(prefix or None)
        objects = [(str(each["path"]), int(each["size"])) for each in found["objects"]]
        return objects, [str(each) for each in found["common_prefixes"]]

    def remove(self, name: str) -> None:
        """Removes an object."""
        with self._asking("write to"):
            self._reader().delete(name)

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
