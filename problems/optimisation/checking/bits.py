"""Reads a string of bits."""

from typing import Any

from problems.optimisation.checking.finding import Faults, only_field, shown


def read_bits(solution: Any, size: int, faults: Faults) -> list[int]:
    """Returns the bits of `{"bits": "0110…"}`; none, and a fault, where there are not `size` of them."""
    text = only_field(solution, "bits", str, faults)
    if text is None:
        return []
    if len(text) != size:
        faults.add(f"expected {size} bits, got {len(text)}")
        return []
    wrong = set(text) - {"0", "1"}
    if wrong:
        faults.add(f"expected bits 0 and 1, got {shown(min(wrong))}")
        return []
    return [1 if bit == "1" else 0 for bit in text]
