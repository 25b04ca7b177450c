"""What a case costs among many: cases a second, CPU seconds, transactions, memory over time.

    python -m bench.batch [--cases 1000] [--repeats 3] [--workers 2] [--processes 1 2] [--before TREE]
                          [--prefect] [--mlflow on|off]

Method. `tierwise batch` itself, its rows read as they come: so many toy cases (a scan by two MPI ranks on
this machine, accepted at the first rung under the default policy), each another one, on a PostgreSQL server
of its own (Debian's, its syncs off, so that the program is measured and not this machine's disk). Once with
MLflow off and once with it. `--processes` is as `tierwise batch` takes it, each number in turn. With
`--before`, the same in another checkout of this project, which may know one process alone. With `--prefect`,
each also as a flow run against a server on this machine, whose own CPU is not counted.

Counted is from the 20th row to the last: by then the processes have started. `until shown` is until the
command has ended, which waits until MLflow shows the last case; CPU milliseconds are of that stretch. They
are read from the processes as they are and those that they waited for: those that drive cases (the command
and its worker processes), ranks and guards below, and the database's. Commits are PostgreSQL's own count.
Memory is the resident sets of those that drive, together, after each tenth of the cases.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from sqlalchemy import create_engine, text

from bench.machine import machine
from tests.records.postgresql import emptied, serving

ROOT = Path(__file__).resolve().parents[1]
WARM = 20
Found = dict[str, Any]
COLUMNS: Sequence[tuple[str, str, Callable[[Found], float]]] = (
    ("cases a second", "{:.1f}", lambda found: found["cases"] / found["seconds"]),
    ("until shown", "{:.1f}", lambda found: found["cases"] / found["shown_s"]),
    ("CPU ms a case", "{:.1f}", lambda found: 1000 * _cpu_s(found) / found["cases"]),
    ("of it driving", "{:.1f}", lambda found: 1000 * found["driving_cpu_s"] / found["cases"]),
    ("ranks and guards", "{:.1f}", lambda found: 1000 * found["work_cpu_s"] / found["cases"]),
    ("database", "{:.1f}", lambda found: 1000 * found["database_cpu_s"] / found["cases"]),
    ("commits a case", "{:.1f}", lambda found: found["commits"] / found["cases"]),
)


def _cpu_s(found: Found) -> float:
    return float(found["driving_cpu_s"] + found["work_cpu_s"] + found["database_cpu_s"])


def problem(seed: int) -> dict[str, Any]:
    """A toy problem; each another one."""
    return {
        "family": "toy",
        "instance": {"numbers": [3, 1, 4, 1, 5, 9, 2, 6], "reach": 8},
        "target": {"metric": "number", "at_least": 9},
        "data_class": "public",
        "seed": seed,
    }


class Meter:
    """Reads what a command and its database have used so far."""

    def __init__(self, command: int, socket: Path, url: str) -> None:
        postmaster = (socket / "data" / "postmaster.pid").read_text().split()[0]
        self._command, self._database = psutil.Process(command), psutil.Process(int(postmaster))
        self._driving_s: dict[psutil.Process, float] = {}
        self._engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))

    def read(self) -> dict[str, float]:
        """Seconds since some moment, CPU seconds, commits."""
        with self._engine.connect() as connection:
            commits = connection.execute(text("SELECT sum(xact_commit) FROM pg_stat_database")).scalar_one()
        self._driving_s |= {each: _own_s(each) for each in self._driving()}
        driving_s, all_s = sum(self._driving_s.values()), _all_s(self._command)
        return {
            "seconds": time.perf_counter(),
            "commits": float(commits),
            "driving_cpu_s": driving_s,
            "work_cpu_s": all_s - driving_s,
            "database_cpu_s": _all_s(self._database),
        }

    def rss_mb(self) -> float:
        """The resident sets of the processes that drive cases."""
        return sum(each.memory_info().rss for each in self._driving()) / 2**20

    def _driving(self) -> list[psutil.Process]:
        return [self._command, *filter(_is_worker, self._command.children(recursive=True))]


def _is_worker(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return "records.batches.worker" in process.cmdline()
    return False


def _own_s(process: psutil.Process) -> float:
    with suppress(psutil.Error):
        return float(sum(process.cpu_times()[:2]))
    return 0.0


def _all_s(process: psutil.Process) -> float:
    """CPU seconds of a process and all below it, those included that ended and were waited for."""
    total = 0.0
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.Error):
            total += sum(each.cpu_times()[:4])
    return total


def once(tree: Path, how: Mapping[str, Any]) -> Found:
    """One measurement, by the code of a checkout."""
    with tempfile.TemporaryDirectory() as home, serving() as socket:
        url = emptied(socket)
        problems = Path(home, "problems.jsonl")
        lines = (json.dumps(problem(seed)) + "\n" for seed in range(WARM + how["cases"]))
        problems.write_text("".join(lines))
        env = {
            **os.environ,
            **how["env"],
            "PYTHONPATH": str(tree),
            "TIERWISE_HOME": home,
            "TIERWISE_LEDGER_URL": url,
            "TIERWISE_TRACKING": how["mlflow"],
        }
        command = [sys.executable, "-m", "tierwise", "batch", str(problems), "--json", *how["options"]]
        with subprocess.Popen(command, cwd=tree, env=env, stdout=subprocess.PIPE, text=True) as process:
            found = _measured(process, how["cases"], Meter(process.pid, socket, url))
    assert process.returncode == 0, process.returncode
    return found


def _measured(process: "subprocess.Popen[str]", cases: int, meter: Meter) -> Found:
    rows, rss = _rows(process), []
    for _ in range(WARM):
        next(rows)
    first = meter.read()
    for ended in range(1, cases + 1):
        assert next(rows)["status"] == "accepted"
        if ended % max(1, cases // 10) == 0:
            rss.append(meter.rss_mb())
    last = meter.read()
    solved = {name: last[name] - first[name] for name in last}
    while (
        process.poll() is None
    ):  # MLflow is shown the rest; what is read last is as near to the end as it gets
        with suppress(psutil.Error):
            last = meter.read()
        time.sleep(0.05)
    used = {name: last[name] - first[name] for name in last}
    return used | {"cases": cases, "seconds": solved["seconds"], "shown_s": used["seconds"], "rss_mb": rss}


def _rows(process: "subprocess.Popen[str]") -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        said = json.loads(line)
        if "number" in said:
            yield said


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--processes", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--before", type=Path)
    parser.add_argument("--prefect", action="store_true")
    parser.add_argument("--mlflow", choices=("both", "on", "off"), default="both")
    given = parser.parse_args()
    print(machine(), flush=True)
    switches = {"both": ("off", "on")}.get(given.mlflow, (given.mlflow,))
    with ExitStack() as stack:
        ways = list(_ways(given, stack))
        for switch in switches:
            found: dict[str, list[Found]] = {}
            for _ in range(given.repeats):
                for name, tree, how in ways:
                    more = {"cases": given.cases, "mlflow": switch}
                    found.setdefault(name, []).append(once(tree, how | more))
            _print(found, switch)


def _ways(given: argparse.Namespace, stack: ExitStack) -> Iterator[tuple[str, Path, dict[str, Any]]]:
    """What is measured in turn: its name, its checkout, options and environment."""
    options = ["--workers", str(given.workers)]
    plain, env = [*options, "--engine", "plain"], {"PREFECT_LOGGING_LEVEL": "ERROR"}
    if given.before:
        yield "before", given.before.resolve(), {"options": plain, "env": env}
    for count in given.processes:
        several = ["--processes", str(count)]
        yield f"{count} processes", ROOT, {"options": [*plain, *several], "env": env}
    if given.prefect:
        server = _server(stack)
        for count in given.processes:
            flow = [*options, "--engine", "prefect", "--processes", str(count)]
            yield f"{count}, as a flow", ROOT, {"options": flow, "env": env | server}


def _print(found: Mapping[str, Sequence[Found]], switch: str) -> None:
    print(f"\nMLflow {switch:<15}" + "".join(f"{name:>24}" for name in found))
    for title, form, value in COLUMNS:
        cells = [_cell(form, [value(each) for each in every]) for every in found.values()]
        print(f"{title:<22}" + "".join(f"{cell:>24}" for cell in cells))
    for name, every in found.items():
        series = " ".join(
            f"{median(tenth):.0f}" for tenth in zip(*(each["rss_mb"] for each in every), strict=True)
        )
        print(f"MB, a tenth after the other, {name}: {series}", flush=True)


def _cell(form: str, values: list[float]) -> str:
    spread = f" ({form.format(min(values))} to {form.format(max(values))})" if len(values) > 1 else ""
    return form.format(median(values)) + spread


def _server(stack: ExitStack) -> dict[str, str]:
    """The environment of processes that use a Prefect server on this machine."""
    from deployments.address import Address, free_port
    from deployments.processes import client_environment, running_server

    home, address = Path(stack.enter_context(tempfile.TemporaryDirectory())), Address(free_port())
    stack.enter_context(running_server(home, address))
    return client_environment(home, address)


if __name__ == "__main__":
    main()
