"""The model of a real case, used as the how-to says: by MLflow alone, in a process of its own."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cli.predict import predict_rows
from cli.solve import Showing, solve_files
from escalation.inputs.settings import ROOT
from escalation.ports.configuration import settings
from problems.prediction.models.artefact import scores
from records.runtime import open_records

PAGE = (ROOT / "docs/how-to/bring-your-own-table.md").read_text(encoding="utf-8")
REFUSED = """
import sys

class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("escalation", "toolbox", "problems", "records", "tasks"):
            raise ImportError(f"{name}: Tierwise is not installed here")

sys.meta_path.insert(0, Refused())
"""
LOOKED_AT = """
import json

table = pd.read_parquet("rows.parquet")
schema = {column.name: column.required for column in model.metadata.get_input_schema().inputs}
found = {
    "required": schema,
    "shown": list(scores),
    "all": list(model.predict(table)["score"]),
    "less": list(model.predict(table.drop(columns=[name for name in schema if not schema[name]]))["score"]),
}
json.dump(found, open("found.json", "w"))
"""


def visits() -> pd.DataFrame:
    """240 visits of 120 patients; who is old and sweet comes back."""
    random = np.random.default_rng(5)
    age, glucose = random.integers(40, 90, 240), random.normal(7, 2, 240).round(1)
    risk = (age - 65) / 8 + (glucose - 7) / 2 + random.normal(0, 0.7, 240)
    blank = random.uniform(size=(2, 240)) < 0.1
    return pd.DataFrame(
        {
            "visit_id": np.arange(1000, 1240),
            "patient_id": np.arange(240) // 2,
            "age": age,
            "glucose": np.where(blank[0], "-99", glucose.astype(str)),
            "ward": np.where(blank[1], "unknown", random.integers(1, 4, 240).astype(str)),
            "sex": random.choice(["f", "m"], 240),
            "readmitted": np.where(risk > 0, "yes", "no"),
        }
    )


@pytest.fixture
def solved(
    new_home: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """The page's own problem file beside a table that fits it, solved from that folder."""
    monkeypatch.setenv("TIERWISE_HOME", str(new_home(tmp_path / "mlruns")))
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    visits().to_csv("visits.csv", index=False)
    stated = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert stated is not None
    Path("visits.yaml").write_text(stated[1])
    assert (
        solve_files([Path("visits.yaml")], None, "readmission", engine="plain", showing=Showing(as_json=True))
        == 0
    )
    yield tmp_path
    settings.cache_clear()


def test_the_model_of_a_case_is_found_loaded_and_scores_as_the_certified_one(solved: Path) -> None:
    rows = visits()[["sex", "ward", "glucose", "age"]].replace({"-99": None, "unknown": None})
    rows = rows.assign(glucose=rows["glucose"].astype(float), age=rows["age"].astype(float))
    rows.to_parquet("rows.parquet")
    snippet = re.search(r"<!-- elsewhere -->\n```python\n(.*?)```", PAGE, re.DOTALL)
    assert snippet is not None
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    code = REFUSED + snippet[1] + LOOKED_AT
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120, cwd=solved, env=clean)
    found = json.loads((solved / "found.json").read_text())
    assert found["required"] == {"age": True, "sex": True, "glucose": False, "ward": False}
    assert len(found["shown"]) == 2
    assert all(0 <= score <= 1 for score in found["shown"])
    with open_records() as (ledger, _):
        candidate = next(each for _, each in ledger.attempts("readmission") if each is not None)
    model = str(candidate.values["model_format"]), candidate.files["model"].data
    assert found["all"] == scores(*model, rows).tolist()
    assert found["less"] == scores(*model, rows.assign(glucose=np.nan, ward=None)).tolist()
    given = visits().drop(columns="readmitted")
    given.to_csv("new.csv", index=False)
    assert predict_rows("readmission", Path("new.csv"), Path("predictions.csv"), as_json=False) == 0
    told = pd.read_csv("predictions.csv")["probability of yes"]
    assert told.tolist() == pytest.approx(found["all"], rel=1e-5)
