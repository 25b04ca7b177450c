"""Named bytes in one deterministic zip: no clock, no compression, names in order."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from escalation.model.identity import canonical_json

_EPOCH = (1980, 1, 1, 0, 0, 0)


def pack(members: Mapping[str, bytes]) -> bytes:
    """Returns a zip whose bytes depend on the members alone."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), members[name])
    return buffer.getvalue()


def unpack(data: bytes, expected: Sequence[str]) -> dict[str, bytes]:
    """Returns the members of a zip that `pack` made.

    Raises:
        ValueError: when it is no such zip, or its members are not the expected ones.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = sorted(archive.namelist())
            if names != sorted(expected):
                raise ValueError(f"expected a model archive of {sorted(expected)}, got {names}")
            if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
                # a few bytes could unpack to more than there is memory
                raise ValueError("expected a model archive without compression, got a compressed member")
            return {name: archive.read(name) for name in names}
    except zipfile.BadZipFile as error:
        raise ValueError(f"expected a model archive, got {len(data)} bytes that are none: {error}") from None


def pack_json(value: Any) -> bytes:
    """Returns canonical JSON; floats survive the round trip exactly."""
    return canonical_json(value)


def unpack_json(data: bytes) -> Any:
    """Reads what `pack_json` wrote."""
    return json.loads(data)
