r"""What a screen shows cannot be repainted: text from data, policies and peers, made safe to show.

An escape code in a policy's reason moves the cursor and paints over a gate that is closed (CWE-150); a bidi
override shows another order than the one that is stored (CVE-2021-42574, "Trojan Source"); a line feed begins
a line that seems to be the program's own; a cell that begins with `=` is computed by the spreadsheet that
opens it.
"""

import re
import unicodedata
from functools import cache

_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
"""Controls, formats (bidi, zero-width), lone surrogates, separators of lines and paragraphs."""
_MARKDOWN = re.compile(r"([\\`*\[\]<>#|~!&$])")
_FORMULA = tuple("=+-@＝＋－＠")


def visible(text: str, keep: str = "") -> str:
    r"""Returns the text, what moves, hides or reorders in it shown as its escape: `\x1b`, `\u202e`, `\n`.

    Args:
        text: from anywhere.
        keep: characters that stay as they are, such as line feeds where lines are the program's own.
    """
    if text.isascii() and text.isprintable():
        return text
    return text.translate(_table(keep))


class _Shown(dict[int, str]):
    """By code point what is shown of it; filled in as characters come."""

    def __init__(self, keep: str) -> None:
        super().__init__((ord(char), char) for char in keep)

    def __missing__(self, code: int) -> str:
        char = chr(code)
        hidden = unicodedata.category(char) in _HIDDEN
        self[code] = char.encode("unicode_escape").decode("ascii") if hidden else char
        return self[code]


@cache
def _table(keep: str) -> _Shown:
    return _Shown(keep)


def markdown(text: str) -> str:
    """Returns the text for a Markdown page or cell: shown as it is, on one line, nothing in it is markup.

    Addresses do not become links (CommonMark backslash escapes; GFM's autolinks need `://` or `www.`).
    """
    plain = _MARKDOWN.sub(r"\\\1", visible(text))
    return plain.replace("://", r":\/\/").replace("www.", r"www\.")


def prose(said: str) -> str:
    """A sentence as Markdown: what stands between backticks is a command, all else means itself."""
    parts = said.split("`")
    if len(parts) % 2 == 0 or not all(part.strip() for part in parts[1::2]):
        return markdown(said)
    return "".join(f"`{visible(part)}`" if at % 2 else markdown(part) for at, part in enumerate(parts))


def spreadsheet_cell(text: str) -> str:
    """Returns the text for a cell of a CSV file, with an apostrophe before what may be computed (OWASP, CSV
    injection; full-width signs are computed too where the program's language is East Asian)."""
    shown = visible(text)
    formula = shown.lstrip().startswith(_FORMULA) or shown[:2] in (r"\t", r"\r", r"\n")
    return f"'{shown}" if formula else shown
