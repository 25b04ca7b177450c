"""What MLflow's thread imports must not change what the ladder's own thread is doing."""

import subprocess
import sys
from pathlib import Path

SOLVE = """
import sys, threading

class Noted:
    def find_spec(self, name, path=None, target=None):
        if name == "sqlalchemy.orm":
            print(threading.current_thread() is threading.main_thread())

sys.meta_path.insert(0, Noted())
from pathlib import Path
from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.inputs.settings import Settings
from escalation.model.problem import Problem, Target
from escalation.policy.policy import parse_policy
from records.runtime import open_runtime

POLICY = "policy: little\\nsummary: HPC.\\ntiers: [hpc]\\nbackends: {local_call: local, mpi_program: mpi}\\n"
TORUS = {"kind": "max_cut", "generate": {"graph": "toroidal", "rows": 4, "columns": 4}}
PROBLEM = Problem(family="optimisation", instance=TORUS, target=Target(metric="objective", at_least=1))
with open_runtime(Settings(home=Path(sys.argv[1]))) as runtime:
    solve(runtime, prepare(PROBLEM, parse_policy(POLICY), case_id="c"))
"""


def test_sqlalchemys_other_half_is_imported_before_statements_can_run_beside_it(tmp_path: Path) -> None:
    """It registers itself with the half that the ledger uses: a statement meanwhile may fail."""
    done = subprocess.run(
        [sys.executable, "-c", SOLVE, str(tmp_path)], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split() == ["True"]
