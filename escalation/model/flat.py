"""Records whose amounts are written flat, beside their other fields."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import SerializerFunctionWrapHandler, model_serializer, model_validator

from escalation.model.frozen import Frozen
from escalation.model.metered import METERED, Metered


class Spread:
    """How a field with amounts is written: under which names, each behind a prefix."""

    def __init__(self, of: Sequence[Metered] = METERED, prefix: str = "") -> None:
        self.of, self.prefix = of, prefix

    def gather(self, data: dict[str, Any]) -> dict[str, Any]:
        """Takes the amounts out of flat data."""
        names = [each.name for each in self.of if self.prefix + each.name in data]
        return {name: data.pop(self.prefix + name) for name in names}

    def flat(self, amounts: Any) -> dict[str, Any]:
        """The amounts as flat data."""
        return {self.prefix + name: value for name, value in amounts.to_json(self.of).items()}


class Flat(Frozen):
    """An object whose amounts are written flat, beside its other fields."""

    SPREAD: ClassVar[Mapping[str, Spread]] = {}

    @model_validator(mode="before")
    @classmethod
    def _gathered(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        found = dict(data)
        return {name: each.gather(found) for name, each in cls.SPREAD.items() if name not in found} | found

    @model_serializer(mode="wrap")
    def _spread(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        rest = {name: value for name, value in handler(self).items() if name not in self.SPREAD}
        for name, each in self.SPREAD.items():
            rest |= each.flat(getattr(self, name))
        return rest
