"""Draws a circuit as SVG: a wire a qubit, time from left to right, every gate as early as it can be."""

from collections.abc import Iterable, Sequence

from escalation.text.svg import INK, LINE, Drawing, fitting, width_px
from records.views.drawings.circuit_reading import DrawnGate, NotDrawable, read

MOST_WIRES, MOST_COLUMNS = 24, 36
"""What of a circuit is drawn; the text under it says what is left out."""
COLUMN_PX, ROW_PX, BOX_PX = 40, 30, 34
FILL, READ_FILL = "#ddf4ff", "#eaeef2"
_CONTROLLED = {"cx": 1, "cz": 1, "cy": 1, "ch": 1, "cp": 1, "crx": 1, "cry": 1, "crz": 1, "ccx": 2}


def drawn(text: str, name: str) -> tuple[str, str] | None:
    """Returns the drawing and what it shows in words; None where the text has more than gates in it.

    Args:
        text: OpenQASM 3.
        name: begins every id of the SVG.
    """
    try:
        wires, gates = read(text)
    except NotDrawable:
        return None
    used = {wire for gate in gates for wire in gate.wires}
    rows = {wire: row for row, wire in enumerate(wire for wire in wires if wire in used)}
    if not rows:
        return None
    placed = list(_placed(gates, rows))
    columns = 1 + max(column for column, _ in placed)
    return _picture(placed, rows, columns, name), _in_words(gates, len(rows), columns)


def _placed(gates: Iterable[DrawnGate], rows: dict[str, int]) -> Iterable[tuple[int, DrawnGate]]:
    """Yields every gate with its column: the first that all wires between its outermost ones leave free."""
    free = [0] * len(rows)
    for gate in gates:
        span = [rows[wire] for wire in gate.wires]
        between = slice(min(span), max(span) + 1)
        column = max(free[between])
        free[between] = [column + 1] * len(free[between])
        yield column, gate


def _picture(placed: Sequence[tuple[int, DrawnGate]], rows: dict[str, int], columns: int, name: str) -> str:
    height, shown = min(len(rows), MOST_WIRES), min(columns, MOST_COLUMNS)
    left = max(width_px(wire) for wire in rows) + 12
    page = Drawing(name, left + shown * COLUMN_PX + 10, height * ROW_PX + 10)
    for wire, row in rows.items():
        if row < height:
            page.text(left - 8, _y(row) + 4, wire, anchor="end")
            page.line(left, _y(row), page.width_px - 8, _y(row))
    for column, gate in placed:
        span = [rows[wire] for wire in gate.wires]
        if column < shown and max(span) < height:
            _gate(page, left + (column + 0.5) * COLUMN_PX, gate, span)
    described = f"{len(placed)} operations on {len(rows)} qubits in {columns} columns"
    return page.svg("Circuit", described)


def _gate(page: Drawing, x: float, gate: DrawnGate, span: Sequence[int]) -> None:
    if gate.name == "barrier":
        for row in span:
            page.line(x, _y(row) - ROW_PX / 2, x, _y(row) + ROW_PX / 2, LINE)
        return
    if len(span) > 1:
        page.line(x, _y(min(span)), x, _y(max(span)), INK)
    controls = _CONTROLLED.get(gate.name, 0)
    for row in span[:controls]:
        page.dot(x, _y(row), 4, INK)
    label = {"measure": "read"}.get(gate.name, gate.name[controls:] if controls else gate.name)
    for row in span[controls:]:
        fill = READ_FILL if gate.name == "measure" else FILL
        title = f"{gate.name}({gate.angles})" if gate.angles else gate.name
        page.box(x - BOX_PX / 2, _y(row) - 10, BOX_PX, 20, fill, title=title, line=INK)
        page.text(x, _y(row) + 4, fitting(label, BOX_PX), anchor="middle")


def _y(row: int) -> float:
    return ROW_PX * (row + 0.5) + 5


def _in_words(gates: Sequence[DrawnGate], wires: int, columns: int) -> str:
    counts: dict[str, int] = {}
    for gate in gates:
        counts[gate.name] = counts.get(gate.name, 0) + 1
    said = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    left_out = []
    if wires > MOST_WIRES:
        left_out.append(f"the first {MOST_WIRES} of {wires} qubits")
    if columns > MOST_COLUMNS:
        left_out.append(f"the first {MOST_COLUMNS} of {columns} columns")
    shown = f"; drawn: {' and '.join(left_out)}" if left_out else ""
    return f"{wires} qubits, {columns} columns: {said}{shown}"
