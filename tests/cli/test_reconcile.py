"""`tierwise reconcile`: what it tells of what it found and did."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from escalation.engine.runtime import Runtime
from escalation.model.submission_states import SubmissionState as S
from escalation.testing.model_backend import ModelBackend

Make = Callable[..., Any]
Call = Callable[..., Any]


class Untracked:
    """No tracking."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


@pytest.fixture
def left(desk: Make, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A submission whose driver died after the job was accepted."""
    made = desk(leave_after=0.01)
    made.service.polls_to_run = 10_000
    assert "still submitted" in made.run()
    made.ledger.let_go("c")

    @contextmanager
    def opened() -> Iterator[Runtime]:
        runtime = Runtime(made.settings, made.ledger, made.store, Untracked(), lambda *_, **__: b"")
        runtime._backends["model"] = ModelBackend(made.service)
        yield runtime

    monkeypatch.setattr("cli.reconcile.open_runtime", opened)
    return made


def test_a_job_that_is_done_is_fetched_and_billed(left: Any, call: Call) -> None:
    left.service.polls_to_run = 0
    said = call("reconcile")
    assert (said.code, left.row.state) == (0, S.DONE)
    assert "c/0/0 is done on model, job job-0" in said.out
    assert "charged 3.0 s, 4.80 USD" in said.out
    assert "fetch: fetched; settle: settled; bill: done" in said.out
    assert "no submission is open" in call("reconcile").out


def test_a_job_that_still_runs_is_left_and_json_says_so(left: Any, call: Call) -> None:
    said = call("reconcile", "--json")
    found = json.loads(said.out)
    assert (said.code, found["visits"][0]["seen"][0]["row"]["state"]) == (0, "submitted")


def test_a_service_that_does_not_answer_is_an_error_told_and_exit_1(left: Any, call: Call) -> None:
    left.service.faults = {"look": ["down"]}
    said = call("reconcile")
    assert (said.code, left.row.state) == (1, S.SUBMITTED)
    assert "connection reset" in said.out


def test_a_case_that_somebody_runs_is_left_alone(left: Any, call: Call) -> None:
    left.ledger.take_over("c")
    assert "left alone" in call("reconcile").out
