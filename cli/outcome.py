"""`tierwise show`."""

import json
import sys

from cli.handoffs import handed_off
from cli.show import show_outcome
from cli.terminal import terminal
from tasks.outcomes import outcome
from tasks.runtime import open_records


def show_case(case_id: str, *, as_json: bool) -> None:
    """Prints the outcome of a case as the ledger has it, in the way in which `tierwise solve` ends."""
    found = outcome(case_id)
    if as_json:
        sys.stdout.write(json.dumps(found.summary()) + "\n")
        return
    with open_records() as (ledger, _):
        info = ledger.case(case_id).info
    show_outcome(terminal(), info, found, handed_off(case_id))
