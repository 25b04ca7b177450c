"""The problems of the pages on series, collisions and scenes, loaded with files such as they speak of."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from escalation.inputs.settings import ROOT
from problems.prediction.loading import load_rows
from problems.prediction.sources.scenes.samples import write_geotiff


def visits(folder: Path) -> None:
    rng = np.random.default_rng(1)
    lines = ["patient,day,bilirubin,albumin,platelets,age,sex,followed_until,died"]
    for patient in range(100):
        for day in (0, *rng.choice(np.arange(20, 700), 4, replace=False)):
            values = ",".join(f"{value:.3f}" for value in rng.normal(5, 1, 3))
            known = f"{40 + patient % 37},{'fm'[patient % 2]},{800 + patient},{patient % 2}"
            lines.append(f"{patient},{day},{values},{known}")
    (folder / "visits.csv").write_text("\n".join(lines) + "\n")


def collisions(folder: Path) -> None:
    uproot = pytest.importorskip("uproot")
    rng = np.random.default_rng(2)
    for name in ("signal", "background"):
        with uproot.recreate(folder / f"{name}.root") as file:
            file["events"] = {
                branch: rng.exponential(30, 60) for branch in ("pt", "eta", "missing_pt", "weight")
            }


def scenes(folder: Path) -> None:
    pytest.importorskip("tifffile")
    rng = np.random.default_rng(3)
    for name in ("red", "infrared"):
        write_geotiff(folder / f"{name}.tif", rng.normal(100, 9, (30, 30)).astype(np.float32))
    write_geotiff(folder / "crops.tif", rng.integers(0, 2, (30, 30)).astype(np.uint8))


@pytest.mark.parametrize(
    ("page", "write", "columns"),
    [
        ("series", visits, {"age", "sex", "bilirubin: last"}),
        ("collisions", collisions, {"pt", "eta", "missing_pt"}),
        ("scenes", scenes, {"red", "infrared: mean of 3"}),
    ],
)
def test_the_problem_of_the_page_loads(
    page: str, write: Callable[[Path], None], columns: set[str], tmp_path: Path
) -> None:
    text = (ROOT / "docs" / "how-to" / f"{page}.md").read_text(encoding="utf-8")
    found = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert found is not None
    problem: dict[str, Any] = yaml.safe_load(found[1])
    write(tmp_path)
    loaded = load_rows(problem["instance"], problem["seed"], tmp_path)
    assert columns <= {column.name for column in loaded.columns}
