"""Files as readers get them: text with lines to complain about, and a digest for the record."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unicodedata import normalize

from escalation.inputs import user_files
from escalation.model.errors import BadInput
from escalation.model.identity import digest_bytes

COMMENTS = ("#", "%", "//")
"""Of MQLib's files, of MATLAB's and Matrix Market's, and of what C programs write."""
MOST_BYTES = 64 * 2**20
"""Of a text whose lines are divided at white space."""
MOST_LINES = 2_500_000
EMPTY = "expected an instance, got an empty file"
MISSING = "no such file (relative paths start at the problem file's folder)"


@dataclass(frozen=True)
class TextFile:
    """A file of text.

    Attributes:
        path: as the user knows it.
        text: decoded, without a byte order mark.
        sha256: of its bytes.
    """

    path: Path
    text: str
    sha256: str

    @property
    def source(self) -> dict[str, Any]:
        """Small JSON data for the record."""
        return {"file": self.path.name, "sha256": self.sha256}

    def words(self, comments: tuple[str, ...] = COMMENTS) -> list[tuple[int, list[str]]]:
        """The lines that say something, with their numbers, divided at white space.

        Args:
            comments: what a line of comment begins with; a line whose first word is `c` is one too.

        Raises:
            BadInput: when there is no such line, or too many.
        """
        if self.text.count("\n") > MOST_LINES:
            raise BadInput(f"{self.path}: expected at most {MOST_LINES} lines, got more")
        lines = ((number, line.split()) for number, line in enumerate(self.text.splitlines(), 1))
        kept = [(n, row) for n, row in lines if row and not row[0].startswith(comments) and row[0] != "c"]
        if not kept:
            raise BadInput(f"{self.path}: expected an instance, got comments alone")
        return kept

    def at(self, line: int) -> str:
        """How a place in the file is named to the user."""
        return f"{self.path}, line {line}"

    def complain(self, line: int, message: str) -> BadInput:
        """Returns the error that says where and what."""
        return BadInput(f"{self.at(line)}: {message}")


def read_bytes(path: Path, most_bytes: int = user_files.MOST_BYTES) -> bytes:
    """Returns a file's bytes, whether its name is spelt composed or decomposed.

    Raises:
        BadInput: when it is missing, no regular file, unreadable or too large.
    """
    spelt = (path, *(Path(normalize(form, str(path))) for form in ("NFC", "NFD")))
    path = next((each for each in spelt if os.path.exists(each)), path)
    return user_files.read_bytes(path, most_bytes, missing=MISSING)


def read_text(path: Path, most_bytes: int = MOST_BYTES, empty: str = EMPTY) -> TextFile:
    """Reads UTF-8, with or without a byte order mark.

    Args:
        path: of the file.
        most_bytes: of it.
        empty: what is said of a file of white space alone.

    Raises:
        BadInput: when the file is missing, unreadable, too large, empty or no UTF-8 text.
    """
    data = read_bytes(path, most_bytes)
    text = user_files.decoded(data, path)
    if not text.strip():
        raise BadInput(f"{path}: {empty}")
    return TextFile(path, text, digest_bytes(data))
