"""A case of an export as a past case: what a policy is tried over, without the ledger that it came from."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from escalation.inputs.user_files import shown
from escalation.model.errors import BadInput, CorruptRecord
from escalation.policy.backtest.past_case import PastCase
from records.export.bag import PAYLOAD
from records.export.opening import read_export
from records.export.payload import LINEAGE, WITHHELD_ROWS, rows_path


def exported_case(path: Path) -> tuple[str, PastCase]:
    """The name of the ledger that the export is of, and its case.

    Nothing is checked here but that it can be read: `tierwise verify` does.

    Raises:
        BadInput: when it is no export, or withholds what is needed.
        CorruptRecord: when it cannot be read.
    """
    files = read_export(path)
    if f"{PAYLOAD}/{WITHHELD_ROWS}" in files:
        raise BadInput(f"{shown(path)}: withholds the facts of its case, which may not leave their site")

    def lines(name: str) -> list[Any]:
        return [json.loads(line) for line in files[f"{PAYLOAD}/{name}"].splitlines()]

    try:
        (case,), ledger = lines(rows_path("cases")), lines(LINEAGE)[0]["ledger"]
        decided, tried = lines(rows_path("decisions")), lines(rows_path("attempts"))
        return str(ledger), PastCase(
            case_id=case["case_id"],
            status=case["status"],
            info_text=case["info"],
            policy_text=json.loads(case["info"])["policy_text"],
            decision_texts=[row["decision"] for row in decided],
            attempt_texts=[row["attempt"] for row in tried],
            outcome_text=case["outcome"],
        )
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise CorruptRecord(f"{shown(path)}: its case cannot be read: {error!r}") from None


def exported_cases(paths: Iterable[Path]) -> list[PastCase]:
    """The cases of several exports, each once, in the order given.

    Raises:
        BadInput: when one is no export, withholds what is needed, or two are of one case.
        CorruptRecord: when one cannot be read.
    """
    seen: dict[tuple[str, str], Path] = {}
    found = []
    for path in paths:
        ledger, case = exported_case(path)
        if (before := seen.setdefault((ledger, case.case_id), path)) is not path:
            raise BadInput(
                f"{shown(path)}: expected each case once, got {case.case_id} again, which is in "
                f"{shown(before)}: leave one out"
            )
        found.append(case)
    return found
