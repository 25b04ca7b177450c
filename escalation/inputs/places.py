"""Where a problem's files may be besides its folder: a folder for uploads, addresses that a site allows.

A relative name that the problem's folder does not have is sought in the folder for uploads, and must stay in
it. An `https://…` is read where it begins with an allowed address: of a bounded size, in bounded time, and
from nowhere else. The record keeps name and digest; a case that goes on takes its bytes from there.
"""

import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from escalation.inputs.user_files import MOST_BYTES
from escalation.model.errors import BadInput
from escalation.text.visible import visible

CONNECT_S, MOST_S = 30.0, 600.0
_CHUNK = 2**20


@dataclass(frozen=True)
class Places:
    """What a site allows.

    Attributes:
        uploads: the folder for uploads; None where there is none.
        addresses: beginnings of addresses, each to the end of a folder: `https://store.example/cohorts/`.
        most_bytes: of a file at an address.
    """

    uploads: Path | None = None
    addresses: tuple[str, ...] = ()
    most_bytes: int = MOST_BYTES

    def read(self, name: str, path: Path, from_disk: Callable[[Path], bytes]) -> bytes:
        """Returns the bytes of a file.

        Args:
            name: as the problem has it, below its folder.
            path: the same in that folder.
            from_disk: reads a path.

        Raises:
            BadInput: where the file may not be had, or cannot be.
        """
        if address := address_of(name):
            return self._fetched(address)
        if self.uploads is None or os.path.isabs(name) or os.path.lexists(path):
            return from_disk(path)
        return self._uploaded(name, path, from_disk)

    def found(self, name: str, folder: Path) -> Path:
        """The path of a file or a folder by its name: below the folder, else in the folder for uploads.

        Raises:
            BadInput: for a name that leads out of the folder for uploads.
        """
        path = folder / name
        if self.uploads is None or os.path.isabs(name) or os.path.lexists(path):
            return path
        there = self._in_uploads(name)
        return there if there.exists() else path

    def _in_uploads(self, name: str) -> Path:
        place = Path(str(self.uploads)).resolve()
        found = (place / name).resolve()
        if not found.is_relative_to(place):
            raise BadInput(f"{visible(name)}: expected a file within the folder for uploads, {place}")
        return found

    def _uploaded(self, name: str, path: Path, from_disk: Callable[[Path], bytes]) -> bytes:
        found = self._in_uploads(name)
        return from_disk(found if found.exists() else path)

    def _fetched(self, address: str) -> bytes:
        told = visible(address)
        if not self.addresses:
            raise BadInput(f"{told}: no address is allowed here; see the setting TIERWISE_FILE_ADDRESSES")
        if not address.startswith(self.addresses):
            raise BadInput(f"{told}: expected an address that begins with {' or '.join(self.addresses)}")
        parts = urlsplit(address)
        steps = set(unquote(parts.path).replace("\\", "/").split("/"))
        if {".", ".."} & steps or parts.query or parts.fragment:
            raise BadInput(f"{told}: expected a plain address, without ?, # and ..")
        try:
            return self._body(address, told)
        except urllib.error.HTTPError as error:
            error.close()
            raise BadInput(f"{told}: what is there answers {error.code}") from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise BadInput(f"{told}: cannot be read: {getattr(error, 'reason', None) or error}") from None

    def _body(self, address: str, told: str) -> bytes:
        until, chunks, size = time.monotonic() + MOST_S, [], 0
        with urllib.request.build_opener(_Straight).open(address, timeout=CONNECT_S) as answer:
            while chunk := answer.read(_CHUNK):
                chunks.append(chunk)
                size += len(chunk)
                if size > self.most_bytes:
                    raise BadInput(f"{told}: expected at most {self.most_bytes:,} bytes, got more")
                if time.monotonic() > until:
                    raise BadInput(f"{told}: expected within {MOST_S:.0f} s, it took longer")
        return b"".join(chunks)


NOWHERE = Places()
"""A site that has no folder for uploads and allows no address."""


class _Straight(urllib.request.HTTPRedirectHandler):
    """Follows nobody elsewhere: what is allowed is that address alone."""

    def redirect_request(self, *_: Any) -> None:
        return None


def address_of(name: str) -> str | None:
    """The address that a name is; a path has lost one of its slashes."""
    scheme, colon, rest = name.partition(":/")
    return f"{scheme}://{rest.lstrip('/')}" if colon and scheme in {"https", "http"} else None
