"""Where a problem's files may be besides its folder: a folder for uploads, addresses that a site allows.

A relative name that the problem's folder does not have is sought in the folder for uploads, and must stay in
it. An `https://…` is read where it begins with an allowed address: of a bounded size, in bounded time, and
from nowhere else. The record keeps name and digest; a case that goes on takes its bytes from there.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from escalation.inputs.fetching import fetched
from escalation.inputs.user_files import MOST_BYTES
from escalation.model.errors import BadInput
from escalation.text.visible import visible

MOST_S = 600.0


@dataclass(frozen=True)
class Places:
    """What a site allows.

    Attributes:
        uploads: the folder for uploads; None where there is none.
        addresses: beginnings of addresses, each to the end of a folder: `https://store.example/cohorts/`.
        most_bytes: of a file at an address.
        most_s: from the first connection there to the last byte.
    """

    uploads: Path | None = None
    addresses: tuple[str, ...] = ()
    most_bytes: int = MOST_BYTES
    most_s: float = MOST_S

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
        return from_disk(self._placed(name, path))

    def found(self, name: str, folder: Path) -> Path:
        """The path of a file or a folder by its name: below the folder, else in the folder for uploads.

        Raises:
            BadInput: for a name that leads out of the folder for uploads.
        """
        return self._placed(name, folder / name)

    def _placed(self, name: str, path: Path) -> Path:
        if self.uploads is None or os.path.isabs(name) or os.path.lexists(path):
            return path
        place = Path(str(self.uploads)).resolve()
        found = (place / name).resolve()
        if not found.is_relative_to(place):
            raise BadInput(f"{visible(name)}: expected a file within the folder for uploads, {place}")
        return found if os.path.exists(found) else path

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
        return fetched(address, self.most_bytes, self.most_s)


NOWHERE = Places()
"""A site that has no folder for uploads and allows no address."""


def address_of(name: str) -> str | None:
    """The address that a name is; a path has lost one of its slashes."""
    scheme, colon, rest = name.partition(":/")
    return f"{scheme}://{rest.lstrip('/')}" if colon and scheme in {"https", "http"} else None
