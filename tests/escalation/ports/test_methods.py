"""What a method does with results that it cannot do without."""

import pytest

from escalation.model.errors import TierwiseError
from escalation.model.job_state import JobState
from escalation.model.result import RawResult
from escalation.ports.methods import all_succeeded, succeeded

DONE, FAILED = RawResult(JobState.DONE), RawResult(JobState.FAILED, error="the fridge\nis warm")


def test_a_result_that_succeeded_is_returned() -> None:
    assert succeeded(DONE) is DONE
    assert all_succeeded((DONE, DONE), ("one", "two")) == (DONE, DONE)


def test_one_that_did_not_says_in_a_line_what_and_why() -> None:
    with pytest.raises(TierwiseError, match=r"^the work ended failed: the fridge is warm$"):
        succeeded(FAILED)
    with pytest.raises(TierwiseError, match=r"^two failed: the fridge is warm$"):
        all_succeeded((DONE, FAILED), ("one", "two"))
    with pytest.raises(TierwiseError, match="no reason given"):
        succeeded(RawResult(JobState.FAILED))


def test_one_for_several_is_a_mistake_of_the_driver() -> None:
    with pytest.raises(TypeError, match="expected one result, got 2"):
        succeeded((DONE, DONE))
    for sent in (DONE, (DONE,)):
        with pytest.raises(TypeError, match="expected 2 results, got 1"):
            all_succeeded(sent, ("one", "two"))
