"""The tracking's thread, and how names and nested data are written."""

import logging
from typing import Any

import pytest

from records.tracking.models import signature
from records.tracking.queue import TrackingWorker
from records.tracking.writing import flat, safe


def test_jobs_run_in_order_and_a_failed_one_stops_none(caplog: pytest.LogCaptureFixture) -> None:
    worker, seen = TrackingWorker(), []

    def fail() -> None:
        raise RuntimeError("first line\nsecond line")

    with caplog.at_level(logging.WARNING, logger="records.tracking.tracking"):
        for number in range(5):
            worker.put("a number", lambda number=number: seen.append(number))  # type: ignore[misc]
            worker.put("a failure", fail)
        assert worker.stop(30)
    assert seen == [0, 1, 2, 3, 4]
    assert [record.getMessage() for record in caplog.records] == [
        "MLflow could not be told of a failure: first line; ledger and store hold the whole record"
    ]


def test_stopping_does_not_wait_longer_than_it_may() -> None:
    import threading

    worker, gate = TrackingWorker(), threading.Event()
    seen: list[bool] = []
    worker.put("a long job", lambda: seen.append(gate.wait(60)))
    worker.put("another", lambda: seen.append(True))
    assert not worker.stop(0.01)
    assert seen == []
    gate.set()


def test_names_from_outside_cannot_leave_the_folder() -> None:
    assert [safe(name) for name in ("..", ".hidden", "a/b", "a b-1.npy")] == [
        "_",
        "_hidden",
        "a_b",
        "a b-1.npy",
    ]


def test_nested_data_become_dotted_names() -> None:
    assert flat("", {"a": {"b": 1, "c": {"d": None}}, "e": [2]}) == {"a.b": 1, "a.c.d": None, "e": [2]}


@pytest.mark.parametrize("columns", [None, [], "age", [{"name": "age"}], 3])
def test_without_described_columns_a_model_has_no_signature(columns: Any) -> None:
    assert signature(columns) is None
