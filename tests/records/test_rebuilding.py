"""MLflow's view made anew is the first one, in all but ids and times: runs, files, data sets, models."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.inputs.settings import Settings
from escalation.model.errors import BadInput
from escalation.model.problem import Problem
from escalation.policy.policy import parse_policy
from escalation.ports.registry import families
from records.audit.audit import audit_site
from records.rebuilding import rebuild_view
from records.runtime import open_records, open_runtime
from records.signing.keys import make_key
from records.tracking.client import open_client
from records.tracking.places import TrackingPlace, tracking_place

POLICY = """\
policy: view
summary: Free tiers alone.
tiers: [hpc, ai]
backends: {local_call: local, mpi_program: mpi}
"""
IDS = ("mlflow.parentRunId", "tierwise.model", "tierwise.writer")
"""Tags that name what MLflow made up, and the process that wrote."""
MADE_UP = re.compile(
    r"m-[0-9a-f]{32}|[0-9a-f]{32}|\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[.\d]*(\+00:00)?"
    r"|file://\S+|artifact_path: .*"
)
"""In MLflow's own files of a model: ids, times, places."""


def shown(place: TrackingPlace) -> list[Any]:
    """All that a reader sees, a run each, in the order of cases and attempts."""
    client, found = open_client(place), []
    ids = [each.experiment_id for each in client.search_experiments(filter_string="name LIKE 'tierwise/%'")]
    for run in client.search_runs(ids):
        name = client.get_experiment(run.info.experiment_id).name
        folder = Path(run.info.artifact_uri.removeprefix("file://"))
        tags = {name: value for name, value in run.data.tags.items() if name not in IDS}
        found.append({
            "run": (name, run.info.run_name, run.info.status, run.info.lifecycle_stage),
            "tags": tags,
            "params": run.data.params,
            "metrics": run.data.metrics,
            "datasets": [each.to_dictionary() for each in run.inputs.dataset_inputs],
            "models": [model(client, each.model_id) for each in run.outputs.model_outputs],
            "files": {str(file.relative_to(folder)): outcome(file) for file in files(folder)},
        })  # fmt: skip
    return sorted(found, key=lambda each: json.dumps(each["run"]))


def files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


def outcome(file: Path) -> bytes | Any:
    """The bytes; the outcome itself says under which id MLflow showed the case then."""
    if file.name != "outcome.json":
        return file.read_bytes()
    return {name: value for name, value in json.loads(file.read_bytes()).items() if name != "mlflow_run_id"}


def model(client: Any, model_id: str) -> Any:
    made = client.get_logged_model(model_id)
    folder = Path(made.artifact_location.removeprefix("file://"))
    told = {
        str(file.relative_to(folder)): (
            MADE_UP.sub("…", file.read_text()) if file.name == "MLmodel" else file.read_bytes()
        )
        for file in files(folder)
    }
    return made.name, str(made.status), made.model_type, dict(made.tags), told


@pytest.fixture
def solved(tmp_path: Path) -> Callable[[str], Settings]:
    """A home with the sample of a family solved in it, shown by MLflow as it went."""

    def make(family: str) -> Settings:
        descriptor, settings = families()[family], Settings(home=tmp_path / "home")
        make_key(settings)
        problem = Problem.model_validate(
            {"family": family, "instance": descriptor.sample, "target": descriptor.sample_target, "seed": 7}
        )
        with open_runtime(settings) as runtime:
            solve(runtime, prepare(problem, parse_policy(POLICY), case_id="c"))
        return settings

    return make


@pytest.mark.parametrize("family", sorted(families()))
def test_the_view_of_a_real_case_is_made_again_from_ledger_and_store(
    family: str, solved: Callable[[str], Settings], tmp_path: Path
) -> None:
    settings = solved(family)
    first = shown(tracking_place(settings))
    assert len(first) >= 2
    before = (settings.home / "mlflow.db").stat().st_mtime_ns
    made = rebuild_view(settings, f"sqlite:///{tmp_path}/again/mlflow.db", None)
    assert (made.cases, made.missing) == (1, ())
    assert shown(made.place) == first
    with open_records(settings) as (ledger, _):
        kinds = [event["kind"] for event in ledger.events("c")]
        assert kinds.count("case.run_linked") == 1  # the site's own view stays the one that is linked
    assert (settings.home / "mlflow.db").stat().st_mtime_ns == before


def test_the_sites_own_view_is_made_anew_and_linked_and_none_is_made_over_another(
    solved: Callable[[str], Settings], tmp_path: Path
) -> None:
    settings = solved("toy")
    first = shown(tracking_place(settings))
    with pytest.raises(BadInput, match="expected an MLflow without runs of this project"):
        rebuild_view(settings, None, None)
    moved = settings.model_copy(update={"tracking_uri": f"sqlite:///{tmp_path}/new.db"})
    assert rebuild_view(moved, None, None).missing == ()
    assert [each["run"] for each in shown(tracking_place(moved))] == [each["run"] for each in first]
    assert audit_site(moved).findings == ()  # each case's run is where the ledger says
