"""The walk over all fields notices one that has no effect. The contract takes every family on it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from escalation.model.errors import BadInput
from escalation.ports.registry import FamilyDescriptor, families, resolve
from escalation.testing.contract import ContractBroken
from escalation.testing.sources import Source, check_sources
from problems.toy.family import Toy
from problems.toy.instance import ToySpec

NUMBERS = {"numbers": [3, 1, 4, 1, 5]}


def test_a_family_must_name_its_sources() -> None:
    with pytest.raises(ContractBroken, match="expected `sources` in the descriptor"):
        check_sources(Toy(), replace(families()["toy"], sources=""))


class Deaf(Toy):
    """Drops what it is told about its reach."""

    def load(self, instance: Mapping[str, Any], seed: int, folder: Path) -> Any:
        return super().load(
            {name: value for name, value in instance.items() if name != "reach"}, seed, folder
        )


class Mumbling(Toy):
    """Refuses a field without saying which."""

    def load(self, instance: Mapping[str, Any], seed: int, folder: Path) -> Any:
        if "reach" in instance:
            raise BadInput("that does not go together")
        return super().load(instance, seed, folder)


def told(folder: Path) -> tuple[Source, ...]:
    return (Source("numbers", ToySpec, NUMBERS, {"reach": 3, "pause_s": 0.5}),)


def forgotten(folder: Path) -> tuple[Source, ...]:
    return (Source("numbers", ToySpec, NUMBERS, {"reach": 3}),)


def two(folder: Path) -> tuple[Source, ...]:
    return (*told(folder), Source("few numbers", ToySpec, {"numbers": [1, 2]}, {"pause_s": 0.5}))


def toy(sources: str) -> FamilyDescriptor:
    return replace(families()["toy"], sources=f"{__name__}:{sources}")


@pytest.mark.parametrize(
    ("family", "sources", "message"),
    [
        (Deaf, "told", "numbers: field 'reach' = 3 is accepted and has no effect"),
        (Mumbling, "two", "numbers: field 'reach' is refused"),
        (Toy, "forgotten", "no source says what pause_s does"),
        (Toy, "two", "few numbers: field 'reach' = 3 is accepted and has no effect"),
    ],
)
def test_the_walk_notices(
    family: type[Toy], sources: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("escalation.testing.sources.resolve", lambda path: globals()[path.rpartition(":")[2]])
    with pytest.raises(ContractBroken, match=message):
        check_sources(family(), toy(sources))


def test_a_refusal_that_names_no_field_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("escalation.testing.sources.resolve", lambda path: few)
    with pytest.raises(ContractBroken, match="numbers: field 'reach' is refused without being named"):
        check_sources(Mumbling(), toy("few"))


def few(folder: Path) -> tuple[Source, ...]:
    """Two sources, of which the first takes no reach."""
    return (
        Source("numbers", ToySpec, NUMBERS, {"pause_s": 0.5}),
        Source("reaching", ToySpec, NUMBERS | {"reach": 3}, {"pause_s": 0.5}),
    )


def test_parameters_of_a_constructed_data_set_are_refused_beside_a_bundled_one(tmp_path: Path) -> None:
    family = resolve(families()["prediction"].family)()
    with pytest.raises(BadInput, match="unknown field 'params'"):
        family.load({"dataset": "breast_cancer", "params": {"rows": 100}}, 1, tmp_path)
