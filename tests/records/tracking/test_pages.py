"""MLflow's pages are there to be looked at: nothing is changed by them."""

import re
import shutil
from pathlib import Path

import pytest
from werkzeug.test import Client

from escalation.model.errors import BadInput
from records.tracking.client import experiment_id, open_client
from records.tracking.pages import reads_only, run_page, tracking_pages
from records.tracking.places import TrackingPlace

# Read one by one in mlflow/server/handlers.py of MLflow 3.17.2.
ASK_BY_POST = {
    "experiments/search",
    "experiments/search-datasets",
    "logged-models/search",
    "registered-models/get-latest-versions",
    "runs/search",
    "datasets/search",
    "issues/search",
    "traces/batchGetInfos",
    "traces/metrics",
    "traces/search",
}


@pytest.fixture
def pages(mlflow_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    for name in ("_MLFLOW_SERVER_FILE_STORE", "_MLFLOW_SERVER_REGISTRY_STORE"):
        monkeypatch.setenv(name, "")  # what is set in the test is taken back
    shutil.copy(mlflow_database, tmp_path / "mlflow.db")
    place = TrackingPlace(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "artifacts")
    return Client(tracking_pages(place))


def test_the_pages_read_and_refuse_what_writes(pages: Client) -> None:
    first = pages.get("/")
    assert "<title>MLflow</title>" in first.text
    first.close()
    search = "/ajax-api/2.0/mlflow/experiments/search"
    before = pages.post(search, json={"max_results": 100}).get_json()
    for path, sent in {
        "/ajax-api/2.0/mlflow/experiments/create": {"name": "mine"},
        "/api/2.0/mlflow/experiments/create": {"name": "mine"},
        "/ajax-api/2.0/mlflow/experiments/delete": {"experiment_id": "0"},
    }.items():
        assert pages.post(path, json=sent).status_code == 403
    assert pages.post(search, json={"max_results": 100}).get_json() == before
    _every_way_in_is_known()


def _every_way_in_is_known() -> None:
    from mlflow.server import app

    ways = [
        (method, re.sub("<[^>]+>", "x", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}
    ]
    passed = {path for method, path in ways if method != "GET" and reads_only(method, path)}
    assert len(ways) > 300
    assert passed == {"/graphql", *(path for path in passed if path.partition("/mlflow/")[2] in ASK_BY_POST)}
    assert len(passed) == 1 + len(ASK_BY_POST)
    outwards = [(method, path) for method, path in ways if "/gateway" in path and "ajax" in path]
    outwards += [(method, path.replace("/", "//", number)) for method, path in outwards for number in (1, 9)]
    assert not any(reads_only(method, path) for method, path in outwards)


def test_an_experiment_is_marked_as_one_of_models_whenever_it_was_made(
    mlflow_database: Path, tmp_path: Path
) -> None:
    shutil.copy(mlflow_database, tmp_path / "mlflow.db")
    place = TrackingPlace(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "artifacts")
    client = open_client(place)
    old = client.create_experiment("tierwise/old")
    assert experiment_id(client, "old", None) == old
    for each in (old, experiment_id(client, "new", None)):
        assert client.get_experiment(each).tags["mlflow.experimentKind"] == "custom_model_development"
        run = client.create_run(each).info.run_id
        assert run_page(place, run) == f"#/experiments/{each}/runs/{run}?workflowType=machine_learning"


def test_a_server_of_mlflow_elsewhere_shows_its_own_pages() -> None:
    with pytest.raises(BadInput, match=r"its pages are at https://mlflow\.site\.example"):
        tracking_pages(TrackingPlace("https://mlflow.site.example", None))
