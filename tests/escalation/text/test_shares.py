"""Shares of a hundred, each worked out by hand."""

import pytest

from escalation.model.problem import Target
from escalation.text.shares import of_100


@pytest.mark.parametrize(
    ("share", "target", "shown"),
    [
        (0.97136, Target(metric="m", at_least=0.97), "97"),
        (0.97136, Target(metric="m", at_least=0.9705), "97.1"),  # 97 would seem to miss what was reached
        (0.79999, Target(metric="m", at_least=0.8), "79"),
        (1.0, Target(metric="m", at_least=0.9), "100"),
        (0.0, Target(metric="m", at_least=0.9), "0"),
        (0.0203, Target(metric="m", at_most=0.05), "3"),
        (0.0203, Target(metric="m", at_most=0.0205), "2.03"),  # neither 3 nor 2.1 reaches it
        (0.0206, Target(metric="m", at_most=0.0205), "3"),
    ],
)
def test_a_share_is_never_rounded_so_that_it_looks_better(share: float, target: Target, shown: str) -> None:
    assert of_100(share, target) == shown
