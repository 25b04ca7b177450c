"""Who writes to MLflow what another has just written, after looking for it in vain, loses nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlflow.store.tracking.dbmodels.models import SqlDataset, SqlParam
from sqlalchemy import event
from sqlalchemy.orm import Session

from escalation.model.case import CaseInfo
from records.tracking.cases import describe_run
from records.tracking.client import experiment_id
from records.tracking.writing import log
from tests.records.tracking.conftest import Tracking


def beaten(row: type, other: Callable[[], None], write: Callable[[], None]) -> None:
    """Writes, while another does between this one's look for such a row and its insert."""
    left = [other]

    def first(session: Session, *_: object) -> None:
        if left and any(isinstance(each, row) for each in session.new):
            left.pop()()

    event.listen(Session, "before_flush", first)
    try:
        write()
    finally:
        event.remove(Session, "before_flush", first)
    assert not left


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The view does not depend on the kind of the ledger's database."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def client(tracking: Tracking) -> Any:
    return tracking.client


@pytest.fixture
def runs(client: Any, tracking: Tracking) -> list[Any]:
    experiment = experiment_id(client, "toy", tracking.root)
    return [client.create_run(experiment, run_name=name) for name in ("a", "b")]


def test_two_cases_that_log_the_same_data_set_at_once_both_have_it(
    client: Any, runs: list[Any], make_info: Callable[..., CaseInfo]
) -> None:
    info, (mine, others) = make_info(), runs
    beaten(
        SqlDataset,
        lambda: describe_run(client, others, info, None),
        lambda: describe_run(client, mine, info, None),
    )
    for run in runs:
        (found,) = client.get_run(run.info.run_id).inputs.dataset_inputs
        assert found.dataset.digest == info.instance_digest[:36]
        assert [each.path for each in client.list_artifacts(run.info.run_id)].count("problem.json") == 1


def test_two_processes_that_catch_up_with_one_run_at_once_both_go_on(client: Any, runs: list[Any]) -> None:
    run_id = runs[0].info.run_id

    def write() -> None:
        log(client, run_id, params={"job": "j"}, metrics={"charged": 1.0}, tags={"bill": "final"}, at_ms=1)

    beaten(SqlParam, write, write)
    told = client.get_run(run_id).data
    assert (told.params, told.metrics, told.tags["bill"]) == ({"job": "j"}, {"charged": 1.0}, "final")
