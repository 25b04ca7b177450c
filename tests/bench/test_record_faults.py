"""Processes of a case are killed for real, and the records are those of a case that nobody disturbed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.record_faults.points import POINTS, TURNS, Victim, turn
from escalation.inputs.settings import ROOT

LIMIT_S = 600.0
"""For a machine that does a dozen other things."""


def test_every_kind_of_process_that_a_case_has_is_killed_at_twenty_points_and_more() -> None:
    assert len({point.name for point in POINTS}) == len(POINTS) >= 20
    assert {point.victim for point in POINTS} == set(Victim)
    assert any(point.tracked for point in POINTS)


def test_all_turns_have_every_point_and_each_has_one_in_which_mlflow_takes_part() -> None:
    turns = [turn(number) for number in range(TURNS)]
    assert {point.name for each in turns for point in each} == {point.name for point in POINTS}
    assert {sum(point.tracked for point in each) for each in turns} == {1}
    assert min(len(each) for each in turns) >= 4


@pytest.mark.timeout(LIMIT_S)
def test_the_answer_is_the_same_and_nothing_in_the_records_does_not_fit(
    today: int, mlflow_database: Path
) -> None:
    chosen = ["--turn", str(today), "--mlflow", str(mlflow_database)]
    command = ["unshare", "--mount", sys.executable, "-m", "bench.record_faults", "--json", *chosen]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["point"]: row["wrong"] for row in rows if row["wrong"]} == {}
    assert (done.returncode, [row["point"] for row in rows]) == (
        0,
        [point.name for point in turn(today)],
    ), done.stderr
