"""With a bucket as store MLflow's files are in it, and a machine with another home sees them."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.inputs.settings import Settings
from escalation.policy.policy import parse_policy
from records.audit.audit import audit
from records.runtime import open_records, open_runtime
from records.tracking.client import open_client
from records.tracking.places import tracking_place
from tests.records.store.conftest import s3, s3_server
from tests.records.tracking.test_silence import AI_ALONE, PROBLEM

__all__ = ["s3", "s3_server"]
REGISTERED = """
from mlflow.store.artifact.artifact_repository_registry import get_registered_artifact_repositories as found
print([found()[scheme].__module__ for scheme in ("s3", "gs", "az")])
"""


@pytest.fixture
def place(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'shared.db'}"


def test_what_one_machine_logs_is_seen_by_another(s3: str, place: str, tmp_path: Path) -> None:
    homes = [Settings(home=tmp_path / name, store_url=s3, tracking_uri=place) for name in ("one", "two")]
    ledger = f"sqlite:///{tmp_path / 'ledger.db'}"
    first, other = (home.model_copy(update={"ledger_url": ledger}) for home in homes)
    with open_runtime(first) as runtime:
        solve(runtime, prepare(PROBLEM, parse_policy(AI_ALONE), case_id="c"))
    assert not (first.home / "artifacts").exists()
    client = open_client(tracking_place(other))
    with open_records(other) as (records, store):
        record = records.case("c")
        run = client.get_run(record.mlflow_run_id)
        assert run.info.artifact_uri.startswith(f"{s3}/mlflow-artifacts/toy/")
        names = {each.path: each.is_dir for each in client.list_artifacts(run.info.run_id)}
        assert (names["report.html"], names["decisions"]) == (False, True)
        got = Path(client.download_artifacts(run.info.run_id, "report.html", str(tmp_path)))
        assert record.outcome is not None
        assert got.read_bytes() == store.get(str(record.outcome["report"]))
        folder = Path(client.download_artifacts(run.info.run_id, "decisions", str(tmp_path)))
        assert len(list(folder.iterdir())) == len(records.decisions("c"))
        assert audit(records, store, tracking_place(other)).findings == ()


def test_files_are_logged_listed_and_removed_as_in_a_folder(s3: str, tmp_path: Path) -> None:
    (tmp_path / "in" / "a" / "b").mkdir(parents=True)
    for name in ("top", "a/one", "a/b/two"):
        (tmp_path / "in" / name).write_text(name)
    there: Any = get_artifact_repository(f"{s3}/run/artifacts")
    there.log_artifacts(str(tmp_path / "in"), "x")
    there.log_artifact(str(tmp_path / "in" / "top"))

    def told(path: str | None) -> list[tuple[str, bool, int | None]]:
        return [(each.path, each.is_dir, each.file_size) for each in there.list_artifacts(path)]

    assert told(None) == [("top", False, 3), ("x", True, None)]
    assert told("x") == [("x/a", True, None), ("x/top", False, 3)]
    assert told("x/a") == [("x/a/b", True, None), ("x/a/one", False, 5)]
    assert told("x/top") == told("nowhere") == []
    assert Path(there.download_artifacts("x/a/b/two")).read_text() == "a/b/two"
    there.delete_artifacts("x/a")
    assert sorted(there._bucket.names()) == ["top", "x/top"]
    there.delete_artifacts()
    assert list(there._bucket.names()) == []


def test_mlflow_finds_it_by_itself() -> None:
    """As when its pages are served by somebody who knows nothing of this project."""
    done = subprocess.run(
        [sys.executable, "-c", REGISTERED], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == str(["records.tracking.artifact_repository"] * 3)
