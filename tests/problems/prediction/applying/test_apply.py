"""An accepted model on new rows: what the verifier would say, why, and rows unlike what was seen."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from escalation.model.attempt import Candidate
from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.errors import BadInput
from escalation.ports.applying import Applied
from problems.prediction.applying.apply import apply
from problems.prediction.applying.new_rows import new_rows
from problems.prediction.applying.reasons import causes, reasons
from problems.prediction.applying.saying import one_by_one, said_of
from problems.prediction.models.artefact import scores
from problems.prediction.tasks.task import Asking
from toolbox.tables.raw import RawTable

STATED = {"csv": "learnt.csv", "target": "ill", "na_values": ["-99"]}


@pytest.fixture
def candidate(bench: Any) -> Candidate:
    made: Candidate = bench.with_sets((0.6, 0.6))
    return made


def said(bench: Any, candidate: Candidate, table: pd.DataFrame, folder: Path, **stated: Any) -> Applied:
    table.to_csv(folder / "new.csv", index=False)
    return apply(STATED | stated, bench.instance.describe(), candidate, Path("new.csv"), folder)


def rows(bench: Any) -> pd.DataFrame:
    found: pd.DataFrame = bench.instance.sealed_features[["x0", "x1"]].reset_index(drop=True)
    return found


def test_probabilities_are_those_of_the_models_bytes(
    bench: Any, candidate: Candidate, tmp_path: Path
) -> None:
    table = rows(bench)
    found = said(bench, candidate, table.assign(note="not looked at"), tmp_path)
    told = [row.values["probability of ill"] for row in found.rows]
    expected = scores("skops", candidate.files["model"].data, table)
    assert told == pytest.approx(expected, rel=1e-5)
    assert [row.where for row in found.rows[:2]] == ["line 2", "line 3"]


def test_sets_hold_the_classes_within_their_thresholds(
    bench: Any, candidate: Candidate, tmp_path: Path
) -> None:
    table = rows(bench)
    of_set = scores("skops", candidate.files["set_model"].data, table)
    expected = [
        " or ".join([*(["well"] if score <= 0.6 else []), *(["ill"] if 1 - score <= 0.6 else [])]) or "none"
        for score in of_set
    ]
    assert [row.values["set (90 %)"] for row in said(bench, candidate, table, tmp_path).rows] == expected


def test_sets_that_the_certificate_refutes_are_left_out_and_it_is_said(
    bench: Any, candidate: Candidate, tmp_path: Path
) -> None:
    rows(bench)[:3].to_csv(tmp_path / "new.csv", index=False)
    found = {"refuted": True, "held": 0.5, "coverage": 0.9, "p_value": 1e-9}
    certificate = Certificate(
        status=CertificateStatus.CERTIFIED, kind="k", alpha=0.05, verifier="v", evidence={"sets": found}
    )
    recorded, name = bench.instance.describe(), Path("new.csv")
    told = apply(STATED, recorded, candidate, name, tmp_path, certificate=certificate)
    assert not any("set (90 %)" in row.values for row in told.rows)
    assert "they hold 0.5 of the rows kept aside, where 0.9 was promised" in told.remarks[-1]


def test_why_there_are_no_sets_is_said_beside_new_rows(
    bench: Any, candidate: Candidate, tmp_path: Path
) -> None:
    none = {"conformal": {"made": False, "because": "too few rows"}}
    plain = Candidate(candidate.values, {"model": candidate.files["model"]}, notes=none)
    told = said(bench, plain, rows(bench)[:3], tmp_path)
    assert told.remarks[-1] == "no prediction sets: too few rows"


def test_sets_that_a_record_has_of_weighted_rows_are_left_out(
    bench: Any, candidate: Candidate, tmp_path: Path
) -> None:
    told = said(bench, candidate, rows(bench)[:3], tmp_path, weight="w")
    assert not any("set (90 %)" in row.values for row in told.rows)
    assert told.remarks[-1].startswith("no prediction sets: rows are weighted")


def test_a_row_unlike_what_was_seen_is_flagged_and_no_other(
    bench: Any, candidate: Candidate, tmp_path: Path
) -> None:
    opened = bench.instance.frame.iloc[bench.instance.open_index]
    low, high = opened["x0"].min(), opened["x0"].max()
    table = pd.DataFrame({"x0": [low, high, high + 1], "x1": [0.0, 0.0, 0.0]})
    found = said(bench, candidate, table, tmp_path)
    outside = f"x0 is {high + 1:g}, outside {low:g} to {high:g}, which was seen"
    assert [row.flags for row in found.rows] == [(), (), (outside,)]
    assert found.remarks == ("1 of 3 rows are unlike all that the model learnt from: see `unlike`",)


def test_missing_values_and_levels_that_never_were_are_flagged() -> None:
    features = [
        {"name": "ward", "kind": "category", "levels": ["a", "b"], "may_be_missing": True, "seen": {}},
        {"name": "age", "kind": "number", "levels": [], "may_be_missing": False, "seen": {}},
        {"name": "crp", "kind": "number", "levels": [], "may_be_missing": True, "seen": {}},
    ]
    table = RawTable({"ward": ["a", "c", None], "age": ["70", "1e2", None]}, ("1", "2", "3"), {})
    found = new_rows(table, features, 50)
    assert found.flags == (
        (),
        ("ward is 'c', which was never seen",),
        ("age is missing, which it never was",),
    )
    assert found.frame["age"].tolist()[:2] == [70.0, 100.0]
    assert found.frame["crp"].isna().all()
    assert "column 'crp' not in the table: taken as missing in every row" in found.remarks[0]


def test_reasons_are_the_change_from_the_usual_value(
    bench: Any, candidate: Candidate, tmp_path: Path
) -> None:
    opened = bench.instance.frame.iloc[bench.instance.open_index]
    usual = float(np.sort(opened["x0"])[len(opened) // 2 - 1])
    table = pd.DataFrame({"x0": [2.5], "x1": [0.1]})
    model = candidate.files["model"].data
    change = scores("skops", model, table)[0] - scores("skops", model, table.assign(x0=usual))[0]
    found = said(bench, candidate, table, tmp_path).rows[0]
    assert found.reasons[0] == f"x0 2.5 (usual {usual:.4g}) {change:+.2g}"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame({"x0": [1.0]}), "the model needs column 'x1', which the table does not have"),
        (pd.DataFrame({"x0": ["tall"], "x1": [0]}), "column 'x0', line 2: expected a number"),
        (pd.DataFrame({"x0": [], "x1": []}), "got none"),
    ],
)
def test_rows_that_do_not_fit_are_refused_in_a_line(
    bench: Any, candidate: Candidate, tmp_path: Path, table: pd.DataFrame, message: str
) -> None:
    with pytest.raises(BadInput, match=message) as caught:
        said(bench, candidate, table, tmp_path)
    assert "\n" not in str(caught.value)


def test_a_model_on_circuits_is_refused(bench: Any, candidate: Candidate, tmp_path: Path) -> None:
    quantum = Candidate({**candidate.values, "features": {"kind": "circuit"}}, candidate.files)
    with pytest.raises(BadInput, match="circuit to be run for every row"):
        said(bench, quantum, rows(bench), tmp_path)


def test_other_tasks_say_their_own_values() -> None:
    classes = Asking("multiclass", ("a", "b", "c"))
    assert said_of(classes, np.array([[0.2, 0.7, 0.1]]), None) == [
        {
            "class": "b", "probability": 0.7,
            "probability of a": 0.2, "probability of b": 0.7, "probability of c": 0.1,
        }
    ]  # fmt: skip
    assert one_by_one(classes) == tuple(f"probability of {name}" for name in "abc")
    assert said_of(Asking("regression"), np.array([25.7241340326]), None) == [{"value": 25.7241}]
    times = [10.0, 20.0, 30.0, 40.0]
    survival = Asking("time_to_event", (), {"times": times})
    said = said_of(survival, np.array([[0.9, 0.6, 0.5, 0.2], [0.9, 0.8, 0.7, 0.6]]), None)
    assert [row["no event by 40"] for row in said] == [0.2, 0.6]
    assert [row["median by"] for row in said] == [30.0, "after 40"]


def test_where_no_column_alone_changes_a_prediction_it_is_said() -> None:
    """A model that is quite sure says 1 whichever column is put to its usual value."""
    table = pd.DataFrame({"a": [9.0], "b": [9.0]})
    known = causes([{"name": name, "seen": {"usual": 0.0}} for name in "ab"], {})

    def sure(frame: pd.DataFrame, which: Any) -> Any:
        return (frame["a"] + frame["b"] > 5).to_numpy(dtype=float)

    assert reasons(table, known, sure, 1e-9) == [("no column alone changes it",)]
