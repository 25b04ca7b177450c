"""Parts of a report beside tables: downloads, figures, long lists; whatever comes from data is escaped."""

import csv
import io
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from escalation.text.visible import spreadsheet_cell
from toolbox.drawing.html_tables import MOST_ROWS, table, text

MOST_NAMES = 400


@dataclass(frozen=True)
class Download:
    """A file that a report holds: its name, its media type, its bytes."""

    name: str
    media_type: str
    data: bytes

    @property
    def uri(self) -> str:
        """The file as a data: URI (RFC 2397)."""
        return f"data:{self.media_type};base64,{b64encode(self.data).decode()}"


def csv_download(name: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Download:
    """A table for spreadsheets (RFC 4180), no cell of which is taken for a formula.

    UTF-8 with a byte order mark, without which spreadsheets take it for the system's old code page.
    """
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([spreadsheet_cell(cell) for cell in row] for row in rows)
    return Download(name, "text/csv;charset=utf-8", written.getvalue().encode("utf-8-sig"))


def downloads(files: Sequence[Download]) -> str:
    """Links that hold their file, so that the report stays one file."""
    links = "".join(
        f'<li><a download="{escape(file.name)}" href="{escape(file.uri)}">{text(file.name)}</a> '
        f"({len(file.data)} bytes)</li>"
        for file in files
    )
    return f"<p>Download:</p><ul>{links}</ul>" if links else ""


def wide_figures(drawn: Sequence[str], what: str) -> str:
    """SVGs below each other, which may be wider than the text and are then scrolled, by keys too."""
    figures = "".join(f"<figure>{svg}</figure>" for svg in drawn)
    return f'<div class="wide" tabindex="0" role="group" aria-label="{escape(what)}">{figures}</div>'


def as_text(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """All rows for those who cannot see a chart, or search for one; empty where there are none."""
    starts = range(0, len(rows), MOST_ROWS)
    tables = "".join(table(header, rows[start : start + MOST_ROWS]) for start in starts)
    return f"<details><summary>As a table</summary>{tables}</details>" if tables else ""


def names(found: Sequence[str]) -> str:
    """A paragraph of names, those beyond 400 counted."""
    more = len(found) - MOST_NAMES
    end = f" … and {more} more" if more > 0 else ""
    return f"<p>{', '.join(text(name) for name in found[:MOST_NAMES])}{end}</p>"
