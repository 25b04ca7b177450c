"""Work that was a job of a batch system: panel, story and report name it, its nodes and node hours."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cli.show import show_outcome
from escalation.engine.concluding import conclude
from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.engine.runtime import Recorded
from escalation.model.amounts import Amounts
from escalation.model.attempt import Attempt, AttemptStatus
from escalation.model.case import CaseStatus
from escalation.model.problem import Problem, Target, Tier
from escalation.model.quote import Quote
from records.runtime import open_runtime
from records.views.report import render

LINE = "work 1: slurm job 42 in main on n[1-2]"
BATCH = {"system": "slurm", "job": "42", "place": "main", "nodes": "n[1-2]", "slurm_job_id": "42"}
PROBLEM = Problem(
    family="toy", instance={"numbers": [3, 1, 9]}, target=Target(metric="number", at_least=9), seed=4
)


def works(count: int) -> tuple[dict[str, Any], ...]:
    """One that was no job, then so many that were."""
    jobs = ({"ordinal": number, "provenance": {"batch": BATCH}} for number in range(1, count + 1))
    return ({"ordinal": 0, "provenance": {}}, *jobs)


def attempt(count: int) -> Attempt:
    return Attempt(
        number=0, tier=Tier.HPC, method="scan", backend="slurm:main", device_kind="classical", seed=1,
        quote=Quote(), status=AttemptStatus.FAILED, works=works(count),
        cost=Amounts(wall_s=45, cpu_s=90, node_h=0.025),
    )  # fmt: skip


@pytest.mark.parametrize(("count", "shown", "rest"), [(1, 1, ""), (9, 5, "and 4 more jobs")])
def test_the_panel_names_jobs_and_node_hours(count: int, shown: int, rest: str) -> None:
    case = prepare(PROBLEM, case_id="c")
    outcome = conclude(case, [attempt(count)], [], CaseStatus.ABSTAINED)
    screen = Console(file=io.StringIO(), width=160)
    show_outcome(screen, case.info, outcome)
    assert isinstance(screen.file, io.StringIO)
    said = screen.file.getvalue()
    assert said.count("slurm job 42 in main on n[1-2]") == shown
    assert f"hpc/scan, {LINE}" in said
    assert rest in said
    assert "0.025 h of nodes" in said


def test_the_report_names_them_beside_the_backend() -> None:
    case = prepare(PROBLEM, case_id="c")
    ended = conclude(case, [attempt(1)], [], CaseStatus.ABSTAINED)
    page = render(case, ended, (), Recorded("2026-11-23")).decode()
    assert f"<small>{LINE}</small>" in page
    assert '<th scope="col">Node h</th>' in page
    assert "<td>0.025</td>" in page


def test_the_story_names_them(home: Path, call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    with open_runtime() as runtime:
        solve(runtime, prepare(PROBLEM, case_id="c"))
    monkeypatch.setattr(Attempt, "jobs", (LINE,))
    assert f"   {LINE.replace('work', 'Work')}.\n" in call("explain", "c").out
