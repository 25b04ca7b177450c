"""A real server, everything deployed, and a worker that executes what is triggered."""

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    FlowRunFilter,
    FlowRunFilterId,
)
from prefect.client.schemas.objects import Artifact, FlowRun
from prefect.deployments import run_deployment
from prefect.states import Cancelling
from prefect.variables import Variable

from deployments.setup import make_pool, make_variables, stated
from escalation.engine.opening import parse_problem
from escalation.inputs.settings import ROOT
from escalation.model.case import CaseStatus
from escalation.ports.registry import families, resolve
from flows.forms import stated as stated_problem
from flows.naming import case_of
from records.ledger.ledger import SqlLedger
from records.outcomes import outcome
from tests.deployments.patience import PATIENCE_S, until

pytestmark = pytest.mark.timeout(900)  # the first of them waits for the server's migration

TOY = {
    "family": "toy",
    "instance": {"numbers": [3, 1, 4, 1, 5, 9, 2, 6], "reach": 3},
    "target": {"metric": "number", "at_least": 9},
    "data_class": "public",
    "seed": 1,
}


def _artifacts(client: SyncPrefectClient, run: FlowRun) -> dict[str, Artifact]:
    mine = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]))
    of_run = FlowRunFilter(id=FlowRunFilterId(any_=[run.id]))
    found = client.read_artifacts(artifact_filter=mine, flow_run_filter=of_run)
    return {str(each.key): each for each in found}


def test_entry_points_are_modules_that_import_as_flows() -> None:
    for each in stated():
        module, _, name = each["entrypoint"].rpartition(".")
        assert isinstance(getattr(importlib.import_module(module), name), Flow)


def test_every_flow_is_deployed_once_in_the_work_pool(client: SyncPrefectClient) -> None:
    found = client.read_deployments()
    assert sorted(str(each.entrypoint) for each in found) == sorted(each["entrypoint"] for each in stated())
    assert {each.work_pool_name for each in found} == {"tierwise"}
    assert not any(each.path or each.pull_steps for each in found)  # no path of this machine


def test_prefect_deploy_all_and_setup_may_be_run_again(client: SyncPrefectClient, on_server: Any) -> None:
    before = {each.entrypoint: each.id for each in client.read_deployments()}
    Variable.set("tierwise_extra_devices", ["aer"], overwrite=True)
    make_pool()
    make_variables()
    assert Variable.get("tierwise_extra_devices") == ["aer"]  # what somebody has set stays
    Variable.set("tierwise_extra_devices", [], overwrite=True)
    import os

    done = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"],
        cwd=ROOT, env={**os.environ, **on_server.environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {each.entrypoint: each.id for each in client.read_deployments()} == before


def test_every_family_found_has_a_form_whose_example_runs_as_it_stands(client: SyncPrefectClient) -> None:
    for descriptor in families().values():
        found = client.read_deployment_by_name(f"{descriptor.verb}/tierwise")
        assert (found.entrypoint, found.description) == (f"flows.entry.{descriptor.verb}", descriptor.summary)
        schema: Any = found.parameter_openapi_schema
        shown = dict(defaults(schema["properties"], schema["definitions"]))
        family = resolve(descriptor.family)()
        problem = parse_problem(stated_problem(descriptor, shown))
        family.check_target(problem.target)
        assert family.load(problem.instance, problem.seed, Path.cwd()).about()


def defaults(fields: dict[str, Any], models: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What Prefect's page has filled in: a field's default, or those of the model it shows."""
    for name, field in fields.items():
        model = models.get(field.get("$ref", "").rpartition("/")[2], field)
        if "default" in field:
            yield name, field["default"]
        elif below := model.get("anyOf", [model])[0].get("properties"):  # the tab that is open
            yield name, dict(defaults(below, models))


@pytest.mark.parametrize(
    ("flow", "cron"),
    [
        ("calibration", "17 * * * *"),
        ("reconcile", "*/5 * * * *"),
        ("audit", "43 2 * * *"),
        ("recheck", "13 3 * * *"),
        ("overview", "0 6 * * 1"),
    ],
)
def test_what_nobody_triggers_is_scheduled(client: SyncPrefectClient, flow: str, cron: str) -> None:
    (schedule,) = client.read_deployment_by_name(f"{flow}/tierwise").schedules
    assert schedule.active
    assert getattr(schedule.schedule, "cron", None) == cron


def fields_of(schema: dict[str, Any], models: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field that the page asks for, on whatever tab."""
    for tab in schema.get("anyOf", [schema]):
        for name, field in tab.get("properties", {}).items():
            model = models.get(field.get("$ref", "").rpartition("/")[2], {})
            merged = {**model, **field}
            if "properties" in merged or "properties" in merged.get("anyOf", [{}])[0]:
                yield from fields_of(merged, models)
            else:
                yield name, merged


def test_no_field_of_a_familys_form_is_a_box_of_json_or_a_switch(client: SyncPrefectClient) -> None:
    for descriptor in families().values():
        schema: Any = client.read_deployment_by_name(f"{descriptor.verb}/tierwise").parameter_openapi_schema
        fields = list(fields_of(schema, schema["definitions"]))
        assert {"policy", "seed", "usd", "case_id"} < {name for name, _ in fields}
        for name, field in fields:
            kinds = field.get("anyOf", [field])
            assert {each.get("type") for each in kinds} <= {"string", "number", "integer", "array"}, name
            assert len({each["title"] for each in kinds}) == len(kinds), name
            assert field["title"] != name, name
            said = field.get("description", "")
            assert len(field.get("enum", ())) == 1 or (said.endswith(".") and "&" not in said), name


@pytest.mark.parametrize(
    ("flow", "choices", "required"),
    [
        (
            "prediction",
            {"metric": "roc_auc", "dataset": "whas500", "data_class": "public"},
            {"table", "target"},
        ),
        ("optimise", {"kind": "appointments", "metric": "gap", "data_class": "public"}, {"work", "target"}),
    ],
)
def test_choices_are_drop_downs_and_what_is_needed_is_marked(
    client: SyncPrefectClient, flow: str, choices: dict[str, str], required: set[str]
) -> None:
    schema: Any = client.read_deployment_by_name(f"{flow}/tierwise").parameter_openapi_schema
    found: dict[str, set[str]] = {}
    for name, field in fields_of(schema, schema["definitions"]):
        found.setdefault(name, set()).update(field.get("enum", ()))
    assert {name: choice in found[name] for name, choice in choices.items()} == dict.fromkeys(choices, True)
    assert set(schema["required"]) == required


def test_the_tutorials_way_to_run_a_deployment_and_read_what_it_came_to(on_server: Any) -> None:
    page = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
    snippet = re.search(r"<!-- elsewhere -->\n```python\n(.*?)```", page, re.DOTALL)
    assert snippet is not None
    said: dict[str, Any] = {}
    exec(snippet[1], said)
    assert (said["found"].status, said["found"].value) == (CaseStatus.ACCEPTED, 4.0)


def test_the_worker_executes_a_triggered_run(
    client: SyncPrefectClient, ledger: SqlLedger, on_server: Any
) -> None:
    run = run_deployment(
        "escalate/tierwise", parameters={"problem": TOY}, timeout=PATIENCE_S, poll_interval=0.5
    )
    assert isinstance(run, FlowRun)
    assert run.state is not None
    assert (run.state.name, run.state.type.value) == ("Accepted", "COMPLETED")
    assert run.state.message is not None
    assert run.state.message.startswith("Accepted. The target is reached by ai")
    assert client.read_flow_run(run.id).name == "toy → ai"
    case_id = case_of(run)
    record = ledger.case(case_id)
    assert record.status is CaseStatus.ACCEPTED
    found = outcome(case_id)  # what came back, for who asked
    assert (found.status, found.value, found.engine) == (CaseStatus.ACCEPTED, 9.0, "prefect")
    assert record.info.environment["engine"] == "prefect"
    assert ledger.verify() > 0
    artifacts = _artifacts(client, run)
    table = str(artifacts["decisions-toy"].data)
    assert "| Tried **hpc**: scan on mpi." in table.replace("\\", "")
    assert "| **Accepted**: ai, two_looks on local |" in table.replace("\\", "")
    assert "CERTIFIED" in str(artifacts["certificate-toy"].data)


def _is_rank_of(process: psutil.Process, records: Path) -> bool:
    """Whether a process is a rank, or what started one, for runs with these records."""
    try:
        ours = process.environ().get("TIERWISE_HOME") == str(records)
    except psutil.Error:
        return False
    return ours and "backends.mpi" in " ".join(process.info["cmdline"] or ())


def _forking(records: Path) -> psutil.Process | None:
    """What forks the runs of the worker with these records, once it has imported what they need."""
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or ["-"]
        try:
            ours = process.environ().get("TIERWISE_HOME") == str(records)
        except psutil.Error:
            continue
        if ours and "deployments.forked.warm" in words and Path(words[-1]).exists():
            return process
    return None


def test_a_cancelled_run_leaves_an_interrupted_case_and_no_process(
    client: SyncPrefectClient, ledger: SqlLedger, on_server: Any
) -> None:
    forking = until(lambda: _forking(on_server.records), "process that forks runs")
    slow = TOY | {"instance": {**TOY["instance"], "pause_s": 600}}  # type: ignore[dict-item]
    run = run_deployment("escalate/tierwise", parameters={"problem": slow}, timeout=0)
    assert isinstance(run, FlowRun)

    def progress() -> Artifact | None:
        return next((a for key, a in _artifacts(client, run).items() if key.startswith("progress-")), None)

    bar = until(progress, "progress artifact")
    assert str(bar.description).startswith("hpc/scan on mpi, part 1")
    case_id = case_of(client.read_flow_run(run.id))
    work = [p for p in psutil.process_iter(["cmdline"]) if _is_rank_of(p, on_server.records)]
    assert work, "the ranks of the run's world"
    forks = forking.children()
    assert forks, "the run itself"
    client.set_flow_run_state(run.id, Cancelling())
    final = until(
        lambda: (now := client.read_flow_run(run.id)).state and now.state.is_final() and now.state,
        "final state",
    )
    assert final.name == "Cancelled"
    assert ledger.case(case_id).status is CaseStatus.INTERRUPTED
    _, alive = psutil.wait_procs([*work, *forks], timeout=60)
    assert alive == []
