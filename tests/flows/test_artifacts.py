"""The keys of artifacts."""

import re

from hypothesis import given
from hypothesis import strategies as st

from flows.artifacts import key

IDS = st.text("abcXYZ019-_.", min_size=1, max_size=30)


@given(IDS)
def test_a_key_is_one_that_prefect_takes(case_id: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]*)*", key("decisions", case_id))


@given(IDS, IDS)
def test_two_cases_never_share_a_key(one: str, other: str) -> None:
    assert (key("decisions", one) == key("decisions", other)) == (one == other)
