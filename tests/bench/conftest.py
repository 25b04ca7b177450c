"""What is played in turns."""

import pytest


@pytest.fixture(scope="module")
def today(request: pytest.FixtureRequest) -> int:
    """The turn, the day's unless named: who runs the tests every day has played all after some of them."""
    turn: int = request.config.getoption("--turn")
    return turn
