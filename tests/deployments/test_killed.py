"""Whatever of Prefect is killed in the middle of a case, the answer is that of an undisturbed case.

What dies under `tierwise serve` is started again, and works; one home is served once.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment

from bench.several_workers.plan import answer
from deployments.address import Address, free_port
from deployments.serve import Serving, serving
from deployments.setup import POOL
from deployments.watching import Api, troubles
from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.inputs.settings import Settings
from escalation.model.case import Outcome
from escalation.model.errors import BadInput, TierwiseError
from escalation.model.problem import Problem
from flows.credential import credential
from flows.engine import healthy
from records.ledger.ledger import SqlLedger
from records.runtime import open_runtime
from tests.deployments.patience import PATIENCE_S, until
from tests.deployments.test_serving import TOY

pytestmark = pytest.mark.timeout(900)
PROBLEM: Any = TOY | {"instance": {**TOY["instance"], "pause_s": 1.5}}  # type: ignore[dict-item]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The digest of the answer of a case that the plain driver solved in a home of its own."""
    with open_runtime(Settings(home=tmp_path_factory.mktemp("undisturbed"), tracking=0.0)) as runtime:
        return answer(solve(runtime, prepare(Problem.model_validate(PROBLEM))))


def killed(served: Any, what: str) -> None:
    """Kills a child as the system does when memory runs out, and has it started again."""
    guard = psutil.Process(next(each.pid for each in served.keeper.kept if each.name == what))
    (child,) = guard.children()
    child.kill()
    said: list[str] = served.said
    before = len(said)

    def again() -> bool:
        served.keeper.look()
        return any(f"the {what} was started again" in line for line in said[before:])

    until(again, f"restart of the {what}")
    assert any(f"WARNING: the {what} died" in line for line in said[before:])


def _of_run(run: FlowRun) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if process.environ().get("PREFECT__FLOW_RUN_ID") == str(run.id):
                yield process
        except psutil.Error:
            continue


def _taken_up(home: Path, case_id: str) -> Outcome | None:
    """The case's outcome, once it is final and whoever drives it has let go."""
    with open_runtime(Settings(home=home, tracking=0.0)) as runtime:
        try:
            found = solve(runtime, prepare(Problem.model_validate(PROBLEM), case_id=case_id))
        except TierwiseError:  # it is driven still
            return None
    return found if found.status.final else None


def test_everything_that_has_a_schedule_has_a_planned_run(on_server: Any) -> None:
    api = Api(on_server.url, credential(on_server.home))
    until(lambda: troubles(api, POOL) == [], "planned run of everything that has a schedule")


@pytest.mark.parametrize("victim", ["run", "worker", "server"])
def test_the_answer_is_the_same_and_the_records_fit(
    on_server: Any, ledger: SqlLedger, undisturbed: str, victim: str
) -> None:
    run = run_deployment("escalate/tierwise", parameters={"problem": PROBLEM}, timeout=0)
    assert isinstance(run, FlowRun)
    before = {record.info.case_id for record in ledger.cases()}

    def at_work() -> str | None:
        new = [each.info.case_id for each in ledger.cases() if each.info.case_id not in before]
        kinds = [event["kind"] for case_id in new for event in ledger.events(case_id)]
        return new[0] if "work.submitted" in kinds else None

    case_id = until(at_work, "case with work under way")
    if victim == "run":
        for process in list(_of_run(run)):
            process.kill()
    else:
        killed(on_server, victim)
        until(lambda: healthy(on_server.url, 5.0), "server that answers")
    found = until(lambda: _taken_up(on_server.records, case_id), "end of the case")
    assert answer(found) == undisturbed
    assert list(ledger.findings()) == []


def test_after_the_worker_and_the_server_were_killed_a_run_completes(on_server: Any) -> None:
    """By the worker and the server that were started again above."""
    run = run_deployment("reconcile/tierwise", timeout=PATIENCE_S, poll_interval=0.5)
    assert isinstance(run, FlowRun)
    assert run.state is not None
    assert run.state.is_completed(), run.state


def test_a_home_is_served_once(served: Any) -> None:
    with (
        pytest.raises(BadInput, match=rf"is served already at {served.url} by process \d+: stop that one"),
        serving(Serving(Address(free_port())), print, served.home),
    ):
        pass
