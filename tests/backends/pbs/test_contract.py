"""PBS keeps the contract of backends, on a batch system of executables that really runs its jobs."""

from escalation.ports.registry import backends
from escalation.testing.backend import check_backend
from tests.backends.pbs.conftest import FakePbs


def test_pbs_keeps_the_contract(pbs: FakePbs) -> None:
    check_backend(backends()["pbs"])
    assert pbs.processes() == []
