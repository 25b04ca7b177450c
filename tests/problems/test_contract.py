"""Every registered family keeps the contract on real backends, and the contract notices one that does not."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.errors import BadInput
from escalation.ports.registry import families
from escalation.testing.backend import ContractBroken
from escalation.testing.family import Perform, check_family, performing
from problems.toy.family import Toy


@pytest.fixture(scope="module")
def perform() -> Iterator[Perform]:
    with performing() as on_this_machine:
        yield on_this_machine


@pytest.mark.parametrize("name", sorted(families()))
def test_registered_family_keeps_the_contract(name: str, perform: Perform) -> None:
    check_family(families()[name], perform)


class Credulous(Toy):
    """Believes what it is told."""

    def certify(self, *args: Any, **kwargs: Any) -> Certificate:
        return Certificate(status=CertificateStatus.CERTIFIED, kind="k", value=99.0, verifier="v")


class Lax(Toy):
    """Takes any target."""

    def check_target(self, target: Any) -> None: ...


class Strict(Toy):
    """Refuses its own sample."""

    def load(self, instance: Any, seed: int, folder: Path) -> Any:
        raise BadInput("no")


@pytest.mark.parametrize(
    ("cheat", "message"),
    [(Credulous, "came out CERTIFIED"), (Lax, "unknown metric is not refused")],
)
def test_the_contract_notices_a_family_that_breaks_it(
    cheat: type[Toy], message: str, perform: Perform
) -> None:
    toy = families()["toy"]
    broken = replace(toy, family=f"{__name__}:{cheat.__name__}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("escalation.testing.family.resolve", lambda _: cheat)
        with pytest.raises(ContractBroken, match=message):
            check_family(broken, perform)


def test_a_family_that_refuses_its_own_sample_is_not_passed(perform: Perform) -> None:
    toy = families()["toy"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("escalation.testing.family.resolve", lambda _: Strict)
        with pytest.raises(BadInput, match="no"):
            check_family(toy, perform)
