"""The audit finds what was changed in the store and in MLflow, and is content with what was not."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.inputs.settings import Settings
from escalation.model.amounts import Amounts
from escalation.model.blob import Blob
from escalation.model.case import WorkKey
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.problem import Problem, Target
from escalation.model.result import RawResult
from escalation.policy.policy import parse_policy
from records.audit.audit import Audit, audit
from records.audit.tracked import tracked
from records.ledger.ledger import SqlLedger
from records.runtime import open_runtime
from records.tracking.cases import LEDGER
from records.tracking.places import tracking_place
from tests.records.conftest import KEY
from tests.records.ledger.test_tampering import CELLS

ON_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


@ON_SQLITE
def test_what_nobody_touched_is_as_the_ledger_says(filled: SqlLedger) -> None:
    events = len(filled.events())
    found = audit(filled, filled.store)  # type: ignore[arg-type]
    assert found.findings == ()
    assert found.events == events


@ON_SQLITE
@pytest.mark.parametrize("value", ["'{'", "'[1]'", "x'00ff'"])
def test_no_value_of_any_cell_ends_the_audit(paid: SqlLedger, url: str, value: str) -> None:
    engine = create_engine(url)
    for table, column in CELLS:
        if (table.name, column) == ("cases", "info") and value != "'[1]'":
            continue  # an index of it takes JSON alone
        with engine.begin() as connection:
            kept = connection.execute(text(f"SELECT rowid, {column} FROM {table.name}")).all()
            connection.execute(text(f"UPDATE {table.name} SET {column} = {value}"))
        found = audit(paid, paid.store).findings  # type: ignore[arg-type]
        assert any(f"expected the row {table.name} " in line for line in found), (table.name, column)
        with engine.begin() as connection:
            for row, before in kept:
                put_back = text(f"UPDATE {table.name} SET {column} = :before WHERE rowid = :row")
                connection.execute(put_back, {"before": before, "row": row})
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER events_no_update"))
        connection.execute(text(f"UPDATE events SET body = {value}"))
    found = audit(paid, paid.store).findings  # type: ignore[arg-type]
    assert any("its body is not JSON" in line for line in found)
    engine.dispose()


@ON_SQLITE
def test_an_audit_that_found_nothing_makes_a_checkpoint_and_tells_its_root(
    filled: SqlLedger, sql: Callable[..., None]
) -> None:
    found = audit(filled, filled.store)  # type: ignore[arg-type]
    [checkpoint] = filled.events("/checkpoints")
    assert f"root {checkpoint['body']['root']} over 2 heads at checkpoint 1" in found.said
    sql("UPDATE cases SET opened_at = '2020'")
    filled.spend(KEY, Amounts(usd=0.25))
    assert audit(filled, filled.store).checkpoint is None  # type: ignore[arg-type]
    assert len(filled.events("/checkpoints")) == 1


def kept(ledger: SqlLedger, data: bytes) -> Path:
    """Puts bytes into a result; returns their file."""
    key = WorkKey("c", 1, 0)
    ledger.open_case(ledger.case("c").info)
    ledger.intend(key, LocalCall("a:b", {"x": 2}, {"in": Blob(data + b"!")}), "local")
    ledger.settle(key, RawResult(JobState.DONE, files={"out": Blob(data)}))
    return ledger.store.path(Blob(data).digest)  # type: ignore[attr-defined, no-any-return]


@ON_SQLITE
@pytest.mark.parametrize("change", ["damage", "delete"])
def test_a_file_that_was_changed_or_is_gone_is_named(filled: SqlLedger, change: str) -> None:
    path = kept(filled, b"bytes")
    assert audit(filled, filled.store).findings == ()  # type: ignore[arg-type]
    os.chmod(path, 0o600)
    if change == "damage":
        path.write_bytes(b"other")
    else:
        path.unlink()
    [found] = audit(filled, filled.store).findings  # type: ignore[arg-type]
    assert path.name in found


@ON_SQLITE
def test_a_large_store_is_sampled_and_that_is_said(
    filled: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(filled, b"bytes")
    monkeypatch.setattr(filled.store, "audited_bytes", 1)
    found = audit(filled, filled.store)  # type: ignore[arg-type]
    assert (found.files, found.hashed) == (2, 1)
    assert "1 of 2 files hashed" in found.said


def test_what_was_changed_in_mlflow_is_named(new_home: Callable[[Path], Path], tmp_path: Path) -> None:
    from mlflow import MlflowClient

    settings = Settings(home=new_home(tmp_path / "home"))
    policy = "policy: p\nsummary: AI alone.\ntiers: [ai]\nbackends: {local_call: local, mpi_program: local}\n"
    policy = policy.replace(", mpi_program: local", "")
    instance: dict[str, Any] = {"numbers": [3, 1, 4], "reach": 3}
    problem = Problem(family="toy", instance=instance, target=Target(metric="number", at_least=4))
    with open_runtime(settings) as runtime:
        solve(runtime, prepare(problem, parse_policy(policy), case_id="c"))
    with open_runtime(settings) as runtime:
        run_id = runtime.ledger.case("c").mlflow_run_id
        found = audited(runtime, settings)
        assert (found.findings, found.runs) == ((), 1)
        client = MlflowClient(tracking_place(settings).uri)
        assert run_id is not None
        client.log_metric(run_id, "certificate.value", 1000.0)
        client.set_tag(run_id, "tierwise.status", "refused")
        said = "\n".join(audited(runtime, settings).findings)
        for name in ("certificate.value", "tierwise.status"):
            assert f"MLflow's run of case c: expected {name}" in said
        client.delete_run(run_id)
        [gone] = [line for line in audited(runtime, settings).findings if "attempt" not in line]
        assert gone.startswith(
            "MLflow has no run of case c, and the ledger names one: `tierwise ledger rebuild"
        )
        (settings.home / "mlflow.db").unlink()
        lost = audited(runtime, settings)
        [vanished] = lost.findings
        assert "is gone, and with it the runs of 1 case: `tierwise ledger rebuild-mlflow` makes" in vanished
        assert lost.runs == 0
        assert not (settings.home / "mlflow.db").exists()


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("params", "value", "'7'"),
        ("latest_metrics", "value", "7.5"),
        ("tags", "value", "'7'"),
        ("runs", "status", "'KILLED'"),
    ],
)
def test_every_value_that_mlflow_shows_of_a_case_is_compared(
    new_home: Callable[[Path], Path], tmp_path: Path, table: str, column: str, value: str
) -> None:
    settings = Settings(home=new_home(tmp_path / "home"))
    policy = "policy: p\nsummary: AI alone.\ntiers: [ai]\nbackends: {local_call: local}\n"
    problem = Problem(
        family="toy", instance={"numbers": [3, 1, 4], "reach": 3}, target=Target(metric="number", at_least=4)
    )
    with open_runtime(settings) as runtime:
        solve(runtime, prepare(problem, parse_policy(policy), case_id="c"))
    engine = create_engine(tracking_place(settings).uri)
    kept = ["mlflow.user", "mlflow.parentRunId", "mlflow.loggedArtifacts", "mlflow.runName"]
    kept += ["tierwise.writer", "tierwise.kind", "tierwise.attempt", "tierwise.signed_head", LEDGER]
    name = "name" if table == "runs" else "key"
    with engine.begin() as connection:
        rows = connection.execute(text(f"SELECT {name} FROM {table}")).scalars().all()
        changed = [each for each in rows if each not in kept]
        assert len(changed) > 1
        for each in changed:
            query = text(f"UPDATE {table} SET {column} = {value} WHERE {name} = :each")
            connection.execute(query, {"each": each})
    engine.dispose()
    with open_runtime(settings) as runtime:
        found = tracked(runtime.ledger, tracking_place(settings)).findings  # type: ignore[arg-type]
    said = "\n".join(found)
    for each in ["status", "status"] if table == "runs" else changed:
        assert f"expected {each} " in said
    assert len(found) >= len(changed)


def audited(runtime: Any, settings: Settings) -> Audit:
    """Audits what a runtime works with."""
    return audit(runtime.ledger, runtime.store, tracking_place(settings))
