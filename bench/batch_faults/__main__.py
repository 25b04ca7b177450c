"""`python -m bench.batch_faults`: runs what is missing of the matrix, and prints its table."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.batch_faults import cells
from bench.batch_faults.faults import FAULTS
from bench.batch_faults.submitting import POINTS
from bench.machine import machine
from escalation.inputs.settings import ROOT
from tests.slurm.cluster import cluster, install

ROWS = ROOT / "mlruns" / "batch_faults.jsonl"
Row = dict[str, Any]


def main() -> int:
    """Reads the command line and runs; fails when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m bench.batch_faults")
    parser.add_argument("--subset", action="store_true", help="what the tests run")
    parser.add_argument("--workers", type=int, default=2, help="clusters side by side")
    parser.add_argument("--rows", type=Path, default=ROWS, help="file of the rows; delete it to start anew")
    parser.add_argument("--part", help="I/N: only every N-th cell, from the I-th on, and no table")
    options = parser.parse_args()
    wanted = cells.subset() if options.subset else cells.full()
    if options.part:
        number, count = map(int, options.part.split("/"))
        play([cell for cell in wanted if cell.name not in kept(options.rows)][number::count], options.rows)
        return 0
    install()
    parts = [f"--part={number}/{options.workers}" for number in range(options.workers)]
    again = [sys.executable, "-m", "bench.batch_faults", f"--rows={options.rows}"]
    again += ["--subset"] if options.subset else []
    for process in [subprocess.Popen([*again, part], cwd=ROOT) for part in parts]:
        process.wait()
    rows = kept(options.rows)
    print(table(wanted, rows))
    broken = [cell.name for cell in wanted if cell.name not in rows or rows[cell.name]["why"]]
    return 1 if broken else 0


def play(wanted: list[cells.BatchCell], rows: Path) -> None:
    """Plays cells on a cluster of their own, and keeps a row of each."""
    rows.parent.mkdir(parents=True, exist_ok=True)
    with cluster() as slurm:
        os.environ.update(slurm.environment)
        for cell in wanted:
            row = cells.play(cell, slurm)
            with rows.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            print(f"{row['seconds']:.0f} s  {row['cell']}: {'; '.join(row['why']) or 'kept'}", flush=True)


def kept(rows: Path) -> dict[str, Row]:
    """The rows there are, by cell, the newest of each."""
    lines = rows.read_text(encoding="utf-8").splitlines() if rows.exists() else []
    return {row["cell"]: row for row in map(json.loads, lines)}


def table(wanted: list[cells.BatchCell], rows: dict[str, Row]) -> str:
    """A line a fault: of how many points it was met, struck and kept; then what was broken."""
    lines = [
        machine(),
        f"{len(POINTS)} points and none, {len(FAULTS)} faults",
        f"{'':40} cells killed struck kept",
    ]
    for fault in FAULTS:
        found = [rows[cell.name] for cell in wanted if cell.fault is fault and cell.name in rows]
        count = [len(found), *(sum(bool(row[name]) for row in found) for name in ("killed", "struck"))]
        good = sum(not row["why"] for row in found)
        lines.append(f"{fault.name:42} {count[0]:3} {count[1]:6} {count[2]:6} {good:4}")
    lines += [f"{row['cell']}: {'; '.join(row['why'])}" for row in rows.values() if row["why"]]
    seconds = sorted(row["seconds"] for row in rows.values())
    if seconds:
        lines.append(f"seconds a cell: {seconds[len(seconds) // 2]:.0f}, at most {seconds[-1]:.0f}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
