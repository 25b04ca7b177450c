"""A report that was pruned is no broken page: it says when and by which rule, and where to look instead."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployments.front.report_pages import report_pages
from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.model.problem import Problem, Target
from escalation.policy.policy import parse_policy
from escalation.ports.configuration import settings
from records.retention.pruning import prune
from records.retention.rule import Retention
from records.runtime import open_runtime
from records.store.files import FileStore
from tests.records.retention.conftest import AT_ONCE, age

POLICY = """\
policy: little
summary: for tests
tiers: [ai]
backends: {local_call: local, mpi_program: mpi, circuit_batch: aer}
"""


def asked(path: str) -> tuple[str, str]:
    """The status and the page."""
    told: list[str] = []

    def start_response(status: str, _: Any) -> Callable[[bytes], None]:
        told.append(status)
        return told.clear  # type: ignore[return-value]

    page = b"".join(report_pages({"REQUEST_METHOD": "GET", "PATH_INFO": path}, start_response))
    return told[0], page.decode()


def test_a_report_that_was_pruned_says_so(
    new_home: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIERWISE_HOME", str(new_home(tmp_path / "home")))
    monkeypatch.setenv("TIERWISE_TRACKING", "off")
    settings.cache_clear()
    problem = Problem(
        family="toy", instance={"numbers": [3, 1]}, target=Target(metric="number", at_least=3), seed=1
    )
    with open_runtime() as runtime:
        assert solve(runtime, prepare(problem, parse_policy(POLICY), "c")).status.final
        assert asked("/c")[0] == "200 OK"
        store: Any = runtime.store
        ledger: Any = runtime.ledger
        assert isinstance(store, FileStore)
        age(store)
        assert prune(ledger, store, Retention({}, AT_ONCE), by="ada").files > 0
    status, page = asked("/c")
    assert status == "410 Gone"
    assert "the report of case c is not there any more: " in page
    assert "under the rule: kept 1e-09 days after the end of the case" in page
    assert asked("/nobody")[0] == "404 Not Found"
    settings.cache_clear()
