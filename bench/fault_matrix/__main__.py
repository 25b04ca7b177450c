"""`python -m bench.fault_matrix`: runs what is missing of the matrix, and writes its table."""

import argparse
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

from bench.fault_matrix import cells, pool, table
from bench.machine import machine
from escalation.inputs.settings import ROOT

PEERS = ROOT / "mlruns" / "fault_matrix_peers.jsonl"
ROWS = ROOT / "mlruns" / "fault_matrix.jsonl"
PAGE = ROOT / "docs" / "reference" / "fault-matrix.md"


def main() -> int:
    """Reads the command line and runs; fails when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m bench.fault_matrix")
    parser.add_argument("--subset", action="store_true", help="the whole covering array, no table")
    parser.add_argument("--lanes", type=int, default=2, help="cells at a time")
    parser.add_argument("--rows", type=Path, default=ROWS, help="file of the rows; delete it to start anew")
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--table", action="store_true", help="only write the table of the rows there are")
    options = parser.parse_args()
    wanted = [*cells.subset(), *cells.some_ladders()] if options.subset else cells.full()
    if options.table:
        have = pool.kept(options.rows)
        rows = [have[cell.name] for cell in wanted if cell.name in have]
    else:
        rows = pool.go_on(wanted, options.lanes, options.rows, _Told(len(wanted)))
    if not options.subset:
        about = (
            f"{machine()}; {datetime.now(UTC):%Y-%m-%d}; qiskit-ibm-runtime {version('qiskit-ibm-runtime')}"
        )
        options.page.write_text(table.page(rows, len(wanted), about, list(pool.kept(PEERS).values())))
    broken = [row for row in rows if row["outcome"] == "broken"]
    print(f"{len(rows)} cells, {len(broken)} broken")
    for row in broken:
        print(f"  {row['cell']}: {'; '.join(row['why'])}")
    return 1 if broken else 0


class _Told:
    """Says how far a run is."""

    def __init__(self, total: int) -> None:
        self._total, self._done, self._began = total, 0, perf_counter()

    def __call__(self, row: pool.Row) -> None:
        self._done += 1
        if row["outcome"] not in ("kept",) or self._done % 50 == 0:
            said = f"{self._done} of at most {self._total}, {perf_counter() - self._began:.0f} s"
            print(f"{said}: {row['cell']}: {row['outcome']} {'; '.join(row['why'])}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
