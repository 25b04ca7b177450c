"""Writes an export as a folder or as a ZIP file: all of it under its name, or nothing."""

import io
import os
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from escalation.inputs.temporary import removed_if_ended
from escalation.inputs.user_files import shown
from escalation.inputs.whole_files import synced
from escalation.model.errors import BadInput

ZIP = ".zip"
_MOMENT = (1980, 1, 1, 0, 0, 0)
"""The first that a ZIP file can say: it says nothing, and the same files give the same bytes."""


def check_target(target: Path) -> None:
    """Refuses a target that is there, or whose folder is not; raises `BadInput`."""
    if os.path.lexists(target):
        raise BadInput(f"{shown(target)}: is there already, and nothing is overwritten; name another")
    if not target.parent.is_dir():
        raise BadInput(f"{shown(target)}: expected a folder at {shown(target.parent)}, got none: make it")


def write(files: Mapping[str, bytes], target: Path) -> None:
    """Writes the files under one name, for their owner alone: a ZIP file where it ends so, else a folder.

    Raises:
        BadInput: when something is there already, or the disk does not take it; nothing is left then.
    """
    check_target(target)
    try:
        aside = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    except OSError as error:
        raise BadInput(f"{shown(target)}: cannot be written: {error.strerror}") from None
    try:
        with removed_if_ended(aside):
            made = aside / target.name
            if target.suffix.lower() == ZIP:
                _write_file(made, packed(files, target.stem))
            else:
                _write_folder(files, made)
            _move(made, target)
    except OSError as error:
        raise BadInput(f"{shown(target)}: cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    synced(target.parent)


def _move(made: Path, target: Path) -> None:
    """Gives it its name; a file or folder that came there meanwhile stays as it is."""
    if made.is_dir():
        target.mkdir(0o700)  # refuses where one is there
        os.replace(made, target)
    else:
        os.link(made, target)


def _write_folder(files: Mapping[str, bytes], folder: Path) -> None:
    for path, data in files.items():
        place = folder / path
        place.parent.mkdir(0o700, parents=True, exist_ok=True)
        _write_file(place, data)


def _write_file(path: Path, data: bytes) -> None:
    path.touch(0o600)
    path.write_bytes(data)
    synced(path)


def packed(files: Mapping[str, bytes], top: str) -> bytes:
    """The ZIP file, the same for the same files: one folder in it, as RFC 8493 wants.

    The files are stored as they are: how a compressor packs is no part of a record.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for path, data in files.items():
            entry = zipfile.ZipInfo(f"{top}/{path}", _MOMENT)
            entry.external_attr, entry.create_system = 0o100600 << 16, 3
            archive.writestr(entry, data)
    return made.getvalue()
