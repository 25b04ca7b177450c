import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from escalation.inputs.settings import Settings
from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from escalation.model.errors import BadInput, TierwiseError
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.output import Output
from escalation.model.report import Report
from escalation.model.result import RawResult
from escalation.ports.machines import Device
from escalation.ports.registry import backends, resolve
from problems.prediction.ai.boosting import run
from problems.prediction.ai.method import BoostedTrees, work
from problems.prediction.ai.tuning import Budget
from problems.prediction.models import artefact
from problems.prediction.tables.encoding import read_frame
from problems.prediction.tables.table import Column, TableView
from problems.prediction.tasks.task import Asking

ROOT = Path(__file__).resolve().parents[4]
COLUMNS = (
    Column("age", "number"),
    Column("ward", "category", ("a", "b", "c", "d")),
    Column("sex", "category", ("f", "m")),
    Column("noise", "number"),
)
TINY = Budget(2, 1, 3, 1, (5,), 2000, 15, 25).to_json()
STARVED = Budget(1, 1, 3, 1, (5,), 2000, 40, 1).to_json()


class Steps(Report):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.fractions: list[float] = []

    def __call__(self, fraction: float, message: str = "") -> None:
        self.fractions.append(fraction)


def parquet(frame: pd.DataFrame) -> Blob:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return Blob(buffer.getvalue())


def view_of(n_open: int = 240, n_sealed: int = 80, constant: bool = False) -> TableView:
    """A table with numbers, categories and missing values; the label hangs on age and ward."""
    random = np.random.default_rng(11)
    rows = n_open + n_sealed
    frame = pd.DataFrame(
        {
            "age": random.normal(size=rows),
            "ward": random.choice(list("abcd"), rows),
            "sex": random.choice(["f", "m"], rows),
            "noise": random.normal(size=rows),
        }
    )
    risk = 2 * frame["age"] + 2 * (frame["ward"] == "c") - 0.5 + random.logistic(size=rows)
    for name in frame:
        frame.loc[random.random(rows) < 0.08, name] = None
    frame["__label__"] = 0 if constant else (risk > 0).astype(np.int8)
    frame["__label__"] = frame["__label__"].astype(np.int8)
    frame["__group__"] = [str(number) for number in range(rows)]
    frame["__row__"] = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(rows)]
    opened, sealed = frame.iloc[:n_open], frame.iloc[n_open:].drop(columns="__label__")
    return TableView(
        columns=COLUMNS,
        open_rows=parquet(opened),
        sealed_rows=parquet(sealed),
        n_open=n_open,
        n_sealed=n_sealed,
        n_rarest=min(int((opened["__label__"] == label).sum()) for label in (0, 1)),
        asked=Asking("binary", ("no", "yes")),
        metric="roc_auc",
    )


def call(view: TableView, budget: dict[str, Any] = TINY, report: Report | None = None) -> Output:
    asked = work(view, 7)
    params = {**asked.params, "selection": budget, "sets": budget}
    return run(params, {name: blob.data for name, blob in asked.inputs.items()}, report or Report())


@pytest.fixture(scope="module")
def view() -> TableView:
    return view_of()


@pytest.fixture(scope="module")
def output(view: TableView) -> Output:
    return call(view)


def array(output: Output, name: str) -> Any:
    return np.load(io.BytesIO(output.files[name]), allow_pickle=False)


def digests(output: Output) -> dict[str, str]:
    return {name: hashlib.sha256(data).hexdigest() for name, data in output.files.items()}


def test_a_second_call_gives_the_same_bytes(view: TableView, output: Output) -> None:
    again = call(view)
    assert digests(again) == digests(output)
    assert again.values == output.values


def test_another_process_with_more_threads_gives_the_same_bytes(
    view: TableView, output: Output, tmp_path: Path
) -> None:
    (tmp_path / "open").write_bytes(view.open_rows.data)
    (tmp_path / "sealed").write_bytes(view.sealed_rows.data)
    script = (
        "import hashlib, json, pathlib, sys\n"
        "from escalation.model.report import Report\n"
        "from problems.prediction.ai.boosting import run\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "params = json.loads((folder / 'params').read_text())\n"
        "inputs = {name + '_rows': (folder / name).read_bytes() for name in ('open', 'sealed')}\n"
        "files = run(params, inputs, Report()).files\n"
        "print(json.dumps({name: hashlib.sha256(data).hexdigest() for name, data in files.items()}))\n"
    )
    params = {**work(view, 7).params, "selection": TINY, "sets": TINY}
    (tmp_path / "params").write_text(json_text(params))
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "2", "PYTHONHASHSEED": "1"},
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode().strip() == json_text(digests(output))


def json_text(value: Any) -> str:
    import json

    return json.dumps(value)


def test_another_seed_gives_another_model(view: TableView, output: Output) -> None:
    asked = work(view, 8)
    params = {**asked.params, "selection": TINY, "sets": TINY}
    other = run(params, {name: blob.data for name, blob in asked.inputs.items()}, Report())
    assert other.files["model"] != output.files["model"]


def test_sealed_scores_are_those_of_the_models_bytes(view: TableView, output: Output) -> None:
    features = read_frame(view.sealed_rows.data)[[column.name for column in COLUMNS]]
    recomputed = artefact.scores(output.values["model_format"], output.files["model"], features)
    np.testing.assert_array_equal(recomputed, array(output, "sealed_scores"))
    assert recomputed.dtype == np.float64


def test_every_open_row_is_owned_up_to_and_no_other(view: TableView, output: Output) -> None:
    stated = output.files["train_rows"]
    pieces = [stated[start : start + 32].hex() for start in range(0, len(stated), 32)]
    assert pieces == sorted(read_frame(view.open_rows.data)["__row__"])


def test_sets_follow_from_the_set_model_and_the_stated_threshold(view: TableView, output: Output) -> None:
    notes = output.values["notes"]["conformal"]
    scores = artefact.scores(
        notes["model_format"], output.files["set_model"], read_frame(view.sealed_rows.data)
    )
    threshold = notes["promises"]["all"]["threshold"]
    expected = np.column_stack([scores, 1 - scores]) <= threshold + 1e-12
    np.testing.assert_array_equal(array(output, "sealed_sets"), expected)
    assert notes["promises"]["all"]["rows"] == 80
    assert notes["coverage"] == 0.9


def test_both_contenders_and_the_budget_are_noted(output: Output) -> None:
    notes = output.values["notes"]
    assert {"xgboost", "random_forest"} == set(notes["cross_validation"])
    assert all(entry["roc_auc"] > 0.7 for entry in notes["cross_validation"].values())
    assert notes["budget"]["fits"] == Budget.from_json(TINY).fits
    assert len(notes["tuning"]["xgboost"]) == 2
    assert next(iter(notes["importance"]["by_feature"])) == "age"


def test_progress_goes_up_and_ends_at_one(view: TableView) -> None:
    steps = Steps()
    call(view, report=steps)
    assert steps.fractions == sorted(steps.fractions)
    assert steps.fractions[-1] == 1.0
    assert steps.fractions[0] > 0


def test_a_chosen_forest_carries_its_own_format_and_permutation_importance(view: TableView) -> None:
    output = call(view, STARVED)
    assert output.values["model_format"] == "forest"
    features = read_frame(view.sealed_rows.data)
    recomputed = artefact.scores("forest", output.files["model"], features)
    np.testing.assert_array_equal(recomputed, array(output, "sealed_scores"))
    importance = output.values["notes"]["importance"]
    assert "permuted" in importance["kind"]
    assert next(iter(importance["by_feature"])) == "age"
    assert abs(importance["by_feature"]["noise"]) < 0.05 < importance["by_feature"]["age"]


def test_a_constant_label_is_refused_in_one_line() -> None:
    with pytest.raises(BadInput, match="got 0 positive and 240 negative"):
        call(view_of(constant=True))


def test_too_few_rows_make_no_sets_and_say_why() -> None:
    output = call(view_of(n_open=100))
    assert "sealed_sets" not in output.files
    assert output.values["notes"]["conformal"]["made"] is False
    assert "at least 60" in output.values["notes"]["conformal"]["because"]


@pytest.fixture
def local() -> Iterator[Device]:
    backend = resolve(backends()["local"].backend)(Settings(), None)
    yield backend
    backend.close()


def test_the_quote_is_the_time_limit_of_the_one_piece_of_work(view: TableView, local: Device) -> None:
    quote = BoostedTrees().quote(view, local)
    assert quote.amounts.wall_s == work(view, 0).resources.wall_s
    assert 20 < quote.amounts.wall_s < 120
    assert quote.amounts.usd == 0


def test_the_method_asks_for_one_piece_of_work_and_hands_its_answer_on(
    view: TableView, output: Output
) -> None:
    steps = BoostedTrees().solve(view, 7)
    asked = next(steps)
    assert isinstance(asked, LocalCall)
    assert asked.digest == work(view, 7).digest != work(view, 8).digest
    files = {name: Blob(data) for name, data in output.files.items()}
    with pytest.raises(StopIteration) as stopped:
        steps.send(RawResult(JobState.DONE, values=output.values, files=files))
    candidate = stopped.value.value
    assert isinstance(candidate, Candidate)
    assert candidate.values == {name: output.values[name] for name in ("model_format", "chosen", "conformal")}
    assert candidate.files == files
    assert candidate.notes["chosen"] == "xgboost"


def test_work_that_failed_ends_the_attempt_with_one_clear_line(view: TableView) -> None:
    steps = BoostedTrees().solve(view, 7)
    next(steps)
    with pytest.raises(TierwiseError, match=r"came to no model \(timed_out\): stopped after 60 s$"):
        steps.send(RawResult(JobState.TIMED_OUT, error="stopped after 60 s"))
