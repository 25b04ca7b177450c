"""Slurm keeps the contract of backends, on a real cluster."""

from escalation.ports.registry import backends
from escalation.testing.backend import check_backend


def test_slurm_keeps_the_contract(quick: None) -> None:
    check_backend(backends()["slurm"])
