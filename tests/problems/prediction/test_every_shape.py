"""Every tier's method ends with a model on tables of every shape: by time, by group, rare classes, wide."""

import io
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from escalation.model.errors import BadInput
from escalation.model.output import Output
from escalation.model.problem import Target
from escalation.model.report import Report
from problems.prediction.ai import boosting
from problems.prediction.ai import method as ai
from problems.prediction.hpc.method import NestedCV
from problems.prediction.loading import load_rows
from problems.prediction.quantum import method as quantum
from problems.prediction.quantum import projected, training
from problems.prediction.tables.instance import solver_view
from problems.prediction.tables.table import TableView
from toolbox.arrays import npy

PROGRAM = """
import json, sys
from pathlib import Path
from mpi4py import MPI
from escalation.model.report import Report
from problems.prediction.hpc.nested_cv import run
for folder in sorted(Path(sys.argv[1]).iterdir()):
    inputs = {name: (folder / name).read_bytes() for name in ("open_rows", "sealed_rows")}
    try:
        output = run(MPI.COMM_SELF, json.loads((folder / "params").read_text()), inputs, Report())
        said = json.dumps({"plan": output.values["plan"], "files": sorted(output.files)}, allow_nan=False)
    except Exception as error:
        said = json.dumps({"failed": f"{type(error).__name__}: {error}"})
    (folder / "said").write_text(said)
"""


@dataclass(frozen=True)
class Shape:
    """A table: how many rows, the share of positives, in which order they come, how rows belong together."""

    rows: int
    rate: float = 0.4
    order: str = ""  # `early` or `late`: when most of the positives come
    time: bool = False
    groups: str = ""  # `few`, `giant` (one of them has two rows in five), `spans` (neighbours in time)
    columns: int = 3
    metric: str = "roc_auc"

    def view(self, folder: Path) -> TableView:
        place = np.arange(self.rows)
        random = np.random.default_rng(self.rows)
        share: dict[str, Any] = {
            "": 1.0,
            "early": np.where(place < self.rows * 0.3, 2.2, 0.4),
            "late": 2.0 * place / self.rows,
        }
        frame = pd.DataFrame(random.normal(size=(self.rows, self.columns)).round(5)).add_prefix("x")
        frame["begun"] = np.where(place < self.rows * 0.4, np.nan, frame["x0"])  # not measured at first
        frame["kind"] = random.choice(["a", "b", "c"], self.rows)
        frame["ill"] = (random.random(self.rows) < self.rate * share[self.order]).astype(int)
        fields: dict[str, Any] = {"csv": "t.csv", "target": "ill"}
        if self.time:
            frame["day"], fields["time"] = place, "day"
        if self.groups:
            fields["group"] = "patient"
            frame["patient"] = place // 4 if self.groups == "spans" else random.integers(0, 60, self.rows)
            if self.groups == "giant":
                frame.loc[random.random(self.rows) < 0.4, "patient"] = 0
        frame.to_csv(folder / "t.csv", index=False)
        instance = load_rows(fields, 1, folder)
        return solver_view(instance, Target(metric=self.metric, at_least=0.6))


SHAPES = [
    Shape(120, 0.5, time=True),  # forward folds within forward folds have a 24th of the open rows
    Shape(170, 0.5, "early", time=True, metric="balanced_accuracy"),
    Shape(400, 0.3, time=True, groups="spans", metric="accuracy"),
    Shape(400, 0.4, groups="giant", metric="accuracy"),
    Shape(500, 0.16, "early", time=True),
    Shape(700, 0.08, "late", time=True, metric="specificity"),
    Shape(420, 0.5, "early", time=True, groups="spans"),
    Shape(220, 0.3, time=True, columns=160),
    Shape(3000, 0.03, "early", time=True),
]
IDS = [f"{s.rows}{'-time' * s.time}{s.groups and '-' + s.groups}-{s.order}{s.columns}" for s in SHAPES]


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> list[TableView]:
    folder = tmp_path_factory.mktemp("tables")
    return [shape.view(folder) for shape in SHAPES]


@pytest.fixture(scope="module")
def nested(views: list[TableView], tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the MPI program says of every table, with few settings; three outer folds
    but where training sets are smallest, and all numbers of neighbours there and where the test looks."""
    folder = tmp_path_factory.mktemp("nested")
    for number, view in enumerate(views):
        place = folder / f"{number:02d}"
        place.mkdir()
        work = NestedCV()._work(view, 1)
        plan = dict(work.params["plan"])
        grids = {"ridge": plan["grids"]["ridge"][2:3], "svm_rbf": [{"C": 1.0, "gamma": 0.1}]}
        neighbours = plan["grids"]["nearest_neighbours"]
        few = neighbours if number in (0, 1, 3) else neighbours[-1:]
        plan |= {"grids": {**grids, "nearest_neighbours": few}}
        if number > 1:
            plan |= {"outer_folds": 3}
        plan |= {"replicates": 10, "outer_repeats": 1}
        (place / "params").write_text(json.dumps({**work.params, "plan": plan}))
        (place / "open_rows").write_bytes(view.open_rows.data)
        (place / "sealed_rows").write_bytes(view.sealed_rows.data)
    subprocess.run([sys.executable, "-c", PROGRAM, str(folder)], check=True, timeout=300)
    return [json.loads((place / "said").read_text()) for place in sorted(folder.iterdir())]


@pytest.mark.parametrize("number", range(len(SHAPES)), ids=IDS)
def test_nested_cross_validation_ends_with_a_model(nested: list[dict[str, Any]], number: int) -> None:
    said = nested[number]
    assert "failed" not in said, said
    assert {"model", "sealed_scores", "train_rows"} <= set(said["files"])


def test_no_more_neighbours_are_asked_for_than_the_smallest_training_set_has(
    nested: list[dict[str, Any]], views: list[TableView]
) -> None:
    assert views[0].n_open == 72  # an outer fold trains on 12 rows at first, an inner one on 6 of 24 or more
    asked = [each["n_neighbors"] for each in nested[0]["plan"]["grids"].get("nearest_neighbours", [])]
    assert all(neighbours <= 12 for neighbours in asked)
    assert [each["n_neighbors"] for each in nested[3]["plan"]["grids"]["nearest_neighbours"]]


@pytest.mark.parametrize("number", range(len(SHAPES)), ids=IDS)
def test_boosted_trees_end_with_a_model(views: list[TableView], number: int) -> None:
    view = views[number]
    work = ai.work(view, 1)
    few = {"configurations": 1, "finalists": 1, "trees": 4, "max_rounds": 4}
    budgets = {name: {**work.params[name], **few} for name in ("selection", "sets")}
    output = boosting.run({**work.params, **budgets}, _inputs(view), Report())
    assert {"model", "sealed_scores", "train_rows"} <= set(output.files)


@pytest.mark.parametrize("number", [1, 6], ids=[IDS[1], IDS[6]])
def test_the_projected_kernel_ends_with_a_model(
    views: list[TableView], number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the bits of a device that only makes noise: what counts is that every fold can be fitted."""
    view = views[number]
    monkeypatch.setattr(projected, "BANDWIDTHS", (0.5,))
    monkeypatch.setattr(training, "tune", _one_setting)
    chosen = projected.choose({**quantum.choose_params(view, 1), "qubits": 2}, _inputs(view), Report())
    output = _fitted(view, chosen)
    assert {"quantum.model", "no_entanglement.model", "train_rows"} <= set(output.files)


def _one_setting(features: Any, labels: Any, folds: Any, metric: str, grid: Any = None) -> Any:
    from problems.prediction.models.feature_svm import tune

    return tune(features, labels, folds, metric, ((1.0,), (3.0,)))


def _fitted(view: TableView, chosen: Output) -> Output:
    sets = len(np.load(io.BytesIO(chosen.files["rows"]))) + view.n_sealed
    random = np.random.default_rng(0)
    bits = {
        f"{name}-{basis}": npy.dump(random.integers(0, 4, (sets, 16, 1), dtype=np.uint8))
        for name in projected.CIRCUITS
        for basis in range(3)
    }
    params = {
        "encoding": chosen.values["encoding"],
        "metric": view.metric,
        "time_ordered": view.time_ordered,
        "shots": 16,
        "seed": 1,
    }
    return projected.fit(params, {**_inputs(view), **bits, "rows": chosen.files["rows"]}, Report())


def _inputs(view: TableView) -> dict[str, bytes]:
    return {"open_rows": view.open_rows.data, "sealed_rows": view.sealed_rows.data}


def test_classes_that_no_moment_divides_are_refused_before_any_tier_starts(tmp_path: Path) -> None:
    ill = [0] * 60 + [1] * 60 + [0, 1] * 40  # the 120 open rows: first the one class, then the other
    frame = pd.DataFrame({"x": np.random.default_rng(0).normal(size=200), "ill": ill, "day": range(200)})
    frame.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(BadInput, match="no moment of 'day' divides the open rows"):
        load_rows({"csv": "t.csv", "target": "ill", "time": "day"}, 1, tmp_path)


def test_the_time_limit_grows_with_the_levels_of_a_category(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": np.random.default_rng(0).normal(size=400), "ill": [0, 1] * 200})
    narrow = frame.assign(ward=frame.index.map(lambda row: f"w{row % 2}"))
    wide = frame.assign(ward=frame.index.map(lambda row: f"w{row % 40}"))
    limits = []
    for table in (narrow, wide):
        table.to_csv(tmp_path / "t.csv", index=False)
        instance = load_rows({"csv": "t.csv", "target": "ill", "positive": 1}, 1, tmp_path)
        view = solver_view(instance, Target(metric="roc_auc", at_least=0.6))
        limits.append((NestedCV()._work(view, 1).resources.wall_s, ai.work(view, 1).resources.wall_s))
    assert limits[1][0] > limits[0][0]
    assert limits[1][1] > limits[0][1]
