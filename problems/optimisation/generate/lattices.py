"""The heavy-hex lattice (Chamberland et al. 2020, Phys. Rev. X 10, 011022)."""

Pairs = list[tuple[int, int]]
PERIOD = 4
FIRST_COLUMN = (3, 1)
"""Column of the first qubit between two rows, alternating from gap to gap."""


def heavy_hex(rows: int, columns: int) -> tuple[int, Pairs]:
    """Returns the number of qubits and the couplers, numbered as on the devices with 8 rows of 16 qubits.

    Rows are chains of `columns` qubits. Between two rows, every fourth column has a qubit that is coupled to
    the one above and the one below; the columns shift by two from gap to gap.

    Args:
        rows: of chains, at least 1.
        columns: qubits of a chain, at least 4 where there is more than one row.
    """
    pairs: Pairs = []
    start = 0
    for row in range(rows):
        pairs += [(start + k, start + k + 1) for k in range(columns - 1)]
        if row == rows - 1:
            return start + columns, sorted(pairs)
        between = range(FIRST_COLUMN[row % 2], columns, PERIOD)
        below = start + columns + len(between)
        for place, column in enumerate(between):
            bridge = start + columns + place
            pairs += [(start + column, bridge), (bridge, below + column)]
        start = below
    raise ValueError(f"expected at least one row, got {rows}")
