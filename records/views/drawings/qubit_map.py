"""Draws the qubits of a device that a circuit used, and their neighbours, with their errors, as SVG."""

from collections.abc import Iterable
from typing import NamedTuple

from escalation.model.calibration import Calibration
from escalation.text.rounding import rounded
from escalation.text.svg import INK, LINE, PAPER, Drawing

WIDTH_PX, HEIGHT_PX, MARGIN_PX, RADIUS_PX = 720, 420, 40, 15
SHADES = ("#f7fbff", "#c6dbef", "#6baed6", "#2171b5", "#08306b")
"""From few errors to many; told apart in grey too (ColorBrewer's Blues, Harrower and Brewer 2003)."""
LIMITS = (0.005, 0.01, 0.02, 0.05)
"""Readout errors at which the shade changes."""
UNKNOWN = "#ffd8b5"


class Coupling(NamedTuple):
    """Two coupled qubits and the least error of a gate between them; None: not reported."""

    a: int
    b: int
    error: float | None


def couplings(calibration: Calibration) -> list[Coupling]:
    """Returns every pair of qubits that a gate joins, in order."""
    found: dict[tuple[int, int], list[float]] = {}
    for gate in calibration.gates:
        if len(gate.qubits) == 2:
            a, b = sorted(gate.qubits)
            errors = found.setdefault((a, b), [])
            if gate.error is not None:
                errors.append(gate.error)
    return [Coupling(a, b, min(errors, default=None)) for (a, b), errors in sorted(found.items())]


def drawn(calibration: Calibration, used: Iterable[int], name: str) -> str | None:
    """Returns the map; None where the calibration knows none of the used qubits.

    Args:
        calibration: as it was when the circuits were made for the device.
        used: the device's own numbers of the qubits.
        name: begins every id of the SVG.
    """
    known = {each.qubit: each for each in calibration.qubits}
    mine = sorted(set(used) & set(known))
    if not mine:
        return None
    joined = [pair for pair in couplings(calibration) if {pair.a, pair.b} & set(mine)]
    shown = sorted({*mine, *(pair.a for pair in joined), *(pair.b for pair in joined)})
    places = _places(shown, joined)
    page = Drawing(name, WIDTH_PX, HEIGHT_PX)
    for a, b, error in joined:
        inside = {a, b} <= set(mine)
        page.line(*places[a], *places[b], INK if inside else LINE)
        if inside and error is not None:
            x, y = ((places[a][axis] + places[b][axis]) / 2 for axis in (0, 1))
            page.text(x, y - 3, f"{rounded(100 * error)} %", anchor="middle")
    for qubit in shown:
        x, y = places[qubit]
        error = known[qubit].readout_error if qubit in known else None
        fill = _shade(error) if qubit in mine else PAPER
        said = "not reported" if error is None else f"{rounded(100 * error)} %"
        page.dot(x, y, RADIUS_PX, fill, f"qubit {qubit}: readout error {said}")
        dark = qubit in mine and error is not None and error > LIMITS[1]
        page.text(x, y + 4, str(qubit), PAPER if dark else INK, "middle")
    described = f"{len(mine)} used qubits of {calibration.device}, shaded by readout error; white: not used"
    return page.svg("Map of the qubits used", described)


def _shade(error: float | None) -> str:
    return UNKNOWN if error is None else SHADES[sum(error > limit for limit in LIMITS)]


def _places(shown: list[int], joined: list[Coupling]) -> dict[int, tuple[float, float]]:
    """Pixels of every qubit: the layout of least stress (Kamada and Kawai 1989), a part beside the other."""
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from(shown)
    graph.add_edges_from((pair.a, pair.b) for pair in joined)
    parts = sorted(nx.connected_components(graph), key=lambda part: (-len(part), min(part)))
    widths = [max(len(part), 2) ** 0.5 for part in parts]
    places, left = {}, 0.0
    inside_x, inside_y = WIDTH_PX - 2 * MARGIN_PX, HEIGHT_PX - 2 * MARGIN_PX
    for part, width in zip(parts, widths, strict=True):
        share = inside_x * width / sum(widths)
        at = (
            nx.kamada_kawai_layout(graph.subgraph(sorted(part))) if len(part) > 1 else {min(part): (0.0, 0.0)}
        )
        for qubit, (x, y) in at.items():
            places[qubit] = (
                round(MARGIN_PX + left + share * (0.5 + 0.42 * float(x)), 1),
                round(MARGIN_PX + inside_y * (0.5 + 0.45 * float(y)), 1),
            )
        left += share
    return places
