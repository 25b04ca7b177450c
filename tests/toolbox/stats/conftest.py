"""A published table that several test files share."""

from typing import Any

import numpy as np
import pytest

# DeLong et al. (1988): albumin, total protein, 10 - K-G score, surgery of benefit; the 43 complete rows, as
# in SAS/STAT User's Guide, PROC LOGISTIC, "Comparing Receiver Operating Characteristic Curves"
OVARIAN = """
3.0 5.8 10 0 3.2 6.3 5 1 3.9 6.8 3 1 2.8 4.8 6 0 3.2 5.8 3 1 0.9 4.0 5 0 2.5 5.7 8 0 1.6 5.6 5 1
3.8 5.7 5 1 3.7 6.7 6 1 3.2 5.4 4 1 3.8 6.6 6 1 4.1 6.6 5 1 3.6 5.7 5 1 4.3 7.0 4 1 3.6 6.7 4 0
2.3 4.4 6 1 4.2 7.6 4 0 4.0 6.6 6 0 3.5 5.8 6 1 3.8 6.8 7 1 3.0 4.7 8 0 4.5 7.4 5 1 3.7 7.4 5 1
3.1 6.6 6 1 4.1 8.2 6 1 4.3 7.0 5 1 4.3 6.5 4 1 3.2 5.1 5 1 2.6 4.7 6 1 3.3 6.8 6 0 1.7 4.0 7 0
3.7 6.1 5 1 3.3 6.3 7 1 4.2 7.7 6 1 3.5 6.2 5 1 2.9 5.7 9 0 2.1 4.8 7 1 2.8 6.2 8 0 4.0 7.0 7 1
3.3 5.7 6 1 3.7 6.9 5 1 3.6 6.6 5 1
"""


@pytest.fixture(scope="session")
def ovarian() -> Any:
    """Labels, and the scores albumin, total protein and K-G by name; each of shape (43,)."""
    table = np.array(OVARIAN.split(), dtype=float).reshape(-1, 4)
    scores = {"albumin": table[:, 0], "protein": table[:, 1], "kg": 10 - table[:, 2]}
    return table[:, 3].astype(int), scores


@pytest.fixture
def spreads(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Standard errors and degrees of freedom that bounds were computed from, as they are."""
    from toolbox.stats import influence

    seen: list[Any] = []
    measured = influence.spread

    def watched(influences: Any, groups: Any) -> Any:
        seen.append(measured(influences, groups))
        return seen[-1]

    monkeypatch.setattr(influence, "spread", watched)
    return seen
