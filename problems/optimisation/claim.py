"""What a candidate says of itself, read without belief."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from problems.optimisation.checking.finding import shown, whole
from problems.optimisation.models import Model

FIELDS = ("kind", "solution", "objective", "bound", "engine")
LONGEST_NAME = 100


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
    kind, engine, bound = values["kind"], values["engine"], values["bound"]
    wrong = []
    if not isinstance(kind, str) or kind != model.kind:
        wrong.append(f"expected an answer to {model.kind}, got {shown(kind)}")
    if not whole(values["objective"]):
        wrong.append(f"expected an objective that is a whole number, got {shown(values['objective'])}")
    if bound is not None and not whole(bound):
        wrong.append(f"expected a bound that is a whole number or null, got {shown(bound)}")
    if not isinstance(engine, str) or len(engine) > LONGEST_NAME:
        wrong.append(f"expected the name of an engine, got {shown(engine)}")
    return wrong
