"""What rows cannot show is said before any tier runs: as a fact and as a sentence."""

from pathlib import Path

import pytest

from cli.check import remarks
from escalation.engine.case import Case
from escalation.engine.checking import check_file
from escalation.engine.opening import parse_problem, prepare
from escalation.model.amounts import Caps
from escalation.model.facts import FactValue
from escalation.ports.fact_providers import FactContext

TABLE = "x,ill\n" + "".join(f"{row * 7919 % 61},{row % 2}\n" for row in range(80))
PROBLEM = "{family: prediction, instance: {csv: t.csv, target: ill}, target: {metric: roc_auc, at_least: %s}}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "t.csv").write_text(TABLE)
    return tmp_path


def case(folder: Path, at_least: float, policy: str = "default") -> Case:
    problem = {
        "family": "prediction",
        "instance": {"csv": "t.csv", "target": "ill"},
        "target": {"metric": "roc_auc", "at_least": at_least},
    }
    return prepare(parse_problem(problem), policy, folder=folder)


def facts(opened: Case) -> dict[str, FactValue | None]:
    context = FactContext(
        opened.problem, Caps(), opened.view, None, None, None, (), 0.0, 1, at_best=opened.at_best
    )
    named = (each for each in opened.family.facts() if "certifiable" in each.spec.name)
    return {each.spec.name: each.evaluate(context).value for each in named}


def test_a_target_beyond_what_the_rows_can_show_is_a_fact_and_a_remark(folder: Path) -> None:
    opened = case(folder, 0.9)
    assert opened.alpha == pytest.approx(0.05 / 3)
    found = facts(opened)
    assert found["data.target_certifiable"] is False
    assert found["data.certifiable_at_best"] == pytest.approx(0.852, abs=5e-4)  # of 32 sealed rows
    said = opened.info.remarks[0]
    assert said.startswith("on 32 rows kept aside")
    assert "no roc_auc above 0.8518 can be shown" in said


def test_a_target_that_the_rows_can_show_is_not_remarked_on(folder: Path) -> None:
    opened = case(folder, 0.8)
    assert facts(opened)["data.target_certifiable"] is True
    assert not any("kept aside" in remark for remark in opened.info.remarks)


def test_what_the_instance_is_does_not_depend_on_it(folder: Path) -> None:
    assert case(folder, 0.9).info.instance_digest == case(folder, 0.8).info.instance_digest
    assert case(folder, 0.9).view.digest == case(folder, 0.8).view.digest


def test_checking_a_file_says_it(folder: Path) -> None:
    (folder / "p.yaml").write_text(PROBLEM % 0.9)
    checked = check_file(folder / "p.yaml")
    assert not checked.complaints
    assert any("no roc_auc above 0.8518" in remark for remark in remarks(checked))


def test_families_that_cannot_tell_leave_it_unknown() -> None:
    toy = {"family": "toy", "instance": {"numbers": [1, 2]}, "target": {"metric": "number", "at_least": 1}}
    assert prepare(parse_problem(toy)).at_best is None
