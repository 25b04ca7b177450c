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

POLICY = "policy: little\\nsummary: HPC alone.\\ntiers: [hpc]\\nbackends: {local_call: local}\\n"
TARGET = Target(metric="number", at_least=3)
PROBLEM = Problem(family="toy", instance={"numbers": [3, 1, 4], "reach": 3}, target=TARGET)
with open_runtime(Settings(home=Path(sys.argv[1]))) as runtime:
    solve(runtime, prepare(PROBLEM, parse_policy(POLICY), case_id="c"))
"""


def test_sqlalchemys_other_half_is_imported_before_statements_can_run_beside_it(tmp_path: Path) -> None:
    """It registers itself with the half that the ledger uses: a statement meanwhile may fail."""
    done = subprocess.run(
        [sys.executable, "-c", SOLVE, str(tmp_path)], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split() == ["True"]
