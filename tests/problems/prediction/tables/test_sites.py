"""Tables of few large groups: whole sites are sealed, and tables that worked before are divided as before."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from escalation.model.errors import BadInput
from problems.prediction.loading import load_rows
from problems.prediction.stated.spec import ColumnsSpec
from problems.prediction.tables.instance import TableInstance
from problems.prediction.tables.preparation import prepare
from problems.prediction.verify.leakage import split_faults
from toolbox.tables.arrow import from_frame


def hospitals(count: int, rows: int = 60, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    site = np.repeat(np.arange(count), np.maximum(rng.poisson(rows, count), 4))
    frame = pd.DataFrame(rng.normal(size=(len(site), 3)).round(6)).add_prefix("x")
    risk = 1 / (1 + np.exp(-2 * frame["x0"] - rng.normal(0, 0.5, count)[site]))
    return frame.assign(
        hospital=[f"H{each}" for each in site],
        day=np.arange(len(site)),
        ill=(rng.random(len(site)) < risk) * 1,
    )


def load(folder: Path, frame: pd.DataFrame, **fields: Any) -> TableInstance:
    frame.to_csv(folder / "t.csv", index=False)
    return load_rows(
        {"csv": "t.csv", "target": "ill", "group": "hospital", "drop": ["day"], **fields}, 1, folder
    )


@pytest.mark.parametrize(("count", "sealed"), [(22, 9), (12, 5), (5, 2), (4, 2)])
def test_so_many_hospitals_are_sealed_whole(tmp_path: Path, count: int, sealed: int) -> None:
    instance = load(tmp_path, hospitals(count))
    assert instance.by_site
    assert instance.describe()["by_site"]
    part = instance.describe()["sealed"]
    assert part["groups"] == sealed
    assert instance.describe()["open"]["groups"] == count - sealed
    assert split_faults(instance) == []
    assert 0.25 < part["rows"] / len(instance.frame) < 0.6
    assert sorted(instance.sites.values()) == sorted(f"H{each}" for each in range(count))
    assert any("taken for sites" in remark for remark in instance.remarks)


def test_large_and_small_hospitals_are_on_both_sides(tmp_path: Path) -> None:
    frame = pd.concat([hospitals(8, 200), hospitals(8, 30, 1).assign(hospital=lambda t: "s" + t["hospital"])])
    instance = load(tmp_path, frame)
    sealed = instance.frame["__group__"].iloc[instance.sealed_index].map(instance.sites)
    small = sealed.drop_duplicates().str.startswith("s").sum()
    assert instance.by_site
    assert small == 3  # of six that are drawn evenly from the order by size


def test_hospitals_of_one_class_are_dealt_apart(tmp_path: Path) -> None:
    frame = hospitals(22)
    frame.loc[frame["hospital"].isin([f"H{each}" for each in range(8)]), "ill"] = 0
    instance = load(tmp_path, frame)
    sealed = instance.frame.iloc[instance.sealed_index].groupby("__group__")["__label__"].max()
    assert sealed.sum() == 6  # of 14 with both classes
    assert (sealed == 0).sum() == 3  # of 8 without


def test_many_groups_are_no_sites(tmp_path: Path) -> None:
    many = load(tmp_path, hospitals(40))
    assert not many.by_site
    assert "by_site" not in many.describe()
    with pytest.raises(BadInput, match="too few rows for the splits"):
        load(tmp_path, hospitals(15, 8))  # patients, not hospitals


def test_three_hospitals_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="too few rows for the splits: the open part has 2 groups"):
        load(tmp_path, hospitals(3))


def test_a_division_that_the_data_state_is_never_replaced_by_one_of_sites() -> None:
    frame = hospitals(12)
    table = from_frame(frame.drop(columns="day"), {"file": "t"})
    divided = replace(table, sealed=(frame["hospital"] == "H0").to_numpy())
    spec = ColumnsSpec(target="ill", group="hospital")
    with pytest.raises(BadInput, match="too few rows for the splits: the sealed part has 1 groups"):
        prepare(divided, spec, 1)


def test_hospitals_that_span_the_whole_time_are_told_what_to_leave_out(tmp_path: Path) -> None:
    frame = hospitals(22).sample(frac=1, random_state=0)
    frame["day"] = np.arange(len(frame))
    with pytest.raises(BadInput, match="leave `time` out to judge on groups that no model saw, or `group`"):
        load(tmp_path, frame, time="day", drop=[])
