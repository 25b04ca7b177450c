"""The whole submission through a deployment: IBM's client, a practice service, a worker, Prefect's form."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from prefect.states import Cancelling

from deployments.practising import practice_environment
from escalation.model.case import CaseStatus
from escalation.model.submission import ApprovalState
from escalation.model.submission_states import SubmissionState as S
from flows.credential import credential
from practice import TOKEN, PracticeControl
from records.ledger.ledger import SqlLedger
from tests.deployments import patience

pytestmark = pytest.mark.timeout(900)  # the first of them waits for the server's migration

until = partial(patience.until, patience_s=300.0)
PROBLEM = {
    "family": "toy",
    "instance": {"numbers": [3, 1, 4, 1, 5, 9, 2, 6], "reach": 3},
    "target": {"metric": "number", "at_least": 3},
    "budget": {"usd": 100, "qpu_s": 100},
    "data_class": "public",
    "seed": 1,
}
POLICY = """\
policy: practised
summary: circuits that cost money
tiers: [quantum]
backends: {circuit_batch: "ibm_runtime:practice_boston"}
approvals:
  - id: money
    tier: quantum
    because: A person decides on money.
    unless: {fact: quote.usd, at_most: LIMIT USD}
submission: {wait_s: 900, on_stop: STOP}
"""


@pytest.fixture(autouse=True)
def _no_schedule(served: Any) -> Iterator[None]:
    """Nobody else looks after submissions here: a scheduled run could be at it when a test starts its own."""
    from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

    shown = {PREFECT_API_URL: served.url, PREFECT_API_AUTH_STRING: credential(served.home)}
    with temporary_settings(shown), get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("reconcile/tierwise")
        client.pause_deployment(deployment.id)
        yield
        client.resume_deployment(deployment.id)


@pytest.fixture
def practice(served: Any) -> PracticeControl:
    control = PracticeControl(served.practice)
    control.reset()
    return control


@pytest.fixture
def start(tmp_path: Path, on_server: Any) -> Callable[..., FlowRun]:
    """Triggers the deployment for a case under a policy of the test's own."""

    def run(case_id: str, *, free_usd: float = 100.0, on_stop: str = "leave") -> FlowRun:
        policy = tmp_path / f"{case_id}.yaml"
        policy.write_text(POLICY.replace("LIMIT", str(free_usd)).replace("STOP", on_stop))
        parameters = {"problem": PROBLEM, "policy": str(policy), "case_id": case_id}
        return triggered("escalate", parameters)

    return run


def triggered(flow: str, parameters: dict[str, Any]) -> FlowRun:
    run = run_deployment(f"{flow}/tierwise", parameters=parameters, timeout=0)
    assert isinstance(run, FlowRun)
    return run


def ended(client: SyncPrefectClient, run: FlowRun) -> Any:
    def final() -> Any:
        state = client.read_flow_run(run.id).state
        return state if state is not None and state.is_final() else None

    return until(final, "final state")


def fill_in(client: SyncPrefectClient, run: FlowRun, **fields: Any) -> None:
    """Fills the form in as Prefect's pages do, once it is there."""

    def resumed() -> bool:
        state = client.resume_flow_run(run.id, run_input=fields).state
        return state is not None and state.is_running()

    until(resumed, "form")


def paused(client: SyncPrefectClient, run: FlowRun) -> bool:
    state = client.read_flow_run(run.id).state
    return state is not None and state.is_paused()


def process_of(run: FlowRun) -> psutil.Process:
    """The process in which the worker runs it."""
    for process in psutil.process_iter():
        try:
            mine = process.environ().get("PREFECT__FLOW_RUN_ID") == str(run.id)
            if mine and "prefect" in " ".join(process.cmdline()):
                return process
        except psutil.Error:
            continue
    pytest.fail(f"no process of run {run.id}")


def submitted(ledger: SqlLedger, case_id: str) -> bool:
    return [row.state for row in ledger.submissions(case_id)] == [S.SUBMITTED]


def holding(places: list[Path], text: str) -> list[Path]:
    """The files under the places whose bytes hold the text."""
    files = [path for place in places for path in place.rglob("*") if path.is_file()]
    return [path for path in files if text.encode() in path.read_bytes()]


def test_after_a_kill_in_the_pause_the_same_question_is_asked_and_one_job_is_paid(
    start: Callable[..., FlowRun],
    client: SyncPrefectClient,
    ledger: SqlLedger,
    practice: PracticeControl,
    on_server: Any,
) -> None:
    first = start("asked-twice", free_usd=0)
    until(lambda: paused(client, first), "pause")
    # Killed while it makes MLflow's database, it would leave one that nobody can use.
    until(lambda: ledger.case("asked-twice").mlflow_run_id, "MLflow run")
    process_of(first).kill()
    assert ended(client, first).name == "Crashed"
    (question,) = ledger.approvals("asked-twice")
    second = start("asked-twice", free_usd=0)
    until(lambda: paused(client, second), "pause")
    assert [each.approval_id for each in ledger.approvals("asked-twice")] == [question.approval_id]
    assert practice.totals()["posts"] == 0
    fill_in(client, second, answer="approve", name="Ada", reason="to practise")
    state = ended(client, second)
    assert (state.type.value, state.name) == ("COMPLETED", "Accepted"), state.message
    totals = practice.totals()
    assert (totals["posts"], totals["accepted"], totals["paid"]) == (1, 1, 1)
    (used,) = ledger.approvals("asked-twice")
    assert (used.state, used.by) == (ApprovalState.USED, "Ada")
    (row,) = ledger.submissions("asked-twice")
    assert (row.state, row.usage_qpu_s) == (S.DONE, totals["charged_s"])
    assert ledger.case("asked-twice").outcome is not None
    assert "practice service" in json.dumps(ledger.case("asked-twice").outcome)
    # The token is in nothing that was written: Prefect's database and logs, ledger, store, MLflow, reports.
    assert holding([on_server.home, on_server.records], TOKEN) == []


def test_jobs_whose_runs_were_cancelled_in_the_pages_are_not_orphaned(
    start: Callable[..., FlowRun],
    client: SyncPrefectClient,
    ledger: SqlLedger,
    practice: PracticeControl,
) -> None:
    practice.reset(hold=True)
    runs = {policy: start(f"cancelled-{policy}", on_stop=policy) for policy in ("leave", "cancel")}
    until(lambda: all(submitted(ledger, f"cancelled-{policy}") for policy in runs), "submitted jobs")
    for run in runs.values():
        client.set_flow_run_state(run.id, Cancelling())
    before = {}
    for on_stop, run in runs.items():
        assert ended(client, run).name == "Cancelled"
        (before[on_stop],) = ledger.submissions(f"cancelled-{on_stop}")
        assert ledger.case(f"cancelled-{on_stop}").status is CaseStatus.INTERRUPTED
    assert [row.state for row in before.values()] == [S.SUBMITTED, S.SUBMITTED]
    assert [row.cancel_wanted for row in before.values()] == [False, True]
    practice.release()
    until(
        lambda: practice.totals()["completed"] + practice.totals()["cancelled_while_queued"] == 2,
        "end of both",
    )
    state = ended(client, triggered("reconcile", {}))
    assert (state.type.value, state.name) == ("COMPLETED", "Completed"), state.message
    for on_stop in runs:
        (row,) = ledger.submissions(f"cancelled-{on_stop}")
        assert (row.state, row.job_id) == (S.DONE, before[on_stop].job_id)
    totals = practice.totals()
    assert (totals["posts"], totals["accepted"], totals["paid"]) == (2, 2, 1)
    assert ledger.spent("cancelled-leave").qpu_s == totals["charged_s"]
    assert ledger.spent("cancelled-cancel").qpu_s == 0


def test_a_real_account_is_never_shown_to_a_practice_service() -> None:
    env = {"TIERWISE_IBM_TOKEN": "real", "TIERWISE_IBM_INSTANCE": "crn:real", "TIERWISE_USD_PER_QPU_S": "0.8"}
    needed = practice_environment("http://127.0.0.1:1", env)
    assert "real" not in " ".join(needed.values())
    assert needed["TIERWISE_USD_PER_QPU_S"] == "0.8"  # what the plan charges may be practised with
