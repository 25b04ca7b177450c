"""What was assumed about the data reaches the person: on the terminal, as JSON, on the flow run's page."""

import io
from pathlib import Path

import pytest

from cli.show import show_outcome
from cli.terminal import terminal
from escalation.engine.case import Case
from escalation.engine.concluding import conclude
from escalation.engine.opening import parse_problem, prepare
from escalation.model.case import CaseStatus, Outcome
from records.views.certificates import certificate_page

REMARK = "column 'copy' alone tells the classes apart on the open rows"


@pytest.fixture
def case(tmp_path: Path) -> Case:
    rows = "".join(f"{row * 7919 % 61},{1 - row % 2},{row % 2}\n" for row in range(120))
    (tmp_path / "t.csv").write_text(f"age,copy,ill\n{rows}")
    problem = {
        "family": "prediction",
        "instance": {"csv": "t.csv", "target": "ill"},
        "target": {"metric": "roc_auc", "at_least": 0.6},
    }
    return prepare(parse_problem(problem), folder=tmp_path)


@pytest.fixture
def outcome(case: Case) -> Outcome:
    return conclude(case, [], [], CaseStatus.HELD).model_copy(update={"paused": "for a person"})


def test_the_terminal_says_it(case: Case, outcome: Outcome) -> None:
    console = terminal()
    console.file, console.width = io.StringIO(), 300
    show_outcome(console, case.info, outcome)
    assert REMARK in console.file.getvalue()


def test_json_says_it(outcome: Outcome) -> None:
    assert any(remark.startswith(REMARK) for remark in outcome.summary()["remarks"])


def test_the_page_of_the_flow_run_says_it(outcome: Outcome) -> None:
    assert REMARK in certificate_page(outcome)
