"""The tests' Slurm is a real one, several stand side by side, and nothing of any is left behind."""

import psutil
import pytest

from escalation.model.clock import boottime_s
from tests.deployments.patience import until
from tests.slurm.cluster import Cluster, Unanswered, cluster
from tests.slurm.configuration import Layout

PATIENCE_S = 60.0


def becomes(slurm: Cluster, job: str, *states: str) -> str:
    until = boottime_s() + PATIENCE_S
    while (state := slurm.state(job)) not in states:
        assert boottime_s() < until, f"job {job} is {state}"
    return state


def test_ranks_run_on_every_node(slurm: Cluster) -> None:
    said = slurm.run("srun", "-N2", "-n4", "sh", "-c", "echo $SLURMD_NODENAME").splitlines()
    assert sorted(said) == ["n1", "n1", "n2", "n2"]


def test_a_node_dies_with_all_that_it_runs(slurm: Cluster) -> None:
    job = slurm.batch("setsid sleep 1000 & sleep 1000", "-w", "n2", "--no-requeue")
    becomes(slurm, job, "RUNNING")
    slurm.lose("n2")
    assert slurm.survivors() == []


def test_a_frozen_controller_takes_a_job_and_does_not_say_so(slurm: Cluster) -> None:
    slurm.controller.freeze()
    with pytest.raises(Unanswered, match="Socket timed out"):
        slurm.batch("exit 0", "-J", "in-doubt")
    slurm.controller.thaw()
    assert slurm.run("squeue", "-h", "-t", "all", "-n", "in-doubt", "-o", "%j") == "in-doubt"


def test_urgent_work_takes_the_place_of_spare_work(slurm: Cluster) -> None:
    whole = ("-N2", "--ntasks-per-node=2")
    spare = slurm.batch("sleep 1000", "-p", "spare", *whole)
    becomes(slurm, spare, "RUNNING")
    slurm.batch("exit 0", "-p", "urgent", *whole)
    assert becomes(slurm, spare, "PREEMPTED", "COMPLETED") == "PREEMPTED"


def test_two_clusters_stand_side_by_side_and_leave_nothing(slurm: Cluster) -> None:
    with cluster(Layout(nodes=1)) as other:
        job = other.batch("setsid sleep 1000 & sleep 1000")
        becomes(other, job, "RUNNING")
        assert slurm.run("squeue", "-h") == ""
        until(other.survivors, "what the job runs")
    assert not other.home.exists()
    assert other.survivors() == []
    ours = [process for process in psutil.Process().children() if process.name() == "slurmctld"]
    assert len(ours) == 1
