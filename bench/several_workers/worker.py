"""A worker: takes up whatever case is not finished and nobody runs, in one warm process, until all are done.

`python -m bench.several_workers.worker COUNT FIRST`: which case it begins with. What it is killed in, another
takes up; it ends when the ledger says that every case is final.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.fault_matrix.cell_process import Untracked
from bench.several_workers import plan
from escalation.engine.drive import solve
from escalation.engine.runtime import Runtime
from escalation.inputs.home import private_home
from escalation.model.errors import TierwiseError
from escalation.ports.configuration import settings
from records.ledger.ledger import SqlLedger
from records.store.opening import open_store
from records.views.report import render

BEGINS = "begins"
PAUSE_S = 0.2
"""Between two looks at cases that others run."""


def main() -> None:
    """Works until nothing is left."""
    count, first = map(int, sys.argv[1:])
    left = [(first + number) % count for number in range(count)]
    with opened() as runtime:
        while left:
            before = len(left)
            left = [number for number in left if not done(runtime, number)]
            if len(left) == before:
                time.sleep(PAUSE_S)


@contextmanager
def opened() -> Iterator[Runtime]:
    """Ledger, store and machines, as the environment names them."""
    with private_home(settings().home):
        store = open_store(settings())
        ledger = SqlLedger(settings().ledger, store, settings().case_lease_s)
        runtime = Runtime(settings(), ledger, store, Untracked(), render)
        try:
            yield runtime
        finally:
            runtime.close()


def done(runtime: Runtime, number: int) -> bool:
    """Drives a case as far as it goes; whether that is its end. One that another runs is left to it."""
    case_id, said = plan.case_id(number), "stopped"
    print(f"{BEGINS} {case_id}", flush=True)
    try:
        status = solve(runtime, plan.case(number)).status
        said = str(status)
        return status.final
    except TierwiseError as error:
        said = str(error)
        return False
    finally:
        print(f"{case_id}: {said}", flush=True)


if __name__ == "__main__":
    main()
