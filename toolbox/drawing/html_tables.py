"""Small HTML tables; whatever comes from data is escaped."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from escalation.text.visible import visible

MOST_ROWS = 60
MOST_DEPTH = 6
MOST_NOTES = 200
MOST_CHARACTERS = 500
BROAD = 4
"""Columns from which on a table may be wider than a telephone."""
SHORT_WORD = 20
"""Characters of a word that is not broken."""


def table(header: Sequence[str], rows: Sequence[Sequence[Any]], caption: str = "") -> str:
    """Returns an HTML table; cells are plain data, never markup. Rows beyond 60 are counted, not shown."""
    header, rows = _filled(header, rows)
    head = "".join(f'<th scope="col">{text(cell)}</th>' for cell in header)
    body = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in rows[:MOST_ROWS])
    more = len(rows) - MOST_ROWS
    if more > 0:
        body += f'<tr><td colspan="{len(header)}">… and {more} more</td></tr>'
    title = f"<caption>{text(caption)}</caption>" if caption else ""
    made = f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return _scrolled(made, caption or ", ".join(filter(None, header))) if len(header) >= BROAD else made


def _scrolled(made: str, what: str) -> str:
    """A table that is scrolled by itself where it is wider than the screen, by keys too."""
    return f'<div class="wide" tabindex="0" role="group" aria-label="{text(what)}">{made}</div>'


def _filled(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> tuple[list[str], list[list[Any]]]:
    """Without the columns that have no name and nothing in them."""
    kept = [at for at, name in enumerate(header) if name or any(row[at] not in ("", None) for row in rows)]
    return [header[at] for at in kept], [[row[at] for at in kept] for row in rows]


def pairs(rows: Sequence[tuple[str, Any]], caption: str = "") -> str:
    """Returns an HTML table of names and values."""
    body = "".join(
        f'<tr><th scope="row">{text(name)}</th><td>{text(value)}</td></tr>' for name, value in rows
    )
    title = f"<caption>{text(caption)}</caption>" if caption else ""
    return f"<table>{title}<tbody>{body}</tbody></table>"


def statements(rows: Sequence[tuple[str, str]]) -> str:
    """Returns an HTML table of names and texts of people, which are shown in full."""
    body = "".join(
        f'<tr><th scope="row">{text(name)}</th><td>{escape(visible(said, keep=chr(10)))}</td></tr>'
        for name, said in rows
    )
    return f"<table><tbody>{body}</tbody></table>"


def text(value: Any) -> str:
    """Returns one value for a reader: numbers to four digits, None as a dash, everything escaped."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return escape(f"{value:.4g}")
    shown = visible(str(value), keep="\n")
    return escape(shown if len(shown) <= MOST_CHARACTERS else shown[:MOST_CHARACTERS] + "…")


def _cell(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f'<td class="number">{text(value)}</td>'
    long = isinstance(value, str) and any(len(word) > SHORT_WORD for word in value.split())
    return f'<td class="long">{text(value)}</td>' if long else f"<td>{text(value)}</td>"


def notes(value: Any) -> str:
    """Returns any JSON data as one list of names and values, and a table for each list of records.

    What lies deeper is named by its path: `grids.ridge.C`.
    """
    flat, records = _flattened(value, "", 0)
    items = "".join(f"<li><b>{text(name)}</b> {text(each)}</li>" for name, each in flat)
    listed = f'<ul class="notes">{items}</ul>' if items else ""
    return listed + "".join(_records(name, found) for name, found in records)


def _flattened(
    value: Any, path: str, depth: int
) -> tuple[list[tuple[str, Any]], list[tuple[str, Sequence[Mapping[str, Any]]]]]:
    """Names with plain values, and names with lists of records."""
    if _is_records(value) and path:
        keys = {str(key) for item in value for key in item}
        if len(keys) > 1:
            return [], [(path, value)]
        value = {key: [_joined(each) for item in value for each in item.values()] for key in keys}
    named = _children(value) if depth < MOST_DEPTH else None
    if named is None:
        return [(path or "value", _joined(value))], []
    flat: list[tuple[str, Any]] = []
    records: list[tuple[str, Sequence[Mapping[str, Any]]]] = []
    for name, each in named[:MOST_NOTES]:
        below = _flattened(each, f"{path}.{name}" if path else name, depth + 1)
        flat += below[0]
        records += below[1]
    if len(named) > MOST_NOTES:
        flat.append((path, f"… and {len(named) - MOST_NOTES} more"))
    return flat, records


def _children(value: Any) -> list[tuple[str, Any]] | None:
    """Of a mapping its items, of a list of deeper things these by number; None of what fits into a cell."""
    if isinstance(value, Mapping) and value:
        return [(str(name), each) for name, each in value.items()]
    if isinstance(value, list | tuple) and not _plain(value):
        return [(str(number), each) for number, each in enumerate(value)]
    return None


def _records(name: str, found: Sequence[Mapping[str, Any]]) -> str:
    rows = [dict(_flattened(item, "", 0)[0]) for item in found]
    header = list(dict.fromkeys(key for row in rows for key in row))
    return table(header, [[row.get(key) for key in header] for row in rows], name)


def _is_records(value: Any) -> bool:
    """Whether it is a list of mappings with no such list in them."""
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(item, Mapping) and not _flattened(item, "", 0)[1] for item in value)
    )


def _joined(value: Any) -> Any:
    """A list as one text; nothing where it is empty; anything else as it is."""
    if isinstance(value, list | tuple):
        return ", ".join(str(_short(item)) for item in value) or None
    return None if isinstance(value, Mapping) and not value else value


def _plain(value: Sequence[Any]) -> bool:
    return not any(isinstance(item, Mapping | list | tuple) for item in value)


def _short(value: Any) -> Any:
    return f"{value:.4g}" if isinstance(value, float) else value
