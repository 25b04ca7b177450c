"""A worker: takes up whatever case is not finished and nobody runs, in one warm process, until all are done.

`python -m bench.several_workers.worker COUNT FIRST`: which case it begins with. What it is killed in, another
takes up; it ends when the ledger says that every case is final.
"""

import sys
import time

from bench.several_workers import plan
from escalation.engine.drive import solve
from escalation.engine.listening import Silent
from escalation.engine.runtime import Runtime
from escalation.model.decision import Decision
from escalation.model.errors import TierwiseError
from records.runtime import open_runtime

BEGINS = "begins"
PAUSE_S = 0.2
"""Between two looks at cases that others run."""


def main() -> None:
    """Works until nothing is left."""
    count, first = map(int, sys.argv[1:])
    left = [(first + number) % count for number in range(count)]
    with open_runtime() as runtime:
        while left:
            before = len(left)
            left = [number for number in left if not done(runtime, number)]
            if len(left) == before:
                time.sleep(PAUSE_S)


class Telling(Silent):
    """Tells that work on a case has begun: from the first decision on the case is this worker's."""

    def __init__(self, case_id: str) -> None:
        self._case_id = case_id

    def decided(self, decision: Decision) -> None:
        """A step further up the ladder."""
        print(f"{BEGINS} {self._case_id}", flush=True)


def done(runtime: Runtime, number: int) -> bool:
    """Drives a case as far as it goes; whether that is its end. One that another runs is left to it."""
    case_id, said = plan.case_id(number), "stopped"
    try:
        status = solve(runtime, plan.case(number), Telling(case_id)).status
        said = str(status)
        return status.final
    except TierwiseError as error:
        said = str(error)
        return False
    finally:
        print(f"{case_id}: {said}", flush=True)


if __name__ == "__main__":
    main()
