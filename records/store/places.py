"""Where a site keeps its bytes: what `TIERWISE_STORE_URL` means."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from escalation.model.errors import BadInput

SETTING = "TIERWISE_STORE_URL"
SERVICES = {"s3": "bucket", "gs": "bucket", "az": "container"}
"""The object stores by the scheme of their URL, and what they call that which holds the objects."""
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,221}")
_EXPECTED = "an absolute path, file:///…, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX"


@dataclass(frozen=True)
class ObjectPlace:
    """A bucket of an object store, and the prefix of all names in it.

    Attributes:
        scheme: of `SERVICES`.
        bucket: its name, or that of the container.
        prefix: without slashes at its ends; may be empty.
    """

    scheme: str
    bucket: str
    prefix: str

    def __truediv__(self, name: str) -> "ObjectPlace":
        """What is below it, as with a folder."""
        return replace(self, prefix=f"{self.prefix}/{name}" if self.prefix else name)

    @property
    def url(self) -> str:
        """Its URL; holds no secret."""
        return f"{self.scheme}://{self.bucket}" + (f"/{self.prefix}" if self.prefix else "")


def place_of(stated: str) -> Path | ObjectPlace:
    """The folder, or the bucket, that a site names for its bytes.

    Raises:
        BadInput: where it names neither, or a credential; repeats nothing that may be secret.
    """
    if "://" not in stated:
        return _folder(stated)
    try:
        url = urlsplit(stated)
    except ValueError as error:
        raise BadInput(f"{SETTING}: expected {_EXPECTED}: {error}") from None
    if "@" in url.netloc or url.query or url.fragment:
        raise BadInput(
            f"{SETTING}: expected a URL without user, password, query and fragment, got one with: "
            "a credential belongs into the environment, as AWS_ACCESS_KEY_ID and the like"
        )
    return _parsed(url)


def _parsed(url: SplitResult) -> Path | ObjectPlace:
    if url.scheme == "file":
        if url.netloc not in ("", "localhost"):
            raise BadInput(f"{SETTING}: expected file:///…, got the host {url.netloc!r} in it")
        return _folder(unquote(url.path))
    if url.scheme not in SERVICES:
        raise BadInput(f"{SETTING}: expected {_EXPECTED}, got a URL of {url.scheme or 'no scheme'!r}")
    prefix = url.path.strip("/")
    if not _BUCKET.fullmatch(url.netloc) or (
        prefix and not all(part.strip(".") for part in prefix.split("/"))
    ):
        raise BadInput(f"{SETTING}: expected {_EXPECTED}, got {url.scheme}://{url.netloc}{url.path}")
    return ObjectPlace(url.scheme, url.netloc, prefix)


def _folder(path: str) -> Path:
    folder = Path(path)
    if "\0" in path or not folder.is_absolute():
        raise BadInput(f"{SETTING}: expected {_EXPECTED}, got {path!r}")
    return folder
