"""The generated instances that history is collected on: all kinds, sizes from easy to out of reach.

Seeds below 1000 are left to benchmarks and tests, so that nothing is measured on what was learned from.
"""

from collections.abc import Iterator
from typing import Any

FIRST_SEED = 1000


def recipes(each: int) -> Iterator[dict[str, Any]]:
    """Yields `each` instances of every kind, as problem files write them."""
    for number in range(each):
        seed, part = FIRST_SEED + number, number / max(each - 1, 1)
        yield {"kind": "qubo", "generate": {"seed": seed, **_qubo(number, part)}}
        yield {"kind": "max_cut", "generate": {"seed": seed, **_cut(number, part)}}
        yield {"kind": "independent_set", "generate": {"seed": seed, **_set(number, part)}}
        yield {"kind": "appointments", "generate": {"seed": seed, "patients": _between(15, 220, part)}}
        yield {"kind": "triage", "generate": {"seed": seed, "patients": _between(20, 250, part)}}


def _between(least: int, most: int, part: float) -> int:
    """Evenly spaced in the logarithm."""
    size: int = round(least * (most / least) ** part)
    return size


def _qubo(number: int, part: float) -> dict[str, Any]:
    return {"variables": _between(40, 500, part), "density": (0.1, 0.5, 0.25)[number % 3]}


def _cut(number: int, part: float) -> dict[str, Any]:
    side = _between(6, 30, part)
    return (
        {"graph": "random", "vertices": _between(40, 800, part), "density": 0.1},
        {"graph": "toroidal", "rows": side, "columns": side},
        {"graph": "planar_union", "vertices": _between(40, 800, part)},
    )[number % 3]


def _set(number: int, part: float) -> dict[str, Any]:
    return {"vertices": _between(50, 400, part), "density": (0.05, 0.1, 0.3)[number % 3]}
