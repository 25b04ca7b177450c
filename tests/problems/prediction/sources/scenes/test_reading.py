"""Labelled pixels and places become rows in squares of land."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escalation.model.errors import BadInput
from problems.prediction.sources.scenes.reading import read
from problems.prediction.sources.scenes.samples import write_geotiff
from problems.prediction.sources.scenes.spec import parse

pytest.importorskip("tifffile")
PLACES = "lon,lat,green,crop\n7.000,50.0,1,wheat\n7.001,50.0,2,rye\n7.500,50.0,3,rye\n"


def rows(tmp_path: Path, instance: Any) -> Any:
    return read(parse(instance), tmp_path, 1)


def test_a_row_a_labelled_pixel_with_its_square_as_group(tmp_path: Path) -> None:
    """Pixels of 30 units; squares of 60 hold two by two."""
    write_geotiff(tmp_path / "s.tif", np.arange(16, dtype=np.float32).reshape(4, 4))
    labels = np.array([[1, 2, 1, 255]] * 4, dtype=np.uint8)
    write_geotiff(tmp_path / "l.tif", labels)
    table, columns = rows(tmp_path, {"geotiff": "s.tif", "labels": "l.tif", "block": 60, "nodata": [255]})
    assert table.columns["class"] == ["1", "2", "1"] * 4
    np.testing.assert_array_equal(table.columns["s"], [0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14])
    assert table.columns["square"][:3] == ["0 -1", "0 -1", "1 -1"]
    assert (columns.target, columns.group) == ("class", "square")
    assert table.where[3] == "pixel 1, 0"
    assert table.remarks[0].startswith("4 squares of 60 units of the map with 2 to 4 rows stay whole")


def test_a_patch_stays_within_its_square(tmp_path: Path) -> None:
    write_geotiff(tmp_path / "s.tif", np.arange(36, dtype=np.float32).reshape(6, 6))
    write_geotiff(tmp_path / "l.tif", np.ones((6, 6), dtype=np.uint8))
    table, _ = rows(tmp_path, {"geotiff": "s.tif", "labels": "l.tif", "block": 90, "patch": 3})
    np.testing.assert_array_equal(table.columns["s: mean of 3"], [7, 10, 25, 28])
    assert any(said.startswith("32 rows nearer than 30 units of the map") for said in table.remarks)


def test_places_of_a_table_are_grouped_by_kilometres(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(PLACES)
    instance = {"places": "p.csv", "x": "lon", "y": "lat", "target": "crop", "block_km": 5}
    table, columns = rows(tmp_path, instance)
    first, second, far = table.columns["square"]
    assert first == second != far
    assert set(columns.drop) == {"lon", "lat"}
    assert rows(tmp_path, instance | {"coordinates": True})[1].drop == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"block_km": None}, "block: expected the side of the squares"),
        ({"block": 5}, "block: expected `block` or `block_km`, got both"),
        ({"x": "east"}, "p.csv: x column 'east' is missing"),
        ({"x": "crop"}, "p.csv, line 2: x column 'crop': expected a number, got 'wheat'"),
        ({"y": "green", "x": "big"}, "p.csv, line 3: expected degrees"),
        ({"patch": 3}, "patch would have no effect"),
        ({"margin": 2.6}, "margin: expected rows at least 2.6"),
    ],
)
def test_what_is_wrong_is_one_line(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    lines = PLACES.splitlines()
    (tmp_path / "p.csv").write_text(
        "\n".join(f"{line},{big}" for line, big in zip(lines, ["big", 1, 4000, 1], strict=True)) + "\n"
    )
    instance = {"places": "p.csv", "x": "lon", "y": "lat", "target": "crop", "block_km": 5} | change
    with pytest.raises(BadInput) as error:
        rows(tmp_path, {name: value for name, value in instance.items() if value is not None})
    assert said in str(error.value)


def test_degrees_want_kilometres_and_maps_their_own_unit(tmp_path: Path) -> None:
    for name, degrees in (("d.tif", True), ("m.tif", False)):
        write_geotiff(tmp_path / name, np.ones((4, 4), dtype=np.uint8), degrees=degrees)
    with pytest.raises(BadInput, match="block_km: expected it, as the coordinates are degrees"):
        rows(tmp_path, {"geotiff": "d.tif", "labels": "d.tif", "block": 5})
    with pytest.raises(BadInput, match="block: expected it, as the coordinates are no degrees"):
        rows(tmp_path, {"geotiff": "m.tif", "labels": "m.tif", "block_km": 5})
