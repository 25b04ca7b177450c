"""What it takes to know the family: listing methods and facts must not wait for the libraries they use."""

import subprocess
import sys

HEAVY = {"sklearn", "pandas", "xgboost", "scipy", "mapie", "sksurv", "qiskit", "mpi4py", "mlflow", "prefect"}
LIGHT = ("family", "facts", "ai", "hpc", "quantum")


def test_knowing_the_family_its_facts_and_its_methods_imports_nothing_heavy() -> None:
    modules = ", ".join(f"problems.prediction.{name}" for name in LIGHT)
    code = f"import sys, {modules}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {f"problems.prediction.{name}" for name in LIGHT} <= loaded
    assert not HEAVY & loaded
