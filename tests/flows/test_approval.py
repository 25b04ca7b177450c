"""A run pauses with a form where a person must approve; nothing is sent without a yes, nor asked twice."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterKey,
)
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import PrefectHTTPStatusError

from escalation.model.case import CaseStatus
from escalation.model.submission import ApprovalState
from escalation.model.submission_states import SubmissionState
from flows.escalate import escalate
from tests.deployments.patience import until

pytestmark = pytest.mark.timeout(900)  # the first of them waits for the server's migration

Paid = Any
Runs = Callable[[str], list[FlowRun]]
Meanwhile = Callable[[Callable[[], Any]], list[Any]]
PATIENCE_S = 180.0


def paused(runs: Runs, case_id: str) -> FlowRun:
    """Waits until the case's run is paused."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        for run in runs(case_id):
            if run.state is not None and run.state.is_paused():
                return run
        time.sleep(0.1)
    raise AssertionError(f"no run of {case_id} paused within {PATIENCE_S:.0f} s")


def fill_in(prefect: SyncPrefectClient, runs: Runs, case_id: str, **fields: Any) -> Any:
    """Fills the form in as Prefect's pages do; the server may not have its schema at once."""
    run = paused(runs, case_id)
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        result = prefect.resume_flow_run(run.id, run_input=fields)
        if "schema not found" not in str(getattr(result.details, "reason", "")):
            return result
        time.sleep(0.1)
    raise AssertionError("the form was never there")


def brief(prefect: SyncPrefectClient, runs: Runs, case_id: str) -> str:
    """What stands above the fields of the form; the server may not have it at once."""

    def shown() -> str | None:
        run = paused(runs, case_id)
        details = run.state.state_details if run.state else None
        if details is None or details.run_input_keyset is None:
            return None
        try:
            return str(
                json.loads(prefect.read_flow_run_input(run.id, details.run_input_keyset["description"]))
            )
        except PrefectHTTPStatusError:
            return None

    return str(until(shown, "form"))


def states(prefect: SyncPrefectClient, runs: Runs, case_id: str) -> list[str]:
    (run,) = runs(case_id)
    return [str(state.name) for state in prefect.read_flow_run_states(run.id)]


def test_a_yes_in_the_form_sends_exactly_what_was_shown(
    paid: Paid, paid_problem: Any, prefect: SyncPrefectClient, runs: Runs, meanwhile: Meanwhile
) -> None:
    def person() -> Any:
        assert "send" not in paid.service.calls
        shown = brief(prefect, runs, "yes")
        fill_in(prefect, runs, "yes", answer="approve", name="Ada", reason="worth it")
        return shown

    answers = meanwhile(person)
    outcome = escalate(
        paid_problem, policy=paid.policy(free_usd=1), case_id="yes", approval_wait_s=PATIENCE_S
    )
    assert outcome.status is CaseStatus.ACCEPTED, outcome
    (question,) = paid.ledger.approvals("yes")
    assert (question.state, question.by, question.reason) == (ApprovalState.USED, "Ada", "worth it")
    assert len(paid.service.paid) == 1
    assert states(prefect, runs, "yes")[-3:] == ["Paused", "Running", "Accepted"]
    said = answers[0].splitlines()
    assert max(map(len, said)) < 140, "the dialog is narrow"
    assert said[0] == f"**Send a job to aer? (payload {question.subject[:12]})**"
    assert said[2].startswith("- **At most 6.40 USD**, estimated ")
    assert said[3] == "- The data stay on this site."
    assert "- Asked by money: A person decides on money." in said
    # PATIENCE_S are three minutes, of which some seconds went by before the form was made.
    assert any(
        re.fullmatch(r"- Answer here within [23] min, or by `tierwise approve yes` until 20.*", line)
        for line in said
    )
    assert any(line.endswith("UTC; no answer means no.") for line in said)
    (run,) = runs("yes")
    (artifact,) = prefect.read_artifacts(
        artifact_filter=ArtifactFilter(
            key=ArtifactFilterKey(any_=["question-toy"]),
            flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]),
        )
    )
    assert "press ⋮ → Resume, or run `tierwise approve yes`" in str(artifact.description)
    page = str(artifact.data)
    assert "| device | aer |" in page
    assert "| shots in total | 16 |" in page
    assert "| which costs at most | 6.4 USD |" in page
    assert "| class of the data | public |" in page
    assert "money: A person decides on money." in page
    assert question.subject in page


def test_an_answer_that_says_nothing_is_asked_for_again_and_nothing_is_sent(
    paid: Paid, paid_problem: Any, prefect: SyncPrefectClient, runs: Runs, meanwhile: Meanwhile
) -> None:
    def person() -> list[str]:
        fill_in(prefect, runs, "again", answer="choose", name="", reason="hurry")  # what the page begins with
        until(lambda: "Not taken" in brief(prefect, runs, "again"), "form with what is wrong")
        told = brief(prefect, runs, "again").splitlines()[0]
        assert "send" not in paid.service.calls
        fill_in(prefect, runs, "again", answer="approve", name="Ada", reason="")
        return [told]

    answers = meanwhile(person)
    outcome = escalate(
        paid_problem, policy=paid.policy(free_usd=1), case_id="again", approval_wait_s=PATIENCE_S
    )
    assert outcome.status is CaseStatus.ACCEPTED, outcome
    assert answers == [["**Not taken: choose approve or deny and type your name**"]]
    assert len(paid.service.paid) == 1


def test_a_no_in_the_form_sends_nothing_and_the_case_goes_on_without(
    paid: Paid, paid_problem: Any, prefect: SyncPrefectClient, runs: Runs, meanwhile: Meanwhile
) -> None:
    meanwhile(lambda: fill_in(prefect, runs, "no", answer="deny", name="Ada", reason="too dear"))
    outcome = escalate(paid_problem, policy=paid.policy(free_usd=1), case_id="no", approval_wait_s=PATIENCE_S)
    assert outcome.status is CaseStatus.ABSTAINED
    (attempt,) = outcome.attempts
    assert "refused by Ada: too dear" in str(attempt.error)
    assert "send" not in paid.service.calls
    assert paid.ledger.submissions("no")[0].state is SubmissionState.REFUSED


def test_no_answer_in_time_is_no_and_the_question_stands_for_the_next_run(
    paid: Paid, paid_problem: Any, prefect: SyncPrefectClient, runs: Runs, meanwhile: Meanwhile
) -> None:
    policy = paid.policy(free_usd=1)
    held: Any = escalate(paid_problem, policy, "silence", approval_wait_s=1, return_state=True)
    assert (held.type.value, held.name) == ("COMPLETED", "Held")
    assert "tierwise approve silence" in held.message
    assert paid.ledger.case("silence").status is CaseStatus.HELD
    assert states(prefect, runs, "silence")[-3:] == ["Paused", "Running", "Held"]
    (question,) = paid.ledger.approvals("silence")
    assert question.state is ApprovalState.ASKED
    assert "send" not in paid.service.calls

    # The next run asks the same question, which another process answers while the run is paused.
    def elsewhere() -> None:
        paused(runs, "silence")
        paid.ledger.answer(question.approval_id, granted=True, by="Ada", reason="", now=paid.runtime.clock())

    meanwhile(elsewhere)
    outcome = escalate(paid_problem, policy, "silence", approval_wait_s=PATIENCE_S)
    assert outcome.status is CaseStatus.ACCEPTED
    assert [each.approval_id for each in paid.ledger.approvals("silence")] == [question.approval_id]
    assert len(paid.service.paid) == 1


def test_a_run_of_no_deployment_does_not_pause(
    paid: Paid, paid_problem: Any, prefect: SyncPrefectClient, runs: Runs
) -> None:
    outcome = escalate(paid_problem, paid.policy(free_usd=1), "from-a-program")
    assert outcome.status is CaseStatus.HELD
    assert "Paused" not in states(prefect, runs, "from-a-program")


def test_work_that_is_held_is_no_failed_task_and_every_stretch_is_a_task_run(
    paid: Paid, paid_problem: Any, prefect: SyncPrefectClient, runs: Runs
) -> None:
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags

    def tasks(case_id: str) -> list[tuple[str, str]]:
        tagged = FlowRunFilter(tags=FlowRunFilterTags(all_=[f"case:{case_id}"]))
        found = prefect.read_task_runs(flow_run_filter=tagged)
        return sorted((run.name, str(run.state_name)) for run in found)

    # the server makes its task runs from events, which come in after the run has ended
    def ended(case_id: str, states: set[str], names: set[str]) -> bool:
        found = tasks(case_id)
        return {state for _, state in found} == states and names <= {name for name, _ in found}

    escalate(paid_problem, paid.policy(free_usd=1), "tasks-held")
    until(lambda: ended("tasks-held", {"Completed", "Held"}, set()), "states of the task runs")
    assert ("quantum/dice work 0", "Held") in tasks("tasks-held")
    escalate(paid_problem, paid.policy(), "tasks-done")
    stretches = {"freeze", "authorise", "fence", "submit", "wait", "fetch", "settle", "bill"}
    until(lambda: ended("tasks-done", {"Completed"}, stretches), "task run of every stretch")
