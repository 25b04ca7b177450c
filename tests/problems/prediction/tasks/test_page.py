"""The page on what can be asked names every task with its fields and metrics, each from its side."""

import re

import pytest

from escalation.inputs.settings import ROOT
from problems.prediction.tasks.task import METRICS, TASKS, task

PAGE = (ROOT / "docs/how-to/what-can-be-asked.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TASKS)
def test_the_page_lists_the_fields_and_metrics_of_a_task(name: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}`"))
    fields, metrics = row.split("|")[3:5]
    assert set(re.findall(r"`(\w+)`", fields)) == set(task(name).fields)
    said = {
        metric: side
        for group, side in re.findall(r"((?:`\w+`,? ?)+)\(`(at_\w+)`\)", metrics)
        for metric in re.findall(r"`(\w+)`", group)
    }
    assert said == {metric: each.side for metric, each in task(name).metrics.items()}


@pytest.mark.parametrize("name", TASKS)
def test_names_of_metrics_that_need_no_import_are_those_of_the_task(name: str) -> None:
    assert set(METRICS[name]) == set(task(name).metrics)
