"""What a method asks to have run, as data: it has an identity, can be sent, cached, replayed and shown."""

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from escalation.model.demand import Demand
from escalation.model.identity import digest_json

if TYPE_CHECKING:
    from escalation.model.resources import Resources

Json = Mapping[str, Any]
Get = Callable[[str], bytes]
"""Returns stored bytes by their digest."""


class Work(ABC):
    """One kind of work. A frozen dataclass that derives from this and names its `kind` is known at once.

    Those of the project lie in `escalation.model.kinds`; one declared elsewhere is known once its module is
    imported, as the descriptor of the machine that accepts it does.

    Attributes:
        kind: as policies, descriptors and records spell it.
        sample: `module:function` that returns the `escalation.testing.works.Sample` by which every machine
            that accepts the kind is tested.
        resources: a field that every kind has.
    """

    kind: ClassVar[str]
    sample: ClassVar[str]

    if TYPE_CHECKING:

        @property
        def resources(self) -> Resources: ...

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        kind = cls.__dict__.get("kind")
        if kind is not None:
            known = _DECLARED.setdefault(kind, cls)
            if (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
                raise TypeError(f"{cls.__qualname__}: the kind {kind!r} is {known.__qualname__}'s already")

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Returns plain JSON data that hold the kind, the resources, and the digest of every blob."""

    @classmethod
    @abstractmethod
    def from_json(cls, data: Json, resources: "Resources", get: Get) -> Self:
        """Rebuilds work from its `to_json`."""

    @abstractmethod
    def blobs(self) -> Iterator[bytes]:
        """Yields all bytes that the JSON names by digest."""

    def demand(self) -> Demand:
        """Counts what it asks of a machine for circuits; other work asks for nothing."""
        return Demand()

    def shown(self) -> Mapping[str, bytes]:
        """Returns what a person may want to read of it beside its JSON, by file name."""
        return {}

    @property
    def digest(self) -> str:
        """Its identity."""
        return digest_json(self.to_json())

    def within(self, wall_s: float) -> Self:
        """The same work with another time limit."""
        return self.on(replace(self.resources, wall_s=wall_s))

    def on(self, resources: "Resources") -> Self:
        """The same work on other resources."""
        return cast(Self, replace(cast(Any, self), resources=resources))


_DECLARED: dict[str, type[Work]] = {}


def kinds() -> Mapping[str, type[Work]]:
    """Every kind of work that is declared, by name."""
    _import_all("escalation.model.kinds")
    return MappingProxyType(_DECLARED)


@cache
def _import_all(package: str) -> None:
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        importlib.import_module(f"{package}.{module.name}")
