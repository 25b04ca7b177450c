"""`tierwise show`."""

import json
import sys

from cli.explain import explain_case
from tasks.outcomes import outcome


def show_case(case_id: str, *, as_json: bool) -> None:
    """Prints the outcome of a case as the ledger has it; in words, its story."""
    if as_json:
        sys.stdout.write(json.dumps(outcome(case_id).summary()) + "\n")
    else:
        explain_case(case_id)
