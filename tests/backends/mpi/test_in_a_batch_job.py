"""Local MPI in a real batch job: it runs there, and takes no more ranks than the job has cores."""

import json
import re
import shlex
import sys
from pathlib import Path

from escalation.inputs.settings import ROOT
from tests.slurm.cluster import Cluster

INSIDE = """
import json, sys
from pathlib import Path
from backends.mpi.backend import MpiBackend
from backends.mpi.check import check_ranks
from escalation.inputs.settings import Settings
from escalation.model.errors import BackendError
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.resources import Resources

said, backend = {"check": check_ranks(Settings(), 2)}, MpiBackend(Settings())
for name, resources in {"ranks": Resources(ranks=3), "threads": Resources(ranks=2, threads=2)}.items():
    try:
        backend.submit(MpiProgram("backends.mpi.check:count", resources=resources), Path(sys.argv[1]) / name)
    except BackendError as error:
        said[name] = str(error)
backend.close()
(Path(sys.argv[1]) / "said").write_text(json.dumps(said))
"""


def test_a_shell_on_a_node_runs_as_many_ranks_as_its_job_has_cores(slurm: Cluster, tmp_path: Path) -> None:
    python = shlex.join(["env", f"PYTHONPATH={ROOT}", sys.executable, "-c", INSIDE, str(tmp_path)])
    # script(1) gives what --pty needs, a terminal
    slurm.run("script", "-qec", f"srun -c2 --pty {python}", "/dev/null")
    said = json.loads((tmp_path / "said").read_text())
    right, line = said["check"]
    assert right, line
    job = line.rpartition(", in ")[2]
    assert re.fullmatch(r"Slurm job \d+", job)
    assert line.startswith("2 of 2 ranks answered, MPICH")
    assert line.endswith(f"; at most 2 ranks here, in {job}")
    ends = f": {job} has no more of this node; ask for less, or name another backend in the policy"
    cores = "mpi: expected work that asks for at most 2 cores (ranks x threads), got "
    assert said["ranks"] == f"{cores}3{ends}"
    assert said["threads"] == f"{cores}4{ends}"
    assert slurm.survivors() == []
