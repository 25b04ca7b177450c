"""Every field has an effect wherever it is accepted: walked over all fields and all sources of a family.

A family names its sources in its descriptor (`sources`, a function of a folder for example files). Beside
each of them every field of the family is set once: one that the source takes must change the instance, what
solvers see of it, or what the record has of people's statements (`documentation`); any other must be refused
by name.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from inspect import get_annotations
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from escalation.inputs.input_files import InputFiles, RecordedFiles
from escalation.model.errors import BadInput
from escalation.model.identity import digest_bytes
from escalation.model.problem import Target
from escalation.ports.registry import FamilyDescriptor, resolve
from escalation.testing.contract import expect

SEED = 20261126
STATED = "documentation."
"""What people state, which passes by the data: looked at with the first source of a model."""


@dataclass(frozen=True)
class Source:
    """One way in which a problem file gives an instance.

    A field within a field is named with a dot: `generate.density`.

    Attributes:
        name: for messages.
        model: what checks it; each of its fields must be known to some source.
        instance: as a problem file writes it, with nothing that could be left out.
        takes: all further fields that have an effect here, each with a value that shows the effect; also such
            as the instance has with another value.
        target: what such an instance can be asked to reach; None is the sample target of the family.
    """

    name: str
    model: type[BaseModel]
    instance: Mapping[str, Any]
    takes: Mapping[str, Any] = field(default_factory=dict)
    target: Mapping[str, Any] | None = None


def check_sources(family: Any, descriptor: FamilyDescriptor) -> tuple[Source, ...]:
    """Walks all fields over all sources of a family, and returns these.

    Raises:
        ContractBroken: at a field that is accepted without an effect, or that no source knows.
    """
    expect(bool(descriptor.sources), "expected `sources` in the descriptor: the ways to give an instance")
    with tempfile.TemporaryDirectory() as folder:
        sources: Sequence[Source] = resolve(descriptor.sources)(Path(folder))
        examples, stated = dict(_examples(sources)), set[type]()
        for source in sources:
            unknown = sorted(set(_fields(source.model)) - set(examples))
            expect(not unknown, f"{source.name}: no source says what {', '.join(unknown)} does")
            target = Target.model_validate(dict(source.target or descriptor.sample_target))
            walk = _Walk(family, target, source, Path(folder), descriptor.check_instance)
            _check_files(family, source, Path(folder))
            for name, value in (examples | dict(source.takes)).items():
                if not name.startswith(STATED) or _owner(source.model) not in stated:
                    walk.check(name, value)
            stated.add(_owner(source.model))
    return tuple(sources)


def _owner(model: type[BaseModel]) -> type:
    """The class by which a model has statements; what they do beside one of its models they do beside all."""
    field = STATED.rstrip(".")
    return next((each for each in reversed(model.__mro__) if field in get_annotations(each)), model)


class _Walk:
    """One source, and what its instance looks like with nothing added."""

    def __init__(
        self, family: Any, target: Target, source: Source, folder: Path, stated: Callable[[Any], None]
    ) -> None:
        self.family, self.target, self.source = family, target, source
        self.folder, self.stated = folder, stated
        plain = self._loaded(dict(source.instance))
        self.plain, self.said = self._seen(plain), _documentation(plain)

    def check(self, name: str, value: Any) -> None:
        """Sets one field beside the source; it must have an effect, or be refused by its name."""
        if _get(self.source.instance, name) is not None and name not in self.source.takes:
            return
        what = f"{self.source.name}: field {name!r}"
        try:
            loaded = self._loaded(_with(self.source.instance, name, value))
            effect = self._seen(loaded) != self.plain or _documentation(loaded) != self.said
        except BadInput as error:
            expect(name not in self.source.takes, f"{what} is refused: {error}")
            expect("\n" not in str(error), f"{what}: more than one line: {error}")
            named = any(part in str(error) for part in name.split("."))
            expect(named, f"{what} is refused without being named: {error}")
        else:
            expect(effect, f"{what} = {value!r} is accepted and has no effect")
            expect(name in self.source.takes, f"{what} has an effect that `takes` does not list")

    def _loaded(self, instance: Mapping[str, Any]) -> Any:
        self.stated(instance)  # most fields that are none of the source's fail here, before its data are read
        return self.family.load(instance, SEED, self.folder)

    def _seen(self, loaded: Any) -> tuple[str, str]:
        """What a field with an effect on the data changes: the instance, and what solvers see of it."""
        return loaded.digest, self.family.view(loaded, self.target).digest


def _documentation(loaded: Any) -> Any:
    """What people state; looked at where nothing else differs, since it costs much."""
    return loaded.describe().get("documentation")


def _check_files(family: Any, source: Source, folder: Path) -> None:
    """What the source reads can be had from the store alone, as on a machine that has no such folder."""
    files = InputFiles(folder)
    kept: dict[str, bytes] = {}
    with files.reading():
        here = family.load(dict(source.instance), SEED, folder)
    files.keep(partial(_kept_in, kept))
    nowhere = folder / "no such folder"
    with InputFiles(nowhere, RecordedFiles(files.digests, kept.__getitem__)).reading():
        there = family.load(dict(source.instance), SEED, nowhere)
    expect(
        here.digest == there.digest,
        f"{source.name}: read its files through `escalation.inputs.user_files`, or other machines have none",
    )


def _kept_in(kept: dict[str, bytes], data: bytes) -> str:
    digest = digest_bytes(data)
    kept[digest] = data
    return digest


def _examples(sources: Sequence[Source]) -> Iterator[tuple[str, Any]]:
    """Yields (field, value) for every field that any source has."""
    for source in sources:
        yield from _leaves(source.instance)
        yield from source.takes.items()


def _leaves(data: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in data.items():
        yield before + name, value
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{before}{name}.")


def _fields(model: type[BaseModel], before: str = "") -> Iterator[str]:
    """Yields the names of a model's fields, those of models within it with a dot."""
    for name, info in model.model_fields.items():
        yield before + name
        for inner in _models(info.annotation):
            yield from _fields(inner, f"{before}{name}.")


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if get_origin(annotation) in (Union, UnionType):
        for part in get_args(annotation):
            yield from _models(part)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation


def _get(data: Mapping[str, Any], name: str) -> Any:
    found: Any = data
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _with(data: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    first, _, rest = name.partition(".")
    inner = data.get(first)
    below = _with(inner if isinstance(inner, Mapping) else {}, rest, value) if rest else value
    return {**data, first: below}
