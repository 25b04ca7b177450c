"""What was checked is what is run: a problem's file is read once, directly and under Prefect."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cli import solve
from escalation.engine.opening import prepare
from escalation.model.problem import Problem
from escalation.ports.configuration import settings
from records.runtime import open_records

pytestmark = pytest.mark.timeout(900)  # the first of them waits for the server's migration

NOTHING_IS_OPEN = """\
policy: closed
summary: nothing is tried
tiers: [hpc]
backends: {local_call: local, mpi_program: mpi}
gates:
  - id: never
    tier: hpc
    because: There is no money, and it would cost some.
    when: {fact: budget.usd_left, at_least: 1 USD}
"""
ROWS = "age,dose,died\n" + "".join(
    f"{20 + row * row % 61},{row * 7 % 11},{row * 5 % 3 % 2}\n" for row in range(200)
)
_opened: list[str] = []
_listening: list[bool] = []


def _heard(event: str, given: tuple[Any, ...]) -> None:
    if event == "open" and _listening:
        _opened.append(str(given[0]))


sys.addaudithook(_heard)  # of all that Python opens; it cannot be taken away again, so it is told to listen


@pytest.fixture
def problem(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "table.csv").write_text(ROWS)
    (tmp_path / "policy.yaml").write_text(NOTHING_IS_OPEN)
    return {
        "family": "prediction",
        "instance": {"csv": "table.csv", "target": "died", "positive": "1"},
        "target": {"metric": "roc_auc", "at_least": 0.9},
        "budget": {"usd": 0},
    }


@pytest.fixture(params=["plain", "prefect"])
def run(
    request: pytest.FixtureRequest, tmp_path: Path, problem: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], int]:
    if request.param == "prefect":
        served = request.getfixturevalue("on_server")
        for name, value in served.environment.items():
            monkeypatch.setenv(name, value)
    else:
        monkeypatch.setenv("TIERWISE_HOME", str(request.getfixturevalue("new_home")(tmp_path / "home")))
        settings.cache_clear()
    path = tmp_path / "problem.json"
    path.write_text(json.dumps(problem | {"policy": "policy.yaml"}))

    def solved(case_id: str) -> int:
        case = f"{case_id}-{request.param}"
        return solve.solve_files(
            [path], None, case, engine=request.param, showing=solve.Showing(as_json=True)
        )

    return solved


def test_the_table_is_opened_once(run: Callable[[str], int], tmp_path: Path) -> None:
    _listening.append(True)
    try:
        assert run("once") == 3  # abstained
    finally:
        _listening.clear()
    assert [name for name in _opened if name == str(tmp_path / "table.csv")] == [str(tmp_path / "table.csv")]


def test_what_changes_after_the_check_changes_nothing_of_the_case(
    run: Callable[[str], int],
    problem: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    checked = prepare(Problem.model_validate(problem), tmp_path / "policy.yaml", folder=tmp_path)
    opened = solve._solver

    @contextmanager
    def edited(*given: Any) -> Iterator[Any]:
        (tmp_path / "table.csv").write_text(ROWS + "50,5,1\n")
        (tmp_path / "policy.yaml").write_text(NOTHING_IS_OPEN.replace("There is no money", "Not today"))
        with opened(*given) as solver:
            yield solver

    monkeypatch.setattr(solve, "_solver", edited)
    assert run("edited") == 3
    with open_records() as (ledger, _):
        [case] = [each for each in ledger.cases() if each.info.case_id.startswith("edited-")][:1]
    edited_since = prepare(Problem.model_validate(problem), tmp_path / "policy.yaml", folder=tmp_path)
    assert case.info.instance_digest == checked.info.instance_digest != edited_since.info.instance_digest
    assert case.info.policy_digest == checked.info.policy_digest != edited_since.info.policy_digest
