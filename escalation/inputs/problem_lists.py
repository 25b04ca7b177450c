"""Problems by the hundred: files, folders of files, and lists with a problem or a path a line."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escalation.inputs import user_files
from escalation.model.errors import BadInput
from escalation.text.visible import visible

PROBLEM_ENDINGS = (".yaml", ".yml")
LIST_ENDINGS = (".txt", ".list", ".jsonl", ".ndjson")
EXPECTED = (
    f"expected a problem file ({', '.join(PROBLEM_ENDINGS)}), a folder of them, or a list "
    f"({', '.join(LIST_ENDINGS)}) with a path or a problem as JSON a line"
)


@dataclass(frozen=True)
class ProblemSource:
    """Where one problem is.

    Attributes:
        name: for people.
        folder: where its relative paths start.
        path: the problem file; None where the problem itself is given.
        stated: the problem as plain data, or a line of JSON.
    """

    name: str
    folder: Path
    path: Path | None = None
    stated: Any = None

    def data(self) -> Any:
        """The problem as plain data, of one that is given.

        Raises:
            BadInput: when its line is no JSON.
        """
        if not isinstance(self.stated, str):
            return self.stated
        try:
            return json.loads(self.stated)
        except ValueError as error:
            raise BadInput(f"{self.name}: expected a problem as JSON on one line, got: {error}") from None


def problem_sources(given: Iterable[Any], folder: Path) -> tuple[ProblemSource, ...]:
    """Everything that is named, in order; nothing of a problem itself is read or checked.

    Args:
        given: paths of problem files, folders and lists; or problems as plain data.
        folder: where relative paths start.

    Raises:
        BadInput: when there is none, and when a folder or a list cannot be read.
    """
    found = [source for number, each in enumerate(given, 1) for source in _named(each, number, folder)]
    if not found:
        raise BadInput(f"a batch needs a problem at least, got none: {EXPECTED}")
    return tuple(found)


def _named(each: Any, number: int, folder: Path) -> Iterator[ProblemSource]:
    if not isinstance(each, (str, Path)):
        yield ProblemSource(f"problem {number}", folder, stated=each)
        return
    path = folder / each
    if os.path.isdir(path):
        yield from _in_folder(path)
    elif path.suffix.lower() in LIST_ENDINGS:
        yield from _in_list(path)
    elif path.suffix.lower() in PROBLEM_ENDINGS:  # one that is missing is a row, as any that is bad
        yield _file(path)
    else:
        leads = f"; got a link to {visible(os.readlink(path))}" if os.path.islink(path) else ""
        got = leads and leads + ("" if os.path.exists(path) else ", which is not there")
        raise BadInput(f"{user_files.shown(path)}: {EXPECTED}{got}")


def _file(path: Path) -> ProblemSource:
    return ProblemSource(str(path), path.resolve().parent, path)


def _in_folder(folder: Path) -> Iterator[ProblemSource]:
    """The problem files of a folder by name; not those of folders below, which may be somebody's data."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in PROBLEM_ENDINGS)
    except OSError as error:
        raise BadInput(f"{user_files.shown(folder)}: cannot be read: {error.strerror}") from None
    if not paths:
        endings = " or ".join(f"*{ending}" for ending in PROBLEM_ENDINGS)
        raise BadInput(f"{user_files.shown(folder)}: expected problem files ({endings}), got none")
    yield from map(_file, paths)


def _in_list(path: Path) -> Iterator[ProblemSource]:
    """A problem a line: as JSON, or as the path of its file; what is empty or begins with `#` is left out."""
    for number, line in enumerate(user_files.read_text(path).splitlines(), 1):
        text = line.strip()
        if text.startswith("{"):
            yield ProblemSource(f"{path}:{number}", path.resolve().parent, stated=text)
        elif text and not text.startswith("#"):
            yield _file(path.parent / text)
