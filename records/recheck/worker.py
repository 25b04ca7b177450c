"""The process that verifies cases again for a sample: told a case, it answers with what came of it.

`python -m records.recheck.worker NUMBER`, of an open connection. A case that takes it down, or never ends,
takes nothing else with it: whoever told it the case starts another.
"""

import sys
from multiprocessing.connection import Connection
from typing import Any

from escalation.model.errors import BadInput, CorruptRecord, MachineFault, one_line
from escalation.replay.report import Replay
from escalation.text.wording import counted
from records.batches.wire import receive, send
from records.recheck.report import CheckResult
from records.replaying import replayed

LONGEST = 300
"""Characters of why."""


def main() -> None:
    """Answers until nobody asks any more."""
    connection = Connection(int(sys.argv[1]))
    try:
        while True:
            send(connection, checked(receive(connection)["case"]))
    except (EOFError, OSError):
        return


def checked(case_id: str) -> dict[str, Any]:
    """Drives a case's ladder from its record, which verifies every attempt again; what came of it."""
    try:
        report = replayed(case_id)
    except CorruptRecord as error:
        return _said(CheckResult.DIFFERENT, one_line(error))
    except (BadInput, MachineFault, OSError) as error:
        return _said(CheckResult.UNCLEAR, one_line(error))
    if report.pruned and not report.ledger:
        return _said(CheckResult.PRUNED, "; ".join(report.pruned))
    result = CheckResult.SAME if report.same else CheckResult.DIFFERENT
    return _said(result, _why(report)) | {"certificates": report.attempts}


def _said(result: CheckResult, why: str) -> dict[str, Any]:
    return {"result": result, "why": why if len(why) <= LONGEST else f"{why[:LONGEST]} …"}


def _why(report: Replay) -> str:
    """Where it differs, without the values, which may be of somebody's data."""
    if report.differences:
        first, more = report.differences[0], len(report.differences) - 1
        what = f"{first.step}, {first.what}" if first.what else first.step
        return f"{what}, and {counted(more, 'more difference', 'more differences')}" if more else what
    return report.ledger


if __name__ == "__main__":
    main()
