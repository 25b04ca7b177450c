"""What is left out of the quick tests is named with its reason, and exists."""

from pathlib import Path

import pytest

from tests.slow import SLOW, why_slow

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("place", SLOW)
def test_a_slow_place_exists(place: str) -> None:
    assert (ROOT / place).exists()


def test_a_file_is_slow_where_its_folder_or_itself_is_named() -> None:
    assert why_slow("tests/flows/test_audit.py") == SLOW["tests/flows"]
    assert why_slow("tests/test_secrets.py") == SLOW["tests/test_secrets.py"]
    assert why_slow("tests/escalation/policy/test_router.py") == ""
    assert why_slow("tests/flowsome/test_other.py") == ""
