"""The family's facts."""

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from escalation.model.amounts import Caps
from escalation.model.blob import Blob
from escalation.model.facts import CostClass, Fact
from escalation.model.problem import Problem, Target
from escalation.ports.fact_providers import FactContext
from problems.prediction.facts import providers
from problems.prediction.tables.table import Column, TableView
from problems.prediction.tasks.task import Asking

NAMES = [
    "data.rows",
    "data.features",
    "data.minority_rows",
    "data.missing_fraction",
    "data.certifiable_at_best",
    "data.target_certifiable",
    "data.sealed_sites",
    "data.circuits_answer",
    "kernel.geometric_difference",
    "kernel.geometric_difference_error",
    "kernel.complexity_ratio",
    "kernel.concentration",
]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """As the local backend runs it."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def view() -> TableView:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(40, 3)), columns=["a", "b", "c"])
    frame.loc[:5, "a"] = np.nan
    frame["__label__"] = np.array([1] * 10 + [0] * 30, dtype="int8")
    frame["__group__"] = frame["__row__"] = [f"{i:064x}" for i in range(40)]
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    blob = Blob(buffer.getvalue())
    columns = tuple(Column(name, "number") for name in "abc")
    return TableView(columns, blob, blob, 40, 40, 10, Asking("binary", ("no", "yes")), "roc_auc")


def evaluate(view: TableView, method: Any = None) -> dict[str, Fact]:
    problem = Problem(family="prediction", instance={}, target=Target(metric="roc_auc", at_least=0.8))
    context = FactContext(problem, Caps(), view, method, None, None, (), 0.0, 3)
    return {provider.spec.name: provider.evaluate(context) for provider in providers()}


def test_the_table_is_described(view: TableView) -> None:
    found = evaluate(view)
    assert list(found) == NAMES
    values = {name: fact.value for name, fact in found.items()}
    assert values["data.rows"] == 40
    assert values["data.features"] == 3
    assert values["data.minority_rows"] == 10
    assert values["data.missing_fraction"] == pytest.approx(6 / 120)


def test_kernel_facts_are_computed_locally_and_once(view: TableView) -> None:
    from problems.prediction import facts

    facts._compute.cache_clear()
    found = evaluate(view)
    values = {name: fact.value for name, fact in found.items() if isinstance(fact.value, float)}
    assert values["kernel.geometric_difference"] >= 1.0 - 0.045
    assert values["kernel.geometric_difference_error"] > 0.0
    assert 0.0 < values["kernel.concentration"] < 0.25
    assert {fact.cost for name, fact in found.items() if name.startswith("kernel.")} == {CostClass.LOCAL}
    evaluate(replace(view))
    assert facts._compute.cache_info().misses == 1


def test_beyond_twelve_qubits_the_kernel_facts_are_unknown_and_the_rest_is_known(view: TableView) -> None:
    found = evaluate(replace(view, extra={"quantum_features": 13}))
    unknown = {name for name, fact in found.items() if fact.value is None and name.startswith("kernel.")}
    assert unknown == {name for name in NAMES if name.startswith("kernel.")}
    assert found["data.rows"].value == 40


def test_a_kernel_fact_that_cannot_be_computed_is_unknown_not_an_error(view: TableView) -> None:
    broken = evaluate(replace(view, open_rows=Blob(b"no table")))
    fact = broken["kernel.geometric_difference"]
    assert fact.value is None
    assert "failed to compute" in fact.note


class TwoClassesOnly:
    tasks = ("binary",)


def test_a_method_that_cannot_say_what_is_asked_opens_no_circuit(view: TableView) -> None:
    numbers = replace(view, asked=Asking("regression"), metric="mae")
    assert evaluate(view, TwoClassesOnly())["data.circuits_answer"].value is True
    found = evaluate(numbers, TwoClassesOnly())
    assert found["data.circuits_answer"].value is False
    assert found["kernel.geometric_difference"].value is None
    assert not found["kernel.geometric_difference"].note.startswith("failed")


def test_the_projected_kernel_answers_numbers_too(view: TableView) -> None:
    found = evaluate(replace(view, asked=Asking("regression"), metric="mae"))
    assert found["data.circuits_answer"].value is True
    difference, ratio = found["kernel.geometric_difference"].value, found["kernel.complexity_ratio"].value
    assert isinstance(difference, float)
    assert difference >= 1.0 - 0.045
    assert isinstance(ratio, float)
    assert ratio > 0
