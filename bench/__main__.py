"""`python -m bench`: everything, one after the other."""

import subprocess
import sys

for name, arguments in (
    ("startup", []),
    ("orchestration", ["--prefect"]),
    ("batch", ["--prefect"]),
    ("mpi_scaling", []),
    ("export", []),
    ("rehearsal", []),
    ("submission", []),
    ("several_workers", []),
    ("statevector", []),
    ("ledger_scale", ["--cases", "100000"]),
    ("policy_replay", []),
    ("replay", ["--machines"]),
    ("recording", []),
    ("optimisation.clinics", []),
    ("optimisation.targets", []),
    ("optimisation.learning", []),
    ("optimisation.scaling", []),
    ("optimisation.quantum", []),
):
    print(f"\n== {name} ==", flush=True)
    subprocess.run([sys.executable, "-m", f"bench.{name}", *arguments], check=True)
