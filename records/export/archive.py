"""Reads an export: a folder as the verifier does, a ZIP file if each byte of it is as it was written."""

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

from escalation.inputs.user_files import shown
from escalation.model.errors import BadInput
from records.export import verify as verifier
from records.export.writing import packed

Files = dict[str, bytes]
CHANGED = (
    "the ZIP file was changed, or packed anew, and is not as `tierwise export` packs it: unpack it, and name "
    "the folder"
)
_NAME_AT, _HEADER = 26, 30
"""In a file's local header: where the lengths of name and extra field are, and where these begin."""


def read_files(path: Path) -> tuple[Files, list[str]]:
    """All files of an export, by path, and a line on each thing there that is none; nothing else is checked.

    Raises:
        BadInput: when there is no export.
    """
    read: Callable[[str], Files] = verifier.read
    try:
        if path.is_file():
            return _unpacked(path)
        files = read(str(path))
    except OSError as error:
        raise BadInput(f"{shown(path)}: expected an export: {error.strerror}") from None
    except ValueError:
        raise BadInput(f"{shown(path)}: expected an export, a folder or a ZIP file, got none") from None
    strange = [name for name, data in files.items() if data == verifier.NO_FILE]
    return files, [f"{name}: expected a file, and at most {verifier.MOST} bytes in all" for name in strange]


def _unpacked(path: Path) -> tuple[Files, list[str]]:
    """The files in a ZIP file as they lie there, and whether it has but the bytes that they make.

    Raises:
        ValueError: when it is none.
    """
    data = path.read_bytes() if path.stat().st_size <= verifier.MOST else b""
    if data[:2] != b"PK" and not zipfile.is_zipfile(io.BytesIO(data)):
        raise ValueError
    try:
        top, files = _entries(data)
    except (zipfile.BadZipFile, LookupError, ValueError, struct.error, NotImplementedError):
        return {}, [CHANGED]
    astray = any(
        part in ("", ".", "..") or "\\" in part for name in (top, *files) for part in name.split("/")
    )
    return files, [CHANGED] * (astray or packed(dict(sorted(files.items())), top) != data)


def _entries(data: bytes) -> tuple[str, Files]:
    """The folder in it, and the files below; none are read where they would be more than the whole."""
    entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    if sum(entry.file_size for entry in entries) > len(data):
        raise ValueError
    files = {}
    for entry in entries:
        name, extra = struct.unpack_from("<HH", data, entry.header_offset + _NAME_AT)
        begins = entry.header_offset + _HEADER + name + extra
        top, _, path = entry.filename.partition("/")
        files[path] = data[begins : begins + entry.file_size]
    return top, files
