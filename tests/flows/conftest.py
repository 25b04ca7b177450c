"""A toy case whose circuits cost money, on a service in memory; driven as flow runs on the shared server."""

import shutil
from collections.abc import Callable, Iterator
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags
from prefect.client.schemas.objects import FlowRun

from escalation.engine.runtime import Runtime
from escalation.inputs.settings import Settings
from escalation.ports.configuration import settings
from escalation.testing.model_backend import ModelBackend
from escalation.testing.model_service import ModelService
from flows.lending import lending
from records.ledger.ledger import SqlLedger
from records.runtime import open_runtime

POLICY = """\
policy: paid
summary: circuits that cost money
tiers: [quantum]
backends: {circuit_batch: aer}
approvals:
  - id: money
    tier: quantum
    because: A person decides on money.
    unless: {fact: quote.usd, at_most: LIMIT USD}
submission: {wait_s: WAIT}
"""
PROBLEM = {
    "family": "toy",
    "instance": {"numbers": [3, 1, 4, 1, 5, 9, 2, 6], "reach": 3},
    "target": {"metric": "number", "at_least": 9},
    "budget": {"usd": 20, "qpu_s": 20},
    "data_class": "public",
    "seed": 1,
}


@dataclass
class Paid:
    """The service, and a runtime whose circuits go there."""

    runtime: Runtime
    service: ModelService
    folder: Path

    @property
    def ledger(self) -> SqlLedger:
        ledger = self.runtime.ledger
        assert isinstance(ledger, SqlLedger)
        return ledger

    def policy(self, free_usd: float = 100.0, wait_s: float = 900.0) -> str:
        """A policy file: up to how many dollars nobody is asked, and how long a job is waited for."""
        path = self.folder / f"paid-{free_usd}-{wait_s}.yaml"
        path.write_text(POLICY.replace("LIMIT", str(free_usd)).replace("WAIT", str(wait_s)))
        return str(path)


@pytest.fixture
def paid_problem() -> dict[str, Any]:
    """Solved by `dice` alone, under `Paid.policy`."""
    return dict(PROBLEM)


@pytest.fixture(scope="module")
def paying_runtime(tmp_path_factory: pytest.TempPathFactory, mlflow_database: Path) -> Iterator[Runtime]:
    """One for a file's tests."""
    home = tmp_path_factory.mktemp("paid")
    shutil.copy(mlflow_database, home / "mlflow.db")
    with open_runtime(Settings(home=home, settle_s=0, poll_s=0.05)) as runtime:
        yield runtime


@pytest.fixture
def paid(on_server: Any, paying_runtime: Runtime, tmp_path: Path) -> Iterator[Paid]:
    service = ModelService()
    paying_runtime._backends["aer"] = ModelBackend(service)
    with lending(paying_runtime):
        yield Paid(paying_runtime, service, tmp_path)


@pytest.fixture
def own_records(on_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Records without the cases of other tests."""
    monkeypatch.setenv("TIERWISE_HOME", str(tmp_path))
    monkeypatch.setenv("TIERWISE_TRACKING", "off")
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


@pytest.fixture
def prefect(on_server: Any) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as client:
        yield client


@pytest.fixture
def runs(prefect: SyncPrefectClient) -> Callable[[str], list[FlowRun]]:
    """The flow runs of that case."""

    def find(case_id: str) -> list[FlowRun]:
        tagged = FlowRunFilter(tags=FlowRunFilterTags(all_=[f"case:{case_id}"]))
        return list(prefect.read_flow_runs(flow_run_filter=tagged))

    return find


@pytest.fixture
def meanwhile() -> Iterator[Callable[[Callable[[], Any]], list[Any]]]:
    """Does something in a thread while the test's own runs a flow; what it raises fails the test."""
    threads: list[Thread] = []
    raised: list[BaseException] = []

    def start(do: Callable[[], Any]) -> list[Any]:
        answers: list[Any] = []

        def run() -> None:
            try:
                answers.append(do())
            except BaseException as error:
                raised.append(error)

        thread = Thread(target=copy_context().run, args=(run,), daemon=True)
        thread.start()
        threads.append(thread)
        return answers

    yield start
    for thread in threads:
        thread.join(240)
    if raised:
        raise raised[0]
