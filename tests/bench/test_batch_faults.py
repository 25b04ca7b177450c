"""A covering subset of the matrix of batch systems: real Slurm, real SIGKILL, each point and each fault."""

from typing import Any

import pytest

from bench.batch_faults import cells
from bench.batch_faults.faults import FAULTS
from bench.batch_faults.submitting import POINTS
from tests.slurm.cluster import Cluster

LIMIT_S = 900.0
"""For a machine that does a dozen other things; alone it takes about a tenth of it."""


@pytest.fixture(scope="module")
def rows(slurm_cluster: Cluster) -> list[dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in slurm_cluster.environment.items():
            patch.setenv(name, value)
        return [cells.play(cell, slurm_cluster) for cell in cells.subset()]


@pytest.mark.timeout(LIMIT_S)
def test_wherever_a_submitter_dies_under_whatever_fault_the_work_runs_once_and_nothing_is_left(
    rows: list[dict[str, Any]],
) -> None:
    assert {row["cell"]: row["why"] for row in rows if row["why"]} == {}


@pytest.mark.timeout(LIMIT_S)
def test_every_fault_strikes_and_every_point_is_met(rows: list[dict[str, Any]]) -> None:
    played = dict(zip((row["cell"] for row in rows), cells.subset(), strict=True))
    assert {played[row["cell"]].fault.name for row in rows if row["struck"]} == {each.name for each in FAULTS}
    died = {played[row["cell"]].point for row in rows if row["killed"]}
    assert died == set(POINTS)
