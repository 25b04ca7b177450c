"""Files that are archives of packed parts: how much they would unpack to, before anything is."""

import zipfile
from pathlib import Path

from escalation.model.errors import BadInput

FREE_BYTES = 64 * 2**20
MOST_TIMES = 200
"""Of its packed size that anything measured unpacks to; zeros by the gigabyte unpack to a thousand times."""


def refuse_bomb(path: Path, parts: list[zipfile.ZipInfo], most_bytes: int) -> None:
    """Refuses an archive that says it unpacks to too much; what it says bounds what is read of it.

    Raises:
        BadInput: naming the file.
    """
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if unpacked > most_bytes:
        raise BadInput(f"{path}: expected at most {most_bytes // 2**20} MiB when unpacked, got more")
    if unpacked > FREE_BYTES and unpacked > MOST_TIMES * packed:
        raise BadInput(
            f"{path}: expected measurements, got an archive that unpacks to "
            f"{unpacked // max(packed, 1):,} times its size: nearly all of it is one value"
        )
