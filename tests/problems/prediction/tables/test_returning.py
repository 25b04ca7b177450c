"""Names that come back, and texts that are spelt in two ways: what is said of them, with what to paste."""

import numpy as np
import pandas as pd
import pytest

from escalation.model.complaints import collected
from problems.prediction.tables.returning import NAMED, comes_back
from problems.prediction.tasks.classes import spelt_alike
from tests.problems.prediction.tables.conftest import Load

RNG = np.random.default_rng(3)


@pytest.mark.parametrize(
    ("name", "named"),
    [
        *(
            (name, True)
            for name in ("id", "Patient ID", "patient_id", "patientid", "patientID", "PID", "MRN")
        ),
        *((name, True) for name in ("Case No.", "hospital number", "pat_nr", "Patient", "subjects")),
        *((name, False) for name in ("acid", "covid", "fluid", "paid", "steroids", "number of stays", "age")),
    ],
)
def test_ids_are_known_by_their_names(name: str, named: bool) -> None:
    assert bool(NAMED.fullmatch(name)) == named


@pytest.mark.parametrize(
    ("name", "values", "distinct"),
    [
        ("Patient ID", np.repeat(np.arange(280.0), 2), 280),
        ("Patient ID", np.arange(280.0), 0),  # nobody comes back
        ("patient", np.tile([0.0, 1.0], 60), 0),  # a flag
        ("age", RNG.integers(20, 90, 600).astype(float), 0),
        ("dose id", np.repeat(np.arange(60) + 0.5, 2), 0),  # no whole numbers
        ("who", [f"P{row // 2}" for row in range(120)], 60),
        ("who", [f"P{row // 2}" for row in range(80)], 0),  # as levels have it
        ("patient", [f"P{row // 2}" for row in range(80)], 40),
    ],
)
def test_ids_that_come_back_are_counted(name: str, values: "list[str | None]", distinct: int) -> None:
    assert comes_back(name, values) == distinct


def test_the_lines_to_paste_stand_in_the_remark_and_keep_a_patient_together(
    load: Load, table: pd.DataFrame
) -> None:
    frame = table.assign(**{"Patient ID": RNG.permutation(np.repeat(np.arange(1000, 1040), 3))})
    said = [line for line in load(frame).remarks if "Patient ID" in line]
    assert len(said) == 1
    assert "its 40 different values may name patients" in said[0]
    assert "`group: Patient ID` under `instance`" in said[0]
    assert "`drop: [Patient ID]`" in said[0]
    grouped = load(frame, group="Patient ID")
    assert not any("Patient ID" in line for line in grouped.remarks)
    assert "Patient ID" not in [column.name for column in grouped.columns]


def test_texts_that_name_who_comes_back_are_no_mere_rare_levels(load: Load, table: pd.DataFrame) -> None:
    with collected() as found:
        load(table.assign(who=[f"P{row // 2}" for row in range(120)]))
    assert "`group: who`" in str(found[0])
    assert found[0].mends == {"drop": ["who"]}


def test_levels_that_differ_in_case_or_spaces_alone_are_named(load: Load, table: pd.DataFrame) -> None:
    said = spelt_alike(["F", "f", "f", "m", " F", None, "M2"])
    assert said == [
        "' F' (1 row), 'F' (1 row) and 'f' (2 rows) differ in case or spaces alone, and count as different: "
        "if they mean the same, spell them alike in the table"
    ]
    sex = np.tile(["F", "f", "m"], 40)
    for fields in ({}, {"categorical": ["sex"]}):
        remarks = load(table.assign(sex=RNG.permutation(sex)), **fields).remarks
        assert any("column 'sex': 'F' (40 rows) and 'f' (40 rows) differ" in line for line in remarks)
    assert not any("differ in case" in line for line in load(table).remarks)


def test_a_class_spelt_in_two_ways_is_said_where_classes_are_too_many(
    load: Load, table: pd.DataFrame
) -> None:
    with collected() as found:
        load(table.assign(ill=np.tile(["yes", "Yes", "no"], 40)))
    assert "got 3 (Yes, no, yes); 'Yes' (40 rows) and 'yes' (40 rows) differ in case" in str(found[0])
