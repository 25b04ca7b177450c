"""An outcome is read from the ledger alone: without its problem file, its family, or the store."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalation.engine.opening import prepare
from escalation.model.case import CaseStatus, Outcome
from escalation.model.decision import Action, Decision
from escalation.model.errors import BadInput
from escalation.model.problem import Problem, Target
from escalation.policy.policy import parse_policy
from escalation.ports import registry
from records.outcomes import outcome
from records.runtime import open_records, open_runtime
from tests.cli.conftest import LITTLE

Call = Callable[..., Any]
ROWS = ["asked", "answer", "proven", "rests", "cost", "case"]


def gone(*_: Any) -> Any:
    raise ImportError("the family is gone")


def test_show_prints_the_outcome_that_solve_returned_though_family_and_store_are_gone(
    solved: Outcome, home: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert solved.attempts
    monkeypatch.setattr(registry, "_families", gone)
    shutil.rmtree(home / "store")
    shown = call("show", "c", "--json")
    assert (shown.code, shown.err) == (0, "")
    # MLflow's id may have become known since
    later = outcome("c")
    assert Outcome.model_validate(json.loads(shown.out)) == later
    assert later.model_copy(update={"mlflow_run_id": None}) == solved.model_copy(
        update={"mlflow_run_id": None}
    )
    told = call("explain", "c")
    assert (told.code, told.err) == (0, "")
    assert "Asked: toy with number at least 9," in told.out
    assert "It was decided to try ai/two_looks on local" in told.out
    assert re.search(r"on \d{4}-\d\d-\d\d \d\d:\d\d UTC\.", told.out)
    assert told.out.endswith(f"report {solved.record}\n")


def test_show_prints_in_words_what_solve_printed_when_the_case_ended(
    solved: Outcome, home: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_families", gone)
    monkeypatch.setenv("COLUMNS", "60")
    shown = call("show", "c")
    assert (shown.code, shown.err) == (0, "")
    rows = [line.strip("│ ").partition(" ")[0] for line in shown.out.splitlines() if line.startswith("│ ")]
    assert [row for row in rows if row in ROWS] == ROWS
    assert f"╭─ {solved.status.upper()} ─" in shown.out
    assert "Find a number of at least 9 among 3" in shown.out
    assert solved.certificate is not None
    assert f"proven    number {solved.value:g} is proven" in shown.out
    assert shown.out.splitlines()[-2:] == [f"report {solved.record}", "why    tierwise explain c"]
    assert shown.out != call("explain", "c").out


def test_show_tells_the_remarks_on_the_data_of_a_case_that_has_ended_and_of_one_that_has_not(
    home: Path, call: Call
) -> None:
    problem = Problem(family="toy", instance={"numbers": [3, 1]}, target=Target(metric="number", at_least=2))
    with open_runtime() as runtime:
        for name in ("ended", "runs"):
            info = prepare(problem, parse_policy(LITTLE), name).info
            info = info.model_copy(update={"instance": {**info.instance, "remarks": ["look at it"]}})
            runtime.ledger.open_case(info)
        kept = Outcome(case_id="ended", status=CaseStatus.ABSTAINED, remarks=("look at it",))
        runtime.ledger.close_case("ended", kept.status, kept)
        for name in ("ended", "runs"):
            assert re.search(r"look at +look at it", call("show", name).out)


@pytest.mark.parametrize(
    ("many", "shown"),
    [
        (0, []),
        (3, ["sex = 0: chance", "sex = 1: chance", "sex = 2: chance"]),
        (5, ["sex = 0: chance", "sex = 1: chance", "sex = 2: chance", "… and 2 more in the report"]),
    ],
)
def test_show_says_where_the_answer_is_worse_than_it_sounds(
    home: Path, call: Call, many: int, shown: list[str]
) -> None:
    problem = Problem(family="toy", instance={"numbers": [3, 1]}, target=Target(metric="number", at_least=2))
    limits = tuple(f"sex = {number}: chance" for number in range(many))
    with open_runtime() as runtime:
        runtime.ledger.open_case(prepare(problem, parse_policy(LITTLE), "c").info)
        kept = Outcome(case_id="c", status=CaseStatus.ACCEPTED, answer=("3",), limits=limits)
        runtime.ledger.close_case("c", kept.status, kept)
    assert re.findall(r"^│ but +(.*?) +│$", call("show", "c").out, re.M) == shown


def test_a_case_recorded_before_there_was_an_about_line_is_shown_without(home: Path, call: Call) -> None:
    problem = Problem(family="toy", instance={"numbers": [3, 1]}, target=Target(metric="number", at_least=2))
    with open_runtime() as runtime:
        info = prepare(problem, parse_policy(LITTLE), "old").info
        runtime.ledger.open_case(info.model_copy(update={"title": "", "about": "", "asked": ""}))
        runtime.ledger.close_case(
            "old", CaseStatus.ABSTAINED, Outcome(case_id="old", status=CaseStatus.ABSTAINED)
        )
    shown = call("show", "old").out
    assert re.search(r"asked +toy +│", shown)
    assert "nothing to pay" in shown
    assert "number at least 2" in call("explain", "old").out


def test_of_a_case_that_has_not_ended_it_is_what_is_known(home: Path) -> None:
    problem = Problem(family="toy", instance={"numbers": [3, 1]}, target=Target(metric="number", at_least=2))
    decision = Decision(number=0, action=Action.ATTEMPT, rule="order", because="it is next")
    with open_runtime() as runtime:
        runtime.ledger.open_case(prepare(problem, parse_policy(LITTLE), "c").info)
        runtime.ledger.add_decision("c", decision)
        found = outcome("c")
        assert (found.status, found.decisions, found.attempts) == (CaseStatus.RUNNING, (decision,), ())
    assert outcome("c").status is CaseStatus.INTERRUPTED


def test_a_case_that_is_not_there_is_one_line(home: Path, call: Call) -> None:
    said = call("show", "nobody", "--json")
    assert (said.code, said.out) == (2, "")
    assert said.err.count("\n") == 1
    assert "nobody" in said.err
    with pytest.raises(BadInput, match="nobody"):
        outcome("nobody")


def test_reading_an_outcome_imports_no_prefect(home: Path) -> None:
    with open_records():
        pass
    code = "import sys; from records.outcomes import outcome; sys.exit('prefect' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
