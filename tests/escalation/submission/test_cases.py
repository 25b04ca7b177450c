"""Whole cases whose quantum tier must be paid for: held, approved, waiting, taken up again."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from escalation.engine.certifying import drifts
from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.engine.reconcile import reconcile
from escalation.engine.runtime import Runtime
from escalation.inputs.settings import Settings
from escalation.model.amounts import Caps
from escalation.model.attempt import Done
from escalation.model.case import CaseStatus, Outcome
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.problem import DataClass, Problem, Target
from escalation.model.result import RawResult
from escalation.policy.policy import parse_policy
from escalation.testing.model_backend import ModelBackend
from escalation.testing.model_service import CHARGE_S, ModelService
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
from records.views.report import render

POLICY = """\
policy: paid
summary: The quantum tier alone, and a person decides on money.
tiers: [quantum]
backends: {circuit_batch: aer}
approvals:
  - id: money
    tier: quantum
    because: A person decides on money.
    unless: {fact: quote.usd, at_most: 1 USD}
submission: {wait_s: 5}
"""
FREE = POLICY.replace("at_most: 1 USD", "at_most: 100 USD")


class Untracked:
    """No tracking."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None


@pytest.fixture
def service() -> ModelService:
    return ModelService()


@pytest.fixture
def run(tmp_path: Path, service: ModelService) -> Iterator[Callable[[str], Outcome]]:
    """Each call is a new process that takes the case up."""
    opened: list[Runtime] = []

    def one(policy: str) -> Outcome:
        for before in opened:
            before.close()
        problem = Problem(
            family="toy",
            instance={"numbers": [3, 1, 4, 1, 5, 9, 2, 6], "reach": 3},
            target=Target(metric="number", at_least=9),
            budget=Caps(qpu_s=10, usd=20),
            data_class=DataClass.PUBLIC,
        )
        runtime = open_at(tmp_path, service)
        opened.append(runtime)
        return solve(runtime, prepare(problem, parse_policy(policy), case_id="c"))

    yield one
    for runtime in opened:
        runtime.close()


def open_at(home: Path, service: ModelService) -> Runtime:
    settings = Settings(home=home, poll_s=0.01, settle_s=0)
    store = FileStore(settings.store)
    runtime = Runtime(settings, SqlLedger(settings.ledger, store), store, Untracked(), render)
    runtime._backends["aer"] = ModelBackend(service)
    return runtime


def test_a_case_that_needs_a_persons_word_is_held_with_nothing_sent_and_goes_on_after_it(
    run: Callable[[str], Outcome], tmp_path: Path, service: ModelService
) -> None:
    held = run(POLICY)
    assert (held.status, service.jobs) == (CaseStatus.HELD, {})
    assert "tierwise approve c" in held.paused
    assert [asked.gate for asked in held.decisions[-1].asks] == ["money"]
    with_ledger = open_at(tmp_path, service)
    [asked] = with_ledger.ledger.approvals("c")
    assert asked.shown["cap_usd"] == pytest.approx(6.4)
    with_ledger.ledger.answer(asked.approval_id, granted=True, by="ada", reason="", now=asked.asked_at + 1)
    with_ledger.close()
    outcome = run(POLICY)
    assert (outcome.status, outcome.value) == (CaseStatus.ACCEPTED, 9.0)
    assert outcome.cost.qpu_s == CHARGE_S
    assert len(service.paid) == 1
    assert run(POLICY) == outcome


def test_below_the_threshold_nobody_is_asked(run: Callable[[str], Outcome], service: ModelService) -> None:
    assert run(FREE).status is CaseStatus.ACCEPTED
    assert len(service.paid) == 1


def test_a_case_whose_job_is_queued_for_long_waits_and_reconcile_makes_it_ready(
    run: Callable[[str], Outcome], tmp_path: Path, service: ModelService
) -> None:
    service.polls_to_run = 10**9
    waiting = run(FREE.replace("wait_s: 5", "wait_s: 0.1"))
    assert waiting.status is CaseStatus.WAITING
    runtime = open_at(tmp_path, service)
    assert reconcile(runtime).ready == ()
    service.polls_to_run = 0
    assert reconcile(runtime).ready == ("c",)
    assert runtime.ledger.submissions("c")[0].state == "done"
    runtime.close()
    assert run(FREE.replace("wait_s: 5", "wait_s: 0.1")).status is CaseStatus.ACCEPTED
    assert len(service.paid) == 1


def test_a_certificate_says_that_the_device_drifted() -> None:
    work = LocalCall("problems.toy.work:look")
    drift: dict[str, Any] = {"fidelity_lost": 0.25, "limit": 0.1, "beyond": True}
    beyond = Done(work, RawResult(JobState.DONE, provenance={"drift": drift}))
    within = Done(work, RawResult(JobState.DONE, provenance={"drift": {**drift, "beyond": False}}))
    assert drifts((within,)) == ()
    [said] = drifts((within, beyond))
    assert "work 1" in said
    assert "0.25" in said
