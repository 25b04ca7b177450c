"""An export shows what was changed in MLflow, without the ledger that it came from."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.inputs.settings import Settings
from escalation.model.errors import BadInput
from escalation.model.problem import Problem, Target
from escalation.policy.policy import parse_policy
from records.audit.exported import SITE, mlflow_findings
from records.export.exporting import bag
from records.runtime import open_runtime
from records.signing.keys import make_key
from records.tracking.places import tracking_place

POLICY = "policy: p\nsummary: AI alone.\ntiers: [ai]\nbackends: {local_call: local}\n"


def test_what_was_changed_in_mlflow_is_found_from_the_export_alone(
    new_home: Callable[[Path], Path], tmp_path: Path
) -> None:
    settings, elsewhere = Settings(home=new_home(tmp_path / "home")), Settings(home=tmp_path / "elsewhere")
    target = Target(metric="number", at_least=4)
    instance: Any = {"numbers": [3, 1, 4], "reach": 3}
    problem = Problem(family="toy", instance=instance, target=target)  # its data are withheld
    with open_runtime(settings) as runtime:
        solve(runtime, prepare(problem, parse_policy(POLICY), case_id="c"))
    with open_runtime(settings) as runtime:
        ledger: Any = runtime.ledger
        now = datetime.now(UTC)
        _, files = bag(ledger, runtime.store, settings, "c", key=make_key(settings), now=now)
    uri = tracking_place(settings).uri
    assert mlflow_findings(files, SITE, settings) == mlflow_findings(files, uri, elsewhere) == ()
    engine = create_engine(uri)
    with engine.begin() as connection:
        connection.execute(text("UPDATE latest_metrics SET value = 1000 WHERE key = 'certificate.value'"))
        connection.execute(text("UPDATE params SET value = 'quantum' WHERE key = 'tier'"))
    engine.dispose()
    found = mlflow_findings(files, uri, elsewhere)
    assert found == (
        "MLflow's run of case c: expected certificate.value 3.0 as in the export, got 1000.0",
        'MLflow\'s run of attempt 0 of case c: expected tier "ai" as in the export, got "quantum"',
        "MLflow's run of attempt 0 of case c: expected certificate.value 3.0 as in the export, got 1000.0",
    )
    with pytest.raises(BadInput, match=r"expected MLflow's database at .*, got no such file"):
        mlflow_findings(files, SITE, elsewhere)
    assert not (tmp_path / "elsewhere/mlflow.db").exists()
