"""What nobody waits for any more is looked after every five minutes, and cases that can go on do."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from prefect.artifacts import Artifact
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun

from escalation.engine.drive import solve
from escalation.engine.opening import parse_problem, prepare
from escalation.inputs.settings import Settings
from escalation.model.case import CaseStatus
from escalation.model.submission_states import SubmissionState, Who
from flows.escalate import escalate
from flows.lending import lending
from flows.reconcile import _go_on, reconcile
from records.runtime import open_records, open_runtime

pytestmark = pytest.mark.timeout(900)  # the first of them waits for the server's migration

Paid = Any
Runs = Callable[[str], list[FlowRun]]


class Killed(BaseException):
    """Ends a driver in the middle of a call."""


def rows(key: str) -> list[dict[str, str]]:
    table: Any = Artifact.get(key)
    found: list[dict[str, str]] = json.loads(table.data)
    return found


def left_by_a_dead_driver(paid: Paid, problem: Any, case_id: str) -> None:
    """The service accepted the job, and the driver died before it could know."""
    backend = paid.runtime._backends["aer"]
    send = backend.send

    def dying(*args: Any) -> Any:
        send(*args)
        raise Killed

    backend.send = dying
    case = prepare(parse_problem(problem), paid.policy(), case_id)
    with pytest.raises(Killed):
        solve(paid.runtime, case)
    backend.send = send


def test_a_job_of_a_dead_driver_is_adopted_settled_and_billed_and_its_case_goes_on(
    paid: Paid, paid_problem: Any, prefect: SyncPrefectClient
) -> None:
    paid.service.polls_to_run = 0
    left_by_a_dead_driver(paid, paid_problem, "dead-driver")
    state: Any = reconcile(return_state=True)
    (seen,) = state.result().seen
    assert (seen.before, seen.row.state) == (SubmissionState.SENDING, SubmissionState.DONE)
    assert (state.type.value, state.name) == ("COMPLETED", "Completed")
    assert state.message.startswith("1 submission looked after, 0 parked")
    (row,) = [row for row in rows("reconcile") if row["work"].startswith("dead-driver/")]
    assert (row["was"], row["now"], row["job"], row["charged"]) == ("sending", "done", "job-0", "3 s")
    assert (row["costs at most"], row["age"]) == ("6.40 USD", "0.0 h")
    of_run = FlowRunFilter(id=FlowRunFilterId(any_=[state.state_details.flow_run_id]))
    assert "look after dead-driver" in [run.name for run in prefect.read_task_runs(flow_run_filter=of_run)]
    # What was paid for is not left without an end: nothing of it is sent again.
    assert paid.ledger.case("dead-driver").status is CaseStatus.ACCEPTED
    assert paid.service.paid == ["job-0"]


def test_a_waiting_case_goes_on_in_the_same_run_when_its_job_is_done(paid: Paid, paid_problem: Any) -> None:
    paid.service.polls_to_run = 3
    policy, folder = paid.policy(wait_s=0.001), str(paid.folder)
    waiting: Any = escalate(paid_problem, policy, "waits", folder, return_state=True)
    assert (waiting.type.value, waiting.name) == ("COMPLETED", "Waiting")
    assert "`reconcile` goes on with it" in waiting.message
    first = reconcile()
    assert first.ready == ()
    paid.service.polls_to_run = 0
    second: Any = reconcile()
    assert second.ready == ("waits",)
    record = paid.ledger.case("waits")
    assert record.status is CaseStatus.ACCEPTED
    assert record.info.environment["folder"] == folder  # where relative paths of the instance start
    assert {"case": "waits", "ended": "accepted"}.items() <= rows("reconcile-cases")[0].items()
    assert paid.service.paid == ["job-0"]
    assert not reconcile().visits


def test_a_held_case_goes_on_after_an_answer_and_asks_nobody_in_reconcile(
    paid: Paid, paid_problem: Any
) -> None:
    escalate(paid_problem, paid.policy(free_usd=1), "held")
    assert reconcile().ready == ()
    (question,) = paid.ledger.approvals("held")
    paid.ledger.answer(question.approval_id, granted=True, by="Ada", reason="", now=paid.runtime.clock())
    paid.service.polls_to_run = 0
    assert reconcile().ready == ("held",)
    assert paid.ledger.case("held").status is CaseStatus.ACCEPTED


def test_a_parked_job_is_shown_first_and_left_to_a_person(paid: Paid, paid_problem: Any) -> None:
    paid.service.polls_to_run = 100
    for case_id in ("moving", "parked"):
        escalate(paid_problem, paid.policy(wait_s=0.001), case_id)
    (row,) = paid.ledger.submissions("parked")
    paid.ledger.move(row, SubmissionState.PARKED, paid.runtime.clock(), Who.PERSON, reason="by Ada")
    report = reconcile()
    assert (report.ready, report.errors) == ((), ())
    shown = rows("reconcile")
    assert (shown[0]["work"], shown[0]["now"], shown[0]["note"]) == (
        "parked/0/0", "PARKED: a person must look", "by Ada"
    )  # fmt: skip
    assert shown[1]["work"] == "moving/0/0"


def test_a_case_that_cannot_go_on_is_named_and_the_run_says_so(
    paid: Paid, paid_problem: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid.service.polls_to_run = 100
    escalate(paid_problem, paid.policy(wait_s=0.001), "stuck")
    backend: Any = paid.runtime._backends["aer"]
    monkeypatch.setattr(backend, "look", lambda _: 1 / 0)
    state: Any = reconcile(return_state=True)
    assert (state.type.value, state.name) == ("COMPLETED", "Incomplete")
    assert "stuck/0/0: ZeroDivisionError" in state.result().errors


def test_a_case_that_another_process_took_up_meanwhile_is_left_alone(paid: Paid, paid_problem: Any) -> None:
    paid.service.polls_to_run = 100
    escalate(paid_problem, paid.policy(wait_s=0.001), "taken-up")
    with open_records(paid.runtime.settings) as (other, _):
        other.open_case(paid.ledger.case("taken-up").info)
        assert _go_on(paid.runtime, "taken-up")["ended"] == "left alone"
        other.close_case("taken-up", CaseStatus.WAITING, None)


def test_without_anything_to_do_nothing_is_opened(on_server: Any, tmp_path: Any) -> None:
    with open_runtime(Settings(home=tmp_path)) as runtime, lending(runtime):
        state: Any = reconcile(return_state=True)
    assert state.message.startswith("no submissions looked after")
