"""What one process of a cell does: sends the work or takes it up, as the engine does, and may die at it."""

import os
import shutil
from pathlib import Path
from typing import Any

from backends.slurm.backend import SlurmBackend
from backends.slurm.settings import SlurmSettings
from bench.batch_faults.faults import ClusterFault
from bench.fault_matrix.cell_process import Untracked
from bench.fault_matrix.points import KillPoints, Point
from escalation.engine import performing
from escalation.engine.case import Case
from escalation.engine.opening import prepare
from escalation.engine.running import Running
from escalation.engine.runtime import Runtime
from escalation.engine.steps import Item
from escalation.inputs.settings import Settings
from escalation.model.amounts import Caps
from escalation.model.case import CaseStatus, WorkKey
from escalation.model.errors import TierwiseError
from escalation.model.problem import Problem, Target
from escalation.model.quote import Quote
from escalation.policy.policy import parse_policy
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
from records.views.report import render

CASE = "batch"
KEY = WorkKey(CASE, 0, 0)
POLICY = """\
policy: batch
summary: one piece of work in a batch system
tiers: [hpc]
backends: {local_call: slurm, mpi_program: slurm}
"""
UNDER_WAY = Point("sbatch is under way", "sbatch", "before")
POINTS: tuple[Point, ...] = (
    Point("before the tag is recorded", "ledger.submitted", "before"),
    Point("the tag is recorded, sbatch not begun", "backend.submit", "before"),
    UNDER_WAY,
    Point("sbatch has ended, its id unrecorded", "backend.submit", "after"),
    Point("the id is recorded", "ledger.submitted", "after", "backend.submit"),
    Point("while it waits", "backend.wait", "after", "backend.wait"),
    Point("the result is fetched, not recorded", "backend.result", "after"),
)
"""Rows, in the order of a life."""

_SBATCH = """\
#!/bin/sh
# stands before sbatch: leaves marks, and sends signals where a mark asks for that
cd {folder} || exit 75
echo >> sbatch-began
if [ -e signal-controller ]; then
  kill -$(cat signal-controller)
  rm signal-controller
fi
{real} "$@" > sbatch-said & sbatch=$!
if [ -e kill-submitter ]; then
  rm kill-submitter
  kill -9 $PPID
fi
wait $sbatch; code=$?
killed=
if [ -e kill-sbatch ]; then
  rm kill-sbatch
  killed=yes
fi
touch sbatch-ended
[ -z "$killed" ] || kill -9 $$
cat sbatch-said
exit $code
"""


def put_before_sbatch(folder: Path) -> str:
    """Writes what stands before sbatch; returns a PATH that has it first."""
    real = shutil.which("sbatch")
    (folder / "bin").mkdir()
    shim = folder / "bin" / "sbatch"
    shim.write_text(_SBATCH.format(folder=folder, real=real))
    shim.chmod(0o755)
    return f"{shim.parent}{os.pathsep}{os.environ['PATH']}"


def settings(folder: Path) -> Settings:
    """At a quick pace: one machine has no lag."""
    quick = SlurmSettings(poll_s=0.2, lag_s=1, settle_s=3, command_s=8)
    return Settings(home=folder / "home").having(quick)


def case() -> Case:
    """The case that the work belongs to."""
    problem = Problem(
        family="toy",
        instance={"numbers": [3, 1], "reach": 3},
        target=Target(metric="number", at_least=9),
        budget=Caps(wall_s=3600),
    )
    return prepare(problem, parse_policy(POLICY), case_id=CASE)


def submit(folder: Path, path: str, fault: ClusterFault, point: Point | None) -> dict[str, Any]:
    """Takes the case up and has its work done, as far as it goes; dies at the point."""
    os.environ["PATH"] = path
    if point is UNDER_WAY:
        (folder / "kill-submitter").touch()
    kill_points, configured = KillPoints(point), settings(folder)
    store = FileStore(configured.store)
    ledger = SqlLedger(configured.ledger, store, configured.case_lease_s)
    opened = Runtime(
        configured,
        kill_points.wrap("ledger", ledger),
        store,
        tracker=Untracked(),
        render=render,
        _backends={"slurm": kill_points.wrap("backend", SlurmBackend(configured))},
    )
    try:
        return _perform(opened, fault.work(folder / "began"))
    finally:
        opened.close()


def _perform(opened: Runtime, work: Any) -> dict[str, Any]:
    item = Item(KEY, work, "slurm", Quote(), None, "hpc/work")
    opened.ledger.open_case(case().info)
    try:
        with opened.heartbeat(CASE):
            result = performing.perform(Running(opened, case()), item)
    except TierwiseError as error:
        return {"ended": type(error).__name__, "error": str(error)}
    finally:
        opened.ledger.close_case(CASE, CaseStatus.INTERRUPTED, None)
    values = {name: value for name, value in result.values.items() if name == "x"}
    return {"ended": str(result.state), "values": values, "error": result.error or ""}
