"""Workers on machines of their own, killed at random: a small trial, and what its verdict would notice."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.several_workers import plan
from bench.several_workers.trial import HARM, Books, Trial, alone, books, site, verdict
from tests.debian import Missing
from tests.records.postgresql import programs

COUNT = 7
"""Four cases of local calls, two of paid circuits, one of an MPI program."""
root = pytest.mark.skipif(os.geteuid() != 0, reason="expected root, who alone may make namespaces")


@root
@pytest.mark.trial
@pytest.mark.timeout(900)
def test_workers_that_are_killed_on_machines_of_their_own_lose_nothing_and_pay_nothing_twice(
    tmp_path: Path,
) -> None:
    try:
        programs()
    except Missing as reason:
        if os.environ.get("CI"):
            pytest.fail(str(reason), pytrace=False)
        pytest.skip(str(reason))
    trial, expected = Trial(COUNT, harms=3, every_s=1.0, seed=5), alone(COUNT, tmp_path)
    assert len(expected) == len(set(expected.values())) == COUNT
    with site() as (shared, service):
        trial.run(shared, service, tmp_path)
        found = books(shared.settings(tmp_path / "reader"), service)
    assert verdict(COUNT, expected, found) == []
    assert trial.done == dict.fromkeys(HARM, 1)


RIGHT = Books(
    answers={plan.case_id(number): str(number) for number in range(3)},
    jobs={"tag": 1},
    submissions={"tag": "done"},
    billed_s=2.0,
    charged_s=2.0,
    events={},
    findings=(),
)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, []),
        ({"answers": {plan.case_id(0): "0", plan.case_id(1): "1"}}, [f"lost: {plan.case_id(2)}"]),
        ({"answers": {**RIGHT.answers, plan.case_id(2): "7"}}, [f"another answer: {plan.case_id(2)}"]),
        ({"jobs": {"tag": 2}}, ["job tag was accepted 2 times"]),
        ({"jobs": {"tag": 1, "more": 1}}, ["1 paid cases, 1 submissions, 2 jobs"]),
        ({"submissions": {"tag": "parked"}}, ["submission tag is parked"]),
        ({"charged_s": 4.0}, ["billed 2 s, charged 4 s"]),
        ({"findings": ("event 3 does not fit",)}, ["event 3 does not fit"]),
    ],
)
def test_what_is_lost_changed_or_paid_twice_is_noticed(change: Mapping[str, Any], said: list[str]) -> None:
    assert [plan.kind_of(number) for number in range(3)] == ["local", "paid", "local"]
    assert verdict(3, RIGHT.answers, replace(RIGHT, **change)) == said
