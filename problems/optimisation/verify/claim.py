"""What a candidate says of itself, read without belief."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from problems.optimisation.checking.finding import shown, whole
from problems.optimisation.model.models import Model

FIELDS = ("kind", "solution", "objective", "bound", "engine")
LONGEST_NAME = 100
MOST_BITS = 100
"""Of a stated objective or bound."""


@dataclass(frozen=True)
class Claim:
    """The stated values, of the right types.

    Attributes:
        solution: any data.
        objective: in the kind's own sense, in integer units.
        bound: the best bound stated, likewise; None is none.
        engine: who found the solution.
    """

    solution: Any
    objective: int
    bound: int | None
    engine: str


def read_claim(model: Model, values: Any, faults: list[str]) -> Claim | None:
    """Returns the claim; None, and why, where values are missing or of the wrong type."""
    if not isinstance(values, Mapping):
        faults.append(f"expected values by name, got {shown(values)}")
        return None
    missing = [name for name in FIELDS if name not in values]
    if missing:
        faults.append(f"expected the values {', '.join(FIELDS)}; {' and '.join(missing)} missing")
        return None
    wrong = _wrong(model, values)
    faults += wrong
    if wrong:
        return None
    return Claim(values["solution"], values["objective"], values["bound"], values["engine"])


def _wrong(model: Model, values: Mapping[str, Any]) -> list[str]:
    kind, engine = values["kind"], values["engine"]
    wrong = []
    if not isinstance(kind, str) or kind != model.kind:
        wrong.append(f"expected an answer to {model.kind}, got {shown(kind)}")
    for name in ("objective", "bound"):
        if not (_number(values[name]) or (name == "bound" and values[name] is None)):
            kinds = "a whole number" if name == "objective" else "a whole number or null"
            wrong.append(f"expected {kinds} for the {name}, got {shown(values[name])}")
    if not isinstance(engine, str) or len(engine) > LONGEST_NAME or not engine.isprintable():
        wrong.append(f"expected the name of an engine, got {shown(engine)}")
    return wrong


def _number(value: Any) -> bool:
    return whole(value) and value.bit_length() <= MOST_BITS
