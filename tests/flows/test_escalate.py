"""The Prefect driver, against a real server."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags

from escalation.engine.drive import solve
from escalation.engine.opening import parse_problem, prepare
from escalation.inputs.settings import Settings
from escalation.model.case import CaseStatus, Outcome
from escalation.model.errors import BadInput, CaseConflict
from escalation.model.job_state import JobState
from escalation.model.result import RawResult
from escalation.ports.configuration import settings
from escalation.text.drawings import pictures
from flows.artifacts import links_of
from flows.escalate import escalate
from flows.lending import lending
from flows.naming import case_of
from records.ledger.ledger import SqlLedger
from records.runtime import open_records, open_runtime
from records.store.files import FileStore
from records.views.answers import answer_page
from records.views.certificates import certificate_page
from records.views.decisions import decision_table

pytestmark = pytest.mark.timeout(900)  # the first of them waits for the server's migration

NUMBERS = [3, 1, 4, 1, 5, 9, 2, 6]


def toy(at_least: float = 9, **more: Any) -> Any:
    return {
        "family": "toy",
        "instance": {"numbers": NUMBERS, "reach": 3, **more},
        "target": {"metric": "number", "at_least": at_least},
        "data_class": "public",
        "seed": 1,
    }


@pytest.fixture
def ledger(on_server: Any) -> Iterator[SqlLedger]:
    ledger = SqlLedger(settings().ledger, FileStore(settings().store))
    yield ledger
    ledger.close()


class Heard:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def decided(self, decision: Any) -> None:
        self.said.append(f"{decision.action} {decision.method}")

    def progress(self, item: Any, progress: Any) -> None: ...

    def attempted(self, attempt: Any) -> None:
        self.said.append(f"judged {attempt.method}")


def test_the_policy_that_a_problem_names_is_used_where_the_parameter_names_none(ledger: SqlLedger) -> None:
    stated: Any = {**toy(3), "policy": "rehearsal"}
    assert escalate(stated, case_id="its-own").status is CaseStatus.ACCEPTED
    assert escalate(stated, policy="default", case_id="asked").status is CaseStatus.ACCEPTED
    assert [ledger.case(name).info.policy_name for name in ("its-own", "asked")] == ["rehearsal", "default"]


def test_called_from_python_it_returns_the_outcome_and_tells_the_caller(ledger: SqlLedger) -> None:
    heard = Heard()
    with lending(listener=heard):
        outcome = escalate(toy(), policy="default", case_id="from-python")
    assert isinstance(outcome, Outcome)
    assert (outcome.status, outcome.method, outcome.value) == (CaseStatus.ACCEPTED, "two_looks", 9)
    assert outcome.engine == "prefect"
    assert heard.said == [
        "attempt scan", "judged scan", "attempt two_looks", "judged two_looks", "accept two_looks"
    ]  # fmt: skip
    assert ledger.case("from-python").status is CaseStatus.ACCEPTED
    again = escalate(toy(), case_id="from-python")  # a finished case comes as it is
    assert again.decisions == outcome.decisions
    assert escalate(case_id="from-python").decisions == outcome.decisions  # by its record alone
    with get_client(sync_client=True) as client:
        tagged = FlowRunFilter(tags=FlowRunFilterTags(all_=["case:from-python"]))
        runs = client.read_flow_runs(flow_run_filter=tagged)
    assert [(run.name, run.state_name) for run in runs] == [("toy → ai", "Accepted")] * 3
    assert {case_of(run) for run in runs} == {"from-python"}


def test_when_a_run_has_ended_all_its_pages_are_there(on_server: Any) -> None:
    outcome = escalate(toy(), policy="default", case_id="with-pages")
    with get_client(sync_client=True) as client:
        tagged = FlowRunFilter(tags=FlowRunFilterTags(all_=["case:with-pages"]))
        found = client.read_artifacts(flow_run_filter=tagged)
    pages = {artifact.key: str(artifact.data) for artifact in found}
    pages.pop("progress-toy", None)  # work that ends at once has none
    report = Path(str(outcome.record)).read_text(encoding="utf-8")
    assert pages == {
        "decisions-toy": decision_table(outcome.decisions, outcome.attempts, outcome.target),
        "certificate-toy": certificate_page(outcome),
        "answer-toy": answer_page(outcome, pictures(report), links_of(outcome)),
    }


def test_a_case_that_no_tier_may_solve_is_completed_as_abstained(on_server: Any) -> None:
    state: Any = escalate(toy(at_least=100), return_state=True)
    assert (state.type.value, state.name) == ("COMPLETED", "Abstained")
    assert state.message.startswith(
        "Abstained. The target is not reached by hpc or ai: 9 reached, at least 100 asked for. "
        "Not tried: quantum. What a simulator of this site can hold"
    )
    with get_client(sync_client=True) as client:
        name = str(client.read_flow_run(state.state_details.flow_run_id).name)
    assert name == "toy → abstained: 9, not at least 100"


def test_work_that_the_machine_ends_again_and_again_crashes_the_run_and_the_case_goes_on(
    ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = RawResult(JobState.FAULT, error="a rank died: Killed (signal 9)")
    with monkeypatch.context() as patch:
        patch.setattr("backends.mpi.backend.MpiBackend.result", lambda *_: fault)
        state: Any = escalate(toy(), case_id="killed", return_state=True)
    assert (state.type.value, state.name) == ("CRASHED", "Interrupted")
    assert "a rank died: Killed (signal 9)" in state.message
    assert ledger.case("killed").status is CaseStatus.INTERRUPTED
    assert escalate(toy(), case_id="killed").status is CaseStatus.ACCEPTED


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (toy() | {"family": "nix"}, "unknown family 'nix': expected one of "),
        (toy() | {"budget": {"usd": -1}}, "problem: budget.usd: "),
        ({"family": "toy"}, "problem: instance: expected, but missing"),
    ],
)
def test_bad_input_fails_the_run_with_one_line(on_server: Any, problem: Any, message: str) -> None:
    state: Any = escalate(problem, return_state=True)
    assert (state.type.value, state.name) == ("FAILED", "BadInput")
    assert state.message.startswith(message)
    assert "\n" not in state.message
    with pytest.raises(BadInput, match="^" + message.replace(".", r"\.")):
        escalate(problem)


def test_a_case_id_of_another_problem_is_refused(on_server: Any) -> None:
    escalate(toy(), case_id="taken")
    with pytest.raises(CaseConflict):
        escalate(toy(at_least=8), case_id="taken")


NOON = 1_781_000_000.0
"""A time that both drivers take for now: the age of a calibration is a fact of decisions."""


def _events(home: Settings) -> Counter[tuple[str, int | None]]:
    """Kinds of events by attempt, uncounted order: work that runs at once may settle in either."""
    with open_records(home) as (ledger, _):
        ledger.verify()
        return Counter((event["kind"], event["body"].get("attempt")) for event in ledger.events("both"))


def _comparable(outcome: Outcome) -> list[Any]:
    """Everything of a case but what differs from run to run: times, engine, paths."""
    attempts = [
        attempt.model_dump(mode="json", exclude={"cost", "works"})
        | {
            "works": [
                (work["ordinal"], work["work"], work["state"], work["result"]) for work in attempt.works
            ]
        }
        for attempt in outcome.attempts
    ]
    return [outcome.status, [decision.to_json() for decision in outcome.decisions], attempts]


@pytest.mark.parametrize("at_least", [9, 100])
def test_the_plain_and_the_prefect_driver_leave_the_same_records(
    on_server: Any, new_home: Callable[[Path], Path], tmp_path: Path, at_least: float
) -> None:
    ours, theirs = (Settings(home=new_home(tmp_path / name)) for name in ("plain", "prefect"))
    with open_runtime(ours) as runtime:
        runtime.clock = lambda: NOON
        plain = solve(runtime, prepare(parse_problem(toy(at_least)), case_id="both"))
    with open_runtime(theirs) as runtime, lending(runtime):
        runtime.clock = lambda: NOON
        with_prefect = escalate(toy(at_least), case_id="both")
    assert _comparable(plain) == _comparable(with_prefect)
    assert _events(ours) == _events(theirs)


RUN = """
import sys
from flows.escalate import escalate
escalate({problem!r}, case_id={case_id!r})
"""


def test_after_kill_9_the_same_case_goes_on_and_repeats_no_finished_work(
    ledger: SqlLedger, on_server: Any
) -> None:
    case_id, problem = "killed-by-9", toy(pause_s=5)
    code = RUN.format(problem=problem, case_id=case_id)
    environment = {**os.environ, **on_server.environment, "TIERWISE_TRACKING": "off"}
    run = subprocess.Popen([sys.executable, "-c", code], env=environment)

    def happened() -> Counter[tuple[str, int]]:
        return Counter((event["kind"], event["body"].get("attempt", -1)) for event in ledger.events(case_id))

    while not happened()["work.submitted", 1]:
        assert run.poll() is None, "ended before it could be killed"
        time.sleep(0.05)
    run.send_signal(signal.SIGKILL)
    run.wait()
    before = happened()
    assert before["work.settled", 0] == 1
    assert ledger.attempts(case_id), "the first attempt was finished"
    outcome = escalate(problem, case_id=case_id)
    after = happened()
    assert outcome.status is CaseStatus.ACCEPTED
    assert after["work.wanted", 0] == after["work.submitted", 0] == after["work.settled", 0] == 1
    assert after["work.settled", 1] == 2
    assert ledger.verify() > 0
