"""A first model stands where the search behind it is ended by its time limit."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from sklearn.metrics import roc_auc_score

from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from escalation.model.errors import TierwiseError
from escalation.model.job_state import JobState
from escalation.model.output import Output
from escalation.model.problem import Target
from escalation.model.report import Report
from escalation.model.result import RawResult
from escalation.ports.methods import Method
from problems.prediction import first_answer
from problems.prediction.ai import boosting
from problems.prediction.ai.method import BoostedTrees
from problems.prediction.hpc import nested_cv
from problems.prediction.hpc.method import NestedCV
from problems.prediction.loading import load_rows
from problems.prediction.tables.instance import TableInstance, solver_view


@pytest.fixture(scope="module")
def instance() -> TableInstance:
    return load_rows({"dataset": "whas500"}, 1, Path())


@pytest.fixture(autouse=True)
def small_tables_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_answer, "CELLS", 100)


def made(work: Any) -> RawResult:
    inputs = {name: blob.data for name, blob in work.inputs.items()}
    if work.kind == "mpi_program":
        output = nested_cv.run(MPI.COMM_SELF, dict(work.params), inputs, Report())
    else:
        output = boosting.run(dict(work.params), inputs, Report())
    assert isinstance(output, Output)
    files = {name: Blob(data) for name, data in output.files.items()}
    return RawResult(JobState.DONE, output.values, files)


@pytest.mark.parametrize("method", [NestedCV(), BoostedTrees()], ids=lambda method: method.name)
def test_a_search_that_is_stopped_leaves_the_first_model_as_the_answer(
    instance: TableInstance, method: Method
) -> None:
    solving = method.solve(solver_view(instance, Target(metric="roc_auc", at_least=0.7)), 3)
    first = made(next(solving))
    solving.send(first)
    with pytest.raises(StopIteration) as ended:
        solving.send(RawResult(JobState.TIMED_OUT, error="stopped after 7 s"))
    candidate = ended.value.value
    assert isinstance(candidate, Candidate)
    assert candidate.files["model"] == first.files["model"]
    assert candidate.values["chosen"].endswith("the search was stopped by its time limit")
    assert candidate.notes["stopped_after"]["by"] == "stopped after 7 s"
    said = np.load(io.BytesIO(candidate.files["sealed_scores"].data))
    labels = instance.frame["__label__"].to_numpy()[instance.sealed_index]
    assert roc_auc_score(labels, said) > 0.7  # that of nested cross-validation is 0.78 to 0.81


@pytest.mark.parametrize("method", [NestedCV(), BoostedTrees()], ids=lambda method: method.name)
def test_where_the_first_model_was_stopped_too_that_is_said(instance: TableInstance, method: Method) -> None:
    solving = method.solve(solver_view(instance, Target(metric="roc_auc", at_least=0.7)), 3)
    next(solving)
    solving.send(RawResult(JobState.TIMED_OUT, error="stopped after 8 s, its time limit"))
    with pytest.raises(TierwiseError, match=r"after 1 s.*; its first model, before it: stopped after 8 s"):
        solving.send(RawResult(JobState.TIMED_OUT, error="stopped after 1 s, its time limit"))


def test_the_first_model_starts_on_one_rank_and_is_within_the_quote(instance: TableInstance) -> None:
    view = solver_view(instance, Target(metric="roc_auc", at_least=0.7))
    assert next(NestedCV(ranks=2).solve(view, 3)).resources.ranks == 1  # type: ignore[union-attr]


@pytest.mark.parametrize("method", [NestedCV(), BoostedTrees()], ids=lambda method: method.name)
def test_a_table_that_takes_seconds_is_searched_at_once(
    instance: TableInstance, method: Method, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = solver_view(instance, Target(metric="roc_auc", at_least=0.7))
    first = next(method.solve(view, 3))
    monkeypatch.setattr(first_answer, "CELLS", 10**6)
    assert next(method.solve(view, 3)) != first
