"""`tierwise doctor`: does what a run needs work here, and if not, how to get it."""

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from cli.terminal import plain, terminal
from escalation.settings import settings

Check = Callable[[], tuple[bool, str]]


def examine() -> int:
    """Runs all checks, printing each as it ends; returns 0 when all passed, 1 otherwise."""
    console = terminal()
    failed = 0
    for name, check in CHECKS.items():
        with console.status(f"checking {name}"):
            good, said = _safely(check)
        failed += not good
        console.print(f"{'[green]ok  [/]' if good else '[red]FAIL[/]'} {name}: {plain(said)}")
    console.print("all is well" if not failed else f"{failed} of {len(CHECKS)} checks failed")
    return 1 if failed else 0


def _safely(check: Check) -> tuple[bool, str]:
    try:
        return check()
    except Exception as error:  # a check that breaks has failed, and says how
        return False, f"{type(error).__name__}: {error}".splitlines()[0]


def python_version() -> tuple[bool, str]:
    """CPython 3.11, which the lock is made for."""
    found = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info[:2] == (3, 11)
    return good, f"Python {found}" + ("" if good else "; expected 3.11: make the environment with `make`")


def packages() -> tuple[bool, str]:
    """Whether everything that is imported at run time is installed."""
    names = ("prefect", "mlflow", "sklearn", "xgboost", "mapie", "qiskit_aer", "qiskit_ibm_runtime", "mpi4py")
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    return not missing, f"missing {', '.join(missing)}; run `make`" if missing else f"{len(names)} found"


def mpi() -> tuple[bool, str]:
    """Whether the launcher really makes one world of the ranks asked for."""
    from backends.mpi.check import check_ranks

    return check_ranks(settings(), settings().ranks)


def prefect_server() -> tuple[bool, str]:
    """Whether the server's application imports (it needs its own fastapi)."""
    code = "import prefect, prefect.server.api.server; print(prefect.__version__)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        return False, f"{last}; install what requirements.lock says: `make`"
    return True, f"Prefect {done.stdout.strip()} imports"


def databases() -> tuple[bool, str]:
    """Whether a fresh ledger can be made and its chain read back."""
    from records.ledger import SqlLedger
    from records.store import FileStore

    with tempfile.TemporaryDirectory() as folder:
        ledger = SqlLedger(f"sqlite:///{folder}/ledger.db", FileStore(Path(folder) / "store"))
        try:
            events = ledger.verify()
        finally:
            ledger.close()
    return True, f"a fresh ledger opens, {events} events"


def tracking() -> tuple[bool, str]:
    """Whether MLflow's database migrates."""
    with tempfile.TemporaryDirectory() as folder:
        code = (
            "import logging; logging.disable(logging.INFO)\n"
            "from mlflow import MlflowClient\n"
            f"print(len(MlflowClient('sqlite:///{folder}/mlflow.db').search_experiments()))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=180, check=False
        )
    if done.returncode:
        return False, (done.stderr.strip().splitlines() or ["no output"])[-1]
    return True, "MLflow's database migrates"


def home() -> tuple[bool, str]:
    """Whether the folder of the records can be written."""
    folder = settings().home
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder):
        return True, f"records go to {folder}"


CHECKS: dict[str, Check] = {
    "python": python_version,
    "packages": packages,
    "MPI": mpi,
    "Prefect server": prefect_server,
    "ledger": databases,
    "MLflow": tracking,
    "records folder": home,
}
