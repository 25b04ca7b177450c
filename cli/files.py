"""Writes a case's files out of the store, by their names: a schedule, a calendar, a model, proofs."""

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from escalation.inputs.user_files import shown
from escalation.model.errors import BadInput
from escalation.text.visible import visible


def write_files(
    case_id: str,
    files: Mapping[str, bytes],
    folder: Path,
    instead: str = "folder",
    words: Mapping[str, str] | None = None,
) -> list[str]:
    """Writes all of the files, or none; returns a line on each.

    Args:
        case_id: for messages.
        files: bytes by plain file name.
        folder: made where it is missing; the files are for its owner alone (0600).
        instead: what to name where a file is there already.
        words: what a file is, by its name, for its line.

    Raises:
        BadInput: when there are none, a name is no plain file name, a file is there already, or the disk
            does not take it.
    """
    if not files:
        raise BadInput(f"case {case_id} has no files to write: it has no verified answer")
    paths = {folder / _plain(name): data for name, data in files.items()}
    there = [path for path in paths if os.path.lexists(path)]
    if there:
        raise BadInput(
            f"{shown(there[0])}: is there already, and nothing is overwritten; name another {instead}"
        )
    written: list[Path] = []
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path, data in paths.items():
            _write(path, data, written)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise _refused(folder, error) from None
    return [_line(path, len(data), (words or {}).get(path.name)) for path, data in paths.items()]


def _line(path: Path, size: int, what: str | None) -> str:
    return f"{shown(path)} ({size:,} bytes){f': {what}' if what else ''}"


def require_room(folder: Path, *, own: bool) -> None:
    """Finds out whether files can be written to a folder, and leaves nothing there.

    Args:
        folder: as the user gave it.
        own: whether it must be new or empty, because the names of the files are not known yet.

    Raises:
        BadInput: when it is none, cannot be made or written to, or holds something.
    """
    made = [each for each in (folder, *folder.parents) if not os.path.lexists(each)]
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        held = next(folder.iterdir(), None)
    except OSError as error:
        raise _refused(folder, error) from None
    finally:
        for each in made:
            with suppress(OSError):
                each.rmdir()
    if own and held is not None:
        raise BadInput(
            f"{shown(folder)}: expected a new or an empty folder, since nothing is overwritten, got one with "
            f"{visible(held.name)} in it; name another folder"
        )


def _refused(folder: Path, error: OSError) -> BadInput:
    if isinstance(error, FileExistsError | NotADirectoryError):
        return BadInput(f"{shown(folder)}: expected a folder, got something else on the way; name another")
    return BadInput(f"{shown(folder)}: cannot be written to: {error.strerror}")


def _plain(name: str) -> str:
    if name in ("", ".", "..") or name != Path(name).name or not name.isprintable():
        raise BadInput(f"expected a plain file name, got {name[:100]!r}")
    return name


def _write(path: Path, data: bytes, written: list[Path]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    written.append(path)
    with open(handle, "wb") as file:
        file.write(data)
