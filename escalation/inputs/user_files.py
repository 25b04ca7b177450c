"""The one place where a file that a user names is opened: a regular file, of a bounded size, read once.

A pipe would block, `/dev/zero` never end, a sparse file of a terabyte fill the memory: each is one line
instead, before a byte is read. Text is UTF-8, with or without a byte order mark, and holds no NUL byte.
"""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from escalation.inputs.file_kinds import how_to_convert, known_kind
from escalation.model.errors import BadInput
from escalation.text.visible import visible

MOST_BYTES = 512 * 2**20
"""Of a file of data, unless its reader says less."""

Reader = Callable[[Path, Callable[[Path], bytes]], bytes]
"""Is given a path and what would read it or another, and returns the file's bytes."""
Lister = Callable[[Path, Callable[[Path], tuple[str, ...]]], tuple[str, ...]]
"""Is given a folder and what would list it or another, and returns the names of the files below it."""
MOST_FILES = 200_000
"""Below one folder."""
_reader: ContextVar[Reader | None] = ContextVar("reader", default=None)
_lister: ContextVar[Lister | None] = ContextVar("lister", default=None)

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@contextmanager
def read_through(reader: Reader, lister: Lister | None = None) -> Iterator[None]:
    """Has the reader give the bytes of every file read in the block, the lister the names in every folder."""
    token, listing = _reader.set(reader), _lister.set(lister)
    try:
        yield
    finally:
        _reader.reset(token)
        _lister.reset(listing)


def read_bytes(
    path: Path, most_bytes: int = MOST_BYTES, error: type[BadInput] = BadInput, missing: str = "no such file"
) -> bytes:
    """Returns the bytes of a regular file.

    Args:
        path: as the user gave it; links are followed.
        most_bytes: the most that are read.
        error: raised with one line.
        missing: what is said where there is no such file.

    Raises:
        BadInput: `error`, when the file is missing, no regular file, too large, or cannot be read.
    """
    reader = _reader.get()
    if reader is None:
        return _from_disk(path, most_bytes, error, missing)
    return reader(path, lambda where: _from_disk(where, most_bytes, error, missing))


def names_below(folder: Path) -> tuple[str, ...]:
    """Returns the names of the files below a folder, relative to it, sorted; hidden ones are none of them.

    What is looked at of them has to be read by `read_bytes`: a case is taken up elsewhere with the files that
    were read, and has no others. Links to folders are not followed, those to files are.

    Raises:
        BadInput: when there is no such folder, it cannot be listed, or holds too many files.
    """
    lister = _lister.get()
    return _listed(folder) if lister is None else lister(folder, _listed)


def _listed(folder: Path) -> tuple[str, ...]:
    name = shown(folder)
    if not folder.is_dir():
        got = "a file" if folder.exists() else f"{_link(folder)}none of that name"
        raise BadInput(f"{name}: expected a folder, got {got}")
    found: list[str] = []
    for above, folders, files in os.walk(folder, onerror=_unlisted):
        folders[:] = [each for each in folders if not each.startswith(".")]
        found += [os.path.relpath(os.path.join(above, each), folder) for each in files if each[0] != "."]
        if len(found) > MOST_FILES:
            raise BadInput(f"{name}: expected at most {MOST_FILES} files below it, got more")
    return tuple(sorted(found))


def _unlisted(error: OSError) -> None:
    raise BadInput(f"{shown(Path(str(error.filename)))}: cannot be listed: {error.strerror}") from None


def _link(path: Path) -> str:
    """What is said of a link that leads nowhere; empty of a file that is not there."""
    return f"a link to {visible(os.readlink(path))}: " if path.is_symlink() else ""


def _from_disk(path: Path, most_bytes: int, error: type[BadInput], missing: str) -> bytes:
    name = shown(path)
    try:
        # Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            found = os.fstat(handle)
            kind = stat.S_IFMT(found.st_mode)
            if kind != stat.S_IFREG:
                raise error(f"{name}: expected a regular file, got {_KINDS.get(kind, 'something else')}")
            if found.st_size > most_bytes:
                raise error(_too_large(name, most_bytes))
            with open(handle, "rb", closefd=False) as file:
                data = file.read(most_bytes + 1)  # it may grow, or lie about its size as those of /proc do
        finally:
            os.close(handle)
    except FileNotFoundError:
        raise error(f"{name}: {_link(path)}{missing}") from None
    except (OSError, ValueError) as problem:  # ValueError: a NUL in the name
        reason = getattr(problem, "strerror", None) or str(problem)
        raise error(f"{name}: cannot be read: {reason}") from None
    if len(data) > most_bytes:
        raise error(_too_large(name, most_bytes))
    return data


def read_text(
    path: Path, most_bytes: int = MOST_BYTES, error: type[BadInput] = BadInput, missing: str = "no such file"
) -> str:
    """Returns the text of a regular file, without a byte order mark; arguments and errors of `read_bytes`.

    Raises:
        BadInput: `error`, also when it is not UTF-8, or holds a NUL byte.
    """
    return decoded(read_bytes(path, most_bytes, error, missing), path, error)


def decoded(data: bytes, path: Path, error: type[BadInput] = BadInput) -> str:
    """Returns bytes of a file as text, without a byte order mark.

    Raises:
        BadInput: `error`, naming the line, when they are not UTF-8 or hold a NUL byte.
    """
    if kind := known_kind(data):
        raise error(f"{shown(path)}: expected UTF-8 text, got {kind}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise _not_text(data, problem.start, path, error) from None
    nul = data.find(b"\0")
    if nul >= 0:
        raise _not_text(data, nul, path, error)
    return text


def shown(path: Path) -> str:
    """A path on one line, of a bounded length."""
    text = visible(str(path))
    return text if len(text) <= 300 else f"{text[:140]}…{text[-140:]}"


def _not_text(data: bytes, at: int, path: Path, error: type[BadInput]) -> BadInput:
    line = data[:at].count(b"\n") + 1
    return error(
        f"{shown(path)}, line {line}: expected UTF-8 text, got byte 0x{data[at]:02x}; "
        f"{how_to_convert(data, shown(Path(path.name)))}"
    )


def _too_large(name: str, most_bytes: int) -> str:
    return f"{name}: expected at most {_size(most_bytes)}, got a larger file"


def _size(count: int) -> str:
    return f"{count // 2**20} MiB" if count >= 2**20 else f"{count} bytes"
