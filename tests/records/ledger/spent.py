"""An approval that was used up, and what makes it look unused; shared by tests of tampering."""

from collections.abc import Callable
from typing import Any

import pytest

from escalation.model.amounts import Caps
from escalation.model.submission import Submission
from records.ledger.ledger import SqlLedger

Sql = Callable[..., None]
ON_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
"""Where the database makes no difference."""


def authorise(ledger: SqlLedger, row: Submission, question: Any) -> tuple[Any, Submission]:
    return ledger.authorise(row, question, Caps(), "p", 1060.0)


RESET = tuple(
    f"UPDATE {table} SET state = '{after}', "
    f'{column} = replace({column}, \'"state":"{before}"\', \'"state":"{after}"\') '
    f"WHERE state = '{before}'"
    for table, column, before, after in (
        ("approvals", "approval", "used", "granted"),
        ("handoffs", "handoff", "authorised", "asked"),
    )
)
"""What makes a used approval look unused, and its work unsent."""
