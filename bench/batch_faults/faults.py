"""Faults of a cluster, each with the work that meets it and what must come of that."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.batch_faults.work import ANSWER
from escalation.model.job_state import JobState
from escalation.model.kinds.call import Call
from escalation.model.kinds.local_call import LocalCall
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.resources import Resources
from tests.slurm.cluster import Cluster, Unanswered

MODULE = "bench.batch_faults.work"
WALL_S = 120.0
STRIKE_S = 60.0
DOWN_S = 5.0
Ended = Callable[[], bool]


@dataclass(frozen=True)
class FaultWorld:
    """Where a cell happens.

    Attributes:
        slurm: its cluster.
        folder: of ledger, marks and the work's own file.
    """

    slurm: Cluster
    folder: Path

    @property
    def began(self) -> list[str]:
        """The job of each time that the work began."""
        path = self.folder / "began"
        return path.read_text().split() if path.exists() else []

    def marked(self, name: str) -> bool:
        """Whether sbatch, on its way through `submitting`, left a mark."""
        return (self.folder / name).exists()


def _nothing(world: FaultWorld) -> None:
    return


def _no_purge(world: FaultWorld) -> bool:
    return False


def _not_yet(world: FaultWorld, ended: Ended) -> bool:
    return False


def _no_strike(world: FaultWorld, ended: Ended) -> bool:
    return True


@dataclass(frozen=True)
class ClusterFault:
    """One column of the matrix.

    Attributes:
        name: in tables.
        program: function of the work.
        resources: that it asks for.
        state: of the result; None where the work is refused.
        begins: times that the work must begin.
        before: what is done before a process drives the work, until the fault has struck.
        strike: what is done while a process drives the work; whether it struck. It may wait for its moment,
            and gives up once the process has ended.
        between: what is done after a death, before the next process takes the work up; whether it struck.
    """

    name: str
    program: str = "answer"
    resources: Resources = field(default_factory=lambda: Resources(wall_s=WALL_S, memory_mb=500))
    state: JobState | None = JobState.DONE
    begins: int = 1
    before: Callable[[FaultWorld], None] = _nothing
    strike: Callable[[FaultWorld, Ended], bool] = _no_strike
    between: Callable[[FaultWorld], bool] = _no_purge

    def work(self, began: Path) -> Call:
        """The work."""
        params = {"began": str(began), "for_s": 3, "memory_mb": self.resources.memory_mb}
        kind = MpiProgram if self.program == "fork_twice" else LocalCall
        return kind(f"{MODULE}:{self.program}", params, resources=self.resources)

    @property
    def values(self) -> dict[str, int]:
        """Of the result."""
        return {"x": ANSWER} if self.state is JobState.DONE else {}


def _until(there: Ended) -> bool:
    """Waits a while for it; whether it is there."""
    until_s = time.monotonic() + STRIKE_S
    while not there():
        if time.monotonic() > until_s:
            return False
        time.sleep(0.02)
    return True


def _sbatch_over(world: FaultWorld, ended: Ended) -> bool:
    """Whether sbatch has ended, or nobody is left who would start it."""
    return world.marked("sbatch-ended") or (ended() and not world.marked("sbatch-began"))


def _thaw(world: FaultWorld, ended: Ended) -> bool:
    _until(lambda: _sbatch_over(world, ended))
    world.slurm.controller.thaw()
    return not world.marked("signal-controller")


def _start(world: FaultWorld, ended: Ended) -> bool:
    _until(lambda: _sbatch_over(world, ended))
    world.slurm.controller.start()
    return not world.marked("signal-controller")


def _at_sbatch(signal: str) -> Callable[[FaultWorld], None]:
    """Has the controller get a signal the moment that sbatch begins."""

    def ask(world: FaultWorld) -> None:
        (world.folder / "signal-controller").write_text(f"{signal} {world.slurm.controller.pid}")

    return ask


def _down(world: FaultWorld) -> None:
    world.slurm.controller.kill()


def _up(world: FaultWorld, ended: Ended) -> bool:
    """Until who drives the work has given the machine up, or for a while."""
    until_s = time.monotonic() + DOWN_S
    while not ended() and time.monotonic() < until_s:
        time.sleep(0.1)
    world.slurm.controller.start()
    return True


def _kill_sbatch(world: FaultWorld) -> None:
    (world.folder / "kill-sbatch").touch()


def _sbatch_killed(world: FaultWorld, ended: Ended) -> bool:
    _until(lambda: not world.marked("kill-sbatch") or _sbatch_over(world, ended))
    return not world.marked("kill-sbatch")


def _begun(world: FaultWorld, ended: Ended) -> bool:
    """Waits for the work; whether it has begun, which it may do after who sent it has died."""
    sent = world.marked
    _until(lambda: bool(world.began) or (ended() and not sent("sbatch-began")))
    return bool(world.began)


def _restart(world: FaultWorld, ended: Ended) -> bool:
    if not _begun(world, ended):
        return False
    world.slurm.controller.kill()
    time.sleep(1)
    world.slurm.controller.start()
    return True


def _lose_node(world: FaultWorld, ended: Ended) -> bool:
    if not _begun(world, ended):
        return False
    job = world.began[0]
    nodes = {
        process.environ().get("SLURMD_NODENAME") for process in world.slurm.survivors() if _is_ours(process)
    }
    (node,) = nodes - {None}
    world.slurm.lose(str(node))
    _until(lambda: _state(world, job) in ("NODE_FAIL", "FAILED", "COMPLETED"))
    world.slurm.nodes[str(node)].start()
    return True


def _is_ours(process: psutil.Process) -> bool:
    return not process.name().startswith("slurmstepd")


def _state(world: FaultWorld, job: str) -> str:
    try:
        return world.slurm.state(job)
    except Unanswered:
        return ""


def _purge(world: FaultWorld) -> bool:
    """The controller forgets every job, once none runs: what MinJobAge does, at once."""
    if not world.marked("sbatch-began"):
        return False
    _until(lambda: world.marked("sbatch-ended"))
    _until(
        lambda: (
            bool(world.began) and world.slurm.run("squeue", "-h", "-t", "PENDING,RUNNING,COMPLETING") == ""
        )
    )
    world.slurm.forget()
    return True


FAULTS: tuple[ClusterFault, ...] = (
    ClusterFault("none"),
    ClusterFault("controller frozen during sbatch", before=_at_sbatch("STOP"), strike=_thaw),
    ClusterFault("sbatch killed, its job accepted", before=_kill_sbatch, strike=_sbatch_killed),
    ClusterFault("controller down before sbatch", before=_down, strike=_up),
    ClusterFault("controller killed at sbatch", before=_at_sbatch("KILL"), strike=_start),
    ClusterFault("controller killed after launch, restarted", strike=_restart),
    ClusterFault(
        "time limit",
        program="endless",
        resources=Resources(wall_s=2, memory_mb=500),
        state=JobState.TIMED_OUT,
    ),
    ClusterFault(
        "out of memory",
        program="starve",
        resources=Resources(wall_s=WALL_S, memory_mb=200),
        state=JobState.FAILED,
    ),
    ClusterFault("node lost", begins=2, strike=_lose_node),
    ClusterFault(
        "more nodes than there are",
        resources=Resources(ranks=3, nodes=3, wall_s=WALL_S, memory_mb=500),
        state=None,
        begins=0,
        program="fork_twice",
    ),
    ClusterFault("record purged", strike=_not_yet, between=_purge),
    ClusterFault(
        "a rank forks twice", program="fork_twice", resources=Resources(ranks=2, wall_s=WALL_S, memory_mb=500)
    ),
)
"""Columns: those of which a cluster was seen to suffer."""
