"""Processes of a case are killed for real, and the records are those of a case that nobody disturbed."""

import json
import subprocess
import sys

import pytest

from bench.record_faults.points import POINTS, Victim
from escalation.inputs.settings import ROOT

LIMIT_S = 600.0
"""For a machine that does a dozen other things."""


def test_every_kind_of_process_that_a_case_has_is_killed_at_twenty_points_and_more() -> None:
    assert len({point.name for point in POINTS}) == len(POINTS) >= 20
    assert {point.victim for point in POINTS} == set(Victim)
    assert any(point.tracked for point in POINTS)


@pytest.mark.timeout(LIMIT_S)
@pytest.mark.parametrize(
    ("chosen", "cells"),
    [(("--only", "ledger", "--every", "5"), 9), (("--only", "before mlflow.create_run"), 1)],
)
def test_the_answer_is_the_same_and_nothing_in_the_records_does_not_fit(
    chosen: tuple[str, ...], cells: int
) -> None:
    command = ["unshare", "--mount", sys.executable, "-m", "bench.record_faults", "--json", *chosen]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["point"]: row["wrong"] for row in rows if row["wrong"]} == {}
    assert (done.returncode, len(rows)) == (0, cells), done.stderr
