"""Small HTML tables; whatever comes from data is escaped."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from escalation.text.visible import visible

MOST_ROWS = 60
MOST_DEPTH = 6
MOST_CHARACTERS = 500


def table(header: Sequence[str], rows: Sequence[Sequence[Any]], caption: str = "") -> str:
    """Returns an HTML table; cells are plain data, never markup. Rows beyond 60 are counted, not shown."""
    head = "".join(f'<th scope="col">{text(cell)}</th>' for cell in header)
    body = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in rows[:MOST_ROWS])
    more = len(rows) - MOST_ROWS
    if more > 0:
        body += f'<tr><td colspan="{len(header)}">… and {more} more</td></tr>'
    title = f"<caption>{text(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def pairs(rows: Sequence[tuple[str, Any]], caption: str = "") -> str:
    """Returns an HTML table of names and values."""
    body = "".join(
        f'<tr><th scope="row">{text(name)}</th><td>{text(value)}</td></tr>' for name, value in rows
    )
    title = f"<caption>{text(caption)}</caption>" if caption else ""
    return f"<table>{title}<tbody>{body}</tbody></table>"


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
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return f'<td class="number">{text(value)}</td>' if number else f"<td>{text(value)}</td>"


def notes(value: Any, depth: int = 0) -> str:
    """Returns any JSON data as nested tables and lists."""
    if depth > MOST_DEPTH or not isinstance(value, Mapping | list | tuple):
        return text(value)
    if isinstance(value, Mapping):
        return _mapping(value, depth)
    if value and all(isinstance(item, Mapping) and _flat(item) for item in value):
        header = list(dict.fromkeys(str(key) for item in value for key in item))
        return table(header, [[item.get(key) for key in header] for item in value])
    if _plain(value):
        return text(", ".join(str(_short(item)) for item in value))
    items = "".join(f"<li>{notes(item, depth + 1)}</li>" for item in value[:MOST_ROWS])
    return f"<ol>{items}</ol>"


def _mapping(value: Mapping[str, Any], depth: int) -> str:
    flat = {key: item for key, item in value.items() if not isinstance(item, Mapping | list | tuple)}
    shown = [(str(key), item) for key, item in flat.items()]
    parts = [pairs(shown[start : start + MOST_ROWS]) for start in range(0, len(shown), MOST_ROWS)]
    for key, item in value.items():
        if key not in flat:
            inner = notes(item, depth + 1)
            inner = f'<div style="margin-left:1.5em">{inner}</div>'
            parts.append(f"<details><summary>{text(key)}</summary>{inner}</details>")
    return "".join(parts)


def _flat(item: Mapping[str, Any]) -> bool:
    return not any(isinstance(value, Mapping | list | tuple) for value in item.values())


def _plain(value: Sequence[Any]) -> bool:
    return not any(isinstance(item, Mapping | list | tuple) for item in value)


def _short(value: Any) -> Any:
    return f"{value:.4g}" if isinstance(value, float) else value
