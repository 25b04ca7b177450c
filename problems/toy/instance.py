"""A list of numbers, and how far into it the cheapest tier can see."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from escalation.model.frozen import Frozen
from escalation.model.identity import digest_json


class ToySpec(Frozen):
    """The instance as problem files write it."""

    numbers: tuple[float, ...] = Field(
        min_length=2, max_length=1024, description="Among which a large one is sought."
    )
    reach: int | None = Field(None, ge=1, description="Positions that the hpc tier looks at; default: all.")
    pause_s: float = Field(0.0, ge=0, le=600, description="Seconds that each piece of work sleeps.")


@dataclass(frozen=True)
class ToyView:
    """What a solver may know: everything but the largest number itself."""

    numbers: tuple[float, ...]
    reach: int
    pause_s: float

    @property
    def digest(self) -> str:
        return digest_json([list(self.numbers), self.reach, self.pause_s])


@dataclass(frozen=True)
class ToyInstance:
    """The view, and the sealed part: the largest number."""

    view: ToyView
    largest: float

    @property
    def digest(self) -> str:
        return digest_json([self.view.digest, self.largest])

    def describe(self) -> Mapping[str, Any]:
        return {"numbers": len(self.view.numbers), "reach": self.view.reach}

    def about(self) -> str:
        return f"{len(self.view.numbers)} numbers"


def load(spec: ToySpec) -> ToyInstance:
    """Makes the instance of a valid specification."""
    reach = min(spec.reach or len(spec.numbers), len(spec.numbers))
    return ToyInstance(ToyView(spec.numbers, reach, spec.pause_s), max(spec.numbers))
