"""Every registered family keeps the contract on real backends, and the contract notices one that does not."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from escalation.inputs.settings import Settings
from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.errors import BadInput
from escalation.model.work import Work
from escalation.ports.machines import Backend
from escalation.ports.registry import backend_descriptor, families, resolve
from escalation.testing.backend import ContractBroken
from escalation.testing.family import Perform, check_family
from problems.toy.family import Toy

PLACES = {"local_call": "local", "mpi_program": "mpi", "circuit_batch": "aer"}


@pytest.fixture(scope="module")
def perform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Perform]:
    home = tmp_path_factory.mktemp("home")
    made: dict[str, Backend] = {}

    def run(work: Work) -> Any:
        backend = made.get(work.kind)
        if backend is None:
            descriptor, device = backend_descriptor(PLACES[work.kind])
            backend = made[work.kind] = resolve(descriptor.backend)(Settings(home=home), device)
        handle = backend.submit(work, Path(tempfile_in(home)))
        assert backend.wait(handle, 240).state.final
        return backend.result(handle)

    yield run
    for backend in made.values():
        backend.close()


def tempfile_in(home: Path) -> str:
    import tempfile

    return tempfile.mkdtemp(dir=home)


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
