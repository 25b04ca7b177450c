"""Times of rows: what seals the latest, what is assumed of them, and which could mean another."""

import numpy as np
import pandas as pd
import pytest

from escalation.model.errors import BadInput
from tests.problems.prediction.tables.conftest import Load


def test_with_a_time_column_the_latest_rows_are_sealed(load: Load, table: pd.DataFrame) -> None:
    dates = pd.date_range("2024-01-01", periods=120).strftime("%Y-%m-%d").to_numpy()
    instance = load(table.assign(seen=np.random.default_rng(1).permutation(dates)), time="seen")
    times = instance.frame["__time__"].to_numpy()
    assert instance.time_ordered
    assert np.all(np.diff(times) > 0)
    assert times[instance.open_index].max() < times[instance.sealed_index].min()
    assert len(instance.sealed_index) == 48


@pytest.mark.parametrize(
    ("spelt", "remark"),
    [
        ([f"2024-01-31T{row // 60:02}:{row % 60:02}{'Z' * (row % 2)}" for row in range(120)], "taken as UTC"),
        ([f"1'{row:03}" for row in range(120)], "marks thousands"),
        ([f"2024-01-31T{row // 60:02}:{row % 60:02}Z" for row in range(120)], ""),
    ],
)
def test_what_is_assumed_about_times_is_said(
    load: Load, table: pd.DataFrame, spelt: list[str], remark: str
) -> None:
    instance = load(table.assign(seen=spelt), time="seen")
    assert np.all(np.diff(instance.frame["__time__"]) > 0)
    assert any(remark in said for said in instance.remarks) == bool(remark)


def test_the_order_of_a_file_tells_nothing_of_sealed_rows_of_one_time(
    load: Load, table: pd.DataFrame
) -> None:
    years = np.tile([2022, 2023, 2023], 40)
    by_class = table.assign(seen=years[np.random.default_rng(1).permutation(120)]).sort_values("ill")
    instance = load(by_class, time="seen")
    order = np.random.default_rng(2)
    changes = np.abs(np.diff(instance.sealed_labels)).sum()
    shuffled = [np.abs(np.diff(order.permutation(instance.sealed_labels))).sum() for _ in range(200)]
    assert changes >= min(shuffled)  # one change, were the file's order kept
    assert np.all(np.diff(instance.frame["__time__"]) >= 0)


def test_the_sealed_share_is_the_nearest_that_times_allow_and_it_is_said(
    load: Load, table: pd.DataFrame
) -> None:
    years = np.repeat([2020, 2021, 2022], [26, 62, 32])
    instance = load(table.assign(seen=years), time="seen")
    assert len(instance.sealed_index) == 32  # 27 % are nearer to 40 % than the 78 % since 2021
    assert any("27% of the rows are kept aside rather than 40%" in remark for remark in instance.remarks)


@pytest.mark.parametrize("time", ["2027", "10:00 GMT+3", "10:00 EST", "noon", "60", "10:00 2"])
def test_a_time_that_could_mean_another_one_is_refused(load: Load, table: pd.DataFrame, time: str) -> None:
    dates = [f"2024-{row % 12 + 1:02}-01 {time}" for row in range(120)]
    with pytest.raises(BadInput, match="expected a date as 2026-01-31, as in other rows, got '2024-01-01 "):
        load(table.assign(seen=dates), time="seen")


@pytest.mark.parametrize(
    "time",
    ["10:00", "T10", " 10:00:00.123456789", " 9:30", " 5:00 PM", " 10:00 UTC", "T10:00:00+0100", " 10:00Z"],
)
def test_times_as_other_programs_write_them_are_read(load: Load, table: pd.DataFrame, time: str) -> None:
    written = [f"2024-{row % 12 + 1:02}-01{time if time[0] in 'T ' else f'T{time}'}" for row in range(120)]
    instance = load(table.assign(seen=written), time="seen")
    assert len(np.unique(instance.frame["__time__"])) == 12
    assert not any("taken as UTC" in remark for remark in instance.remarks)


def test_earlier_rows_of_a_sealed_group_are_set_aside(load: Load, table: pd.DataFrame) -> None:
    frame = table.assign(seen=np.arange(120), patient=np.arange(120) % 119)  # rows 0 and 119: one patient
    instance = load(frame, time="seen", group="patient")
    assert 0 not in instance.open_index
    assert 0 not in instance.sealed_index
    assert any(remark.startswith("1 row is left out") for remark in instance.remarks)
