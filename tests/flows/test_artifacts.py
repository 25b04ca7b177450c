"""The titles of artifacts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.artifacts import key


@given(st.text(max_size=200))
def test_a_title_is_one_that_prefect_takes(about: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key("decisions", about))


@pytest.mark.parametrize(
    ("about", "title"),
    [
        ("classification breast_cancer", "answer-classification-breast-cancer"),
        ("optimisation max_cut G1", "answer-optimisation-max-cut-g1"),
        ("", "answer"),
    ],
)
def test_a_title_says_what_it_is_about(about: str, title: str) -> None:
    assert key("answer", about) == title
