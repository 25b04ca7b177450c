"""What the checker found, and how it speaks of what it was sent."""

from dataclasses import dataclass, field
from typing import Any

from escalation.text.wording import with_article

MOST_FAULTS = 20
"""Faults that are told one by one; the rest is counted."""
LONGEST = 40
"""Characters of a sent value that are repeated in a fault."""


@dataclass(frozen=True)
class Finding:
    """Whether an answer is feasible, and what it is worth.

    Attributes:
        objective: in integer units and the kind's own sense; None where there is a fault.
        faults: what is wrong, in the user's names.
    """

    objective: int | None
    faults: tuple[str, ...] = ()


@dataclass
class Faults:
    """Collects what is wrong, at most `MOST_FAULTS` of it word by word."""

    told: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, fault: str) -> None:
        """Takes down one more."""
        self.count += 1
        if self.count <= MOST_FAULTS:
            self.told.append(fault)

    def finding(self, objective: int) -> Finding:
        """Returns the finding: the objective only where nothing is wrong."""
        if not self.count:
            return Finding(objective)
        more = self.count - len(self.told)
        return Finding(None, (*self.told, *([f"and {more} more faults"] if more else [])))


def shown(value: Any) -> str:
    """Returns a sent value as short text; any object will do."""
    if value is None or isinstance(value, bool | float):
        return repr(value)
    if isinstance(value, int):
        return str(value) if value.bit_length() <= 64 else f"a whole number of {value.bit_length()} bits"
    if isinstance(value, str):
        return repr(value if len(value) <= LONGEST else value[:LONGEST] + "…")
    return f"a {type(value).__name__}"


def whole(value: Any) -> bool:
    """Tells whether a sent value is a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def only_field(solution: Any, name: str, kind: type, faults: Faults) -> Any:
    """Returns the one field that a solution has; None, and a fault, where it is not like that."""
    if not isinstance(solution, dict) or set(solution) != {name}:
        what = (
            f"the fields {', '.join(map(shown, list(solution)[:5])) or 'none'}"
            if isinstance(solution, dict)
            else ""
        )
        faults.add(
            f"expected a solution with the field {name!r} alone, got {(what or shown(solution))[:200]}"
        )
        return None
    value = solution[name]
    if not isinstance(value, kind):
        faults.add(f"expected {name!r} to be {with_article(kind.__name__)}, got {shown(value)}")
        return None
    return value
