"""The options of a circuit batch, checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from escalation.model.errors import BadInput

SEQUENCES = ("XX", "XpXm", "XY4")
LEVELS = (0, 1, 2, 3)


@dataclass(frozen=True)
class CircuitOptions:
    """How a batch is to be run.

    Attributes:
        twirling: Pauli twirling of two-qubit gates and measurements.
        dynamical_decoupling: name of the sequence, None for none.
        optimization_level: the transpiler's.
    """

    twirling: bool = False
    dynamical_decoupling: str | None = None
    optimization_level: int = 2

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> "CircuitOptions":
        """Reads a batch's options; raises `BadInput` on an unknown name or a value that has no meaning."""
        unknown = sorted(set(options) - set(cls.__dataclass_fields__))
        if unknown:
            known = ", ".join(cls.__dataclass_fields__)
            raise BadInput(f"unknown circuit option {unknown[0]!r}: expected one of {known}")
        parsed = cls(**options)
        if not isinstance(parsed.twirling, bool):
            raise BadInput(f"option twirling: expected true or false, got {parsed.twirling!r}")
        if parsed.dynamical_decoupling not in (None, *SEQUENCES):
            got = parsed.dynamical_decoupling
            raise BadInput(f"option dynamical_decoupling: expected null or one of {SEQUENCES}, got {got!r}")
        if isinstance(parsed.optimization_level, bool) or parsed.optimization_level not in LEVELS:
            raise BadInput(f"option optimization_level: expected 0 to 3, got {parsed.optimization_level!r}")
        return parsed
