"""What a case costs among many: cases a second, CPU seconds, transactions, memory.

    python -m bench.batch [--cases 1000] [--repeats 3] [--workers 2] [--before TREE] [--prefect]

Method. So many toy cases (a scan by two MPI ranks on this machine, accepted at the first rung under the
default policy), each another one, in one warm process with that many threads, on a PostgreSQL server of its
own (Debian's, its syncs off, so that the program is measured and not this machine's disk). Once with MLflow
off and once with it, counted until the last run is logged. With `--before`, the same in another checkout of
this project, in turn; one that has no batches solves them in a loop of threads. With `--prefect`, as a flow
run against a server on this machine.

Every measurement is a process of its own; 20 unmeasured cases warm it. CPU seconds are those of this process,
of the workers and ranks below it, and of the database's processes. Commits are PostgreSQL's own count.
Memory is the resident set of this process after 100 cases and after all.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from bench.machine import machine
from tests.records.postgresql import emptied, serving

ROOT = Path(__file__).resolve().parents[1]
ONCE = Path(__file__).with_name("batch_once.py")
COLUMNS: Sequence[tuple[str, str, Callable[[dict[str, float]], float]]] = (
    ("cases a second", "{:.1f}", lambda found: found["cases"] / found["seconds"]),
    ("CPU ms a case", "{:.1f}", lambda found: 1000 * found["cpu_s"] / found["cases"]),
    ("of it here", "{:.1f}", lambda found: 1000 * found["own_cpu_s"] / found["cases"]),
    ("database", "{:.1f}", lambda found: 1000 * found["database_cpu_s"] / found["cases"]),
    ("workers", "{:.1f}", lambda found: 1000 * found["workers_cpu_s"] / found["cases"]),
    ("commits a case", "{:.1f}", lambda found: found["commits"] / found["cases"]),
    ("MB at 100", "{:.0f}", lambda found: found["rss_100_mb"]),
    ("MB at the end", "{:.0f}", lambda found: found["rss_mb"]),
)


def once(tree: Path, how: dict[str, Any]) -> dict[str, float]:
    """One measurement, by the code of a checkout."""
    with tempfile.TemporaryDirectory() as home, serving() as socket:
        env = {
            **os.environ,
            "PYTHONPATH": str(tree),
            "TIERWISE_HOME": home,
            "TIERWISE_LEDGER_URL": emptied(socket),
        }
        postmaster = (socket / "data" / "postmaster.pid").read_text().split()[0]
        done = subprocess.run(
            [sys.executable, str(ONCE), json.dumps(how | {"postmaster": int(postmaster)})],
            cwd=tree, env=env, stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--prefect", action="store_true")
    parser.add_argument("--mlflow", choices=("both", "on", "off"), default="both")
    arguments = parser.parse_args()
    print(machine())
    trees = {"before": arguments.before.resolve()} if arguments.before else {}
    trees["now"] = ROOT
    switches = {"both": ("off", "on")}.get(arguments.mlflow, (arguments.mlflow,))
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    base = {"cases": arguments.cases, "workers": arguments.workers}
    with ExitStack() as stack:
        ways: list[tuple[str, dict[str, Any]]] = [("", {})]
        if arguments.prefect:
            ways.append((", as a flow", {"server": _server(stack)}))
        for _ in range(arguments.repeats):
            for switch in switches:
                for name, tree in trees.items():
                    for way, more in ways if name == "now" else ways[:1]:
                        how = base | {"mlflow": switch == "on"} | more
                        found.setdefault((switch, f"{name}{way}"), []).append(once(tree, how))
    _print(found, switches)


def _print(found: dict[tuple[str, str], list[dict[str, float]]], switches: Sequence[str]) -> None:
    names = list(dict.fromkeys(name for _, name in found))
    for switch in switches:
        print(f"\nMLflow {switch:<24}" + "".join(f"{name:>26}" for name in names))
        for title, form, value in COLUMNS:
            cells = [_cell(form, [value(each) for each in found[switch, name]]) for name in names]
            ratio = ""
            if "before" in names:
                first, last = (median(map(value, found[switch, name])) for name in ("before", "now"))
                ratio = f"   ×{last / first:.2f}" if first else ""
            print(f"{title:<31}" + "".join(f"{cell:>26}" for cell in cells) + ratio)


def _cell(form: str, values: list[float]) -> str:
    spread = f" ({form.format(min(values))} to {form.format(max(values))})" if len(values) > 1 else ""
    return form.format(median(values)) + spread


def _server(stack: ExitStack) -> dict[str, str]:
    """The environment of processes that use a Prefect server on this machine."""
    from deployments.address import Address, free_port
    from deployments.processes import client_environment, running_server

    home, address = Path(stack.enter_context(tempfile.TemporaryDirectory())), Address(free_port())
    stack.enter_context(running_server(home, address))
    return {**client_environment(home, address), "PREFECT_LOGGING_LEVEL": "ERROR"}


if __name__ == "__main__":
    main()
