"""Dates are shown in one form, whatever they are kept as."""

import pytest

from escalation.text.moments import age, moment


@pytest.mark.parametrize(
    "at",
    [
        1795738140.0,  # date -u -d '2026-11-27 00:09' +%s
        "2026-11-27T00:09:00.123456+00:00",
        "2026-11-27T01:09:59+01:00",
        "2026-11-27T00:09:00Z",
        "2026-11-27T00:09:00",
    ],
)
def test_a_moment_is_shown_to_the_minute_in_utc(at: float | str) -> None:
    assert moment(at) == "2026-11-27 00:09 UTC"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "0 s"), (59, "59 s"), (90, "2 min"), (7200, "2 h"), (200_000, "2 d"), (-3, "0 s")],
)
def test_an_age_is_in_its_largest_unit(seconds: float, said: str) -> None:
    assert age(seconds) == said
