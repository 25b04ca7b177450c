"""Slurm for these tests asks often and waits for little: one machine has no lag, and a test little time."""

import pytest

from tests.slurm.cluster import Cluster

QUICK = {"POLL_S": "0.2", "LAG_S": "1", "SETTLE_S": "3", "COMMAND_S": "8"}


@pytest.fixture
def quick(slurm: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in QUICK.items():
        monkeypatch.setenv(f"TIERWISE_SLURM_{name}", value)
