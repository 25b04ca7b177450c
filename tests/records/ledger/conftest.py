"""A submission that money was spent on."""

from typing import Any

import pytest

from escalation.model.case import WorkKey
from escalation.model.submission import Submission, Verdict
from records.ledger.ledger import SqlLedger
from tests.records.ledger.spent import authorise


@pytest.fixture
def used(paid: SqlLedger, make_question: Any) -> Submission:
    """A submission whose approval was used up; the row as it was before."""
    row = paid.find_submission(WorkKey("c", 0, 1))
    assert row is not None
    assert authorise(paid, row, make_question(row))[0].verdict is Verdict.GRANTED
    return row
