"""GeoTIFF and NetCDF files, written by other libraries: where pixels lie, and what their numbers mean."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import netcdf_file

from escalation.model.errors import BadInput
from problems.prediction.sources.scenes.geotiff import read_geotiff
from problems.prediction.sources.scenes.netcdf import read_netcdf
from problems.prediction.sources.scenes.raster import check_grid

tifffile = pytest.importorskip("tifffile")
h5py = pytest.importorskip("h5py")

BANDS = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def geotiff(
    path: Path, values: Any, *, keys: tuple[int, ...] = (1, 1, 0, 1, 1024, 0, 1, 1), **more: Any
) -> Path:
    """Upper left corner at (500, 1000), pixels of 10 x 20 units."""
    tags = [
        (33550, "d", 3, (10.0, 20.0, 0.0), False),
        (33922, "d", 6, (0.0, 0.0, 0.0, 500.0, 1000.0, 0.0), False),
        (34735, "H", len(keys), keys, False),
        (42113, "s", 0, "-9999", False),
    ]
    tifffile.imwrite(path, values, extratags=tags, **{"photometric": "minisblack"} | more)
    return path


@pytest.mark.parametrize("planes", ["separate", "contig"])
def test_bands_are_layers_whichever_way_they_lie_in_the_file(planes: str, tmp_path: Path) -> None:
    values = BANDS if planes == "separate" else np.moveaxis(BANDS, 0, -1)
    found = read_geotiff(geotiff(tmp_path / "s.tif", values, planarconfig=planes))
    assert list(found.layers) == ["s: band 1", "s: band 2"]
    np.testing.assert_array_equal(found.layers["s: band 2"], BANDS[1])
    assert found.x.tolist() == [505, 515, 525, 535]
    assert found.y.tolist() == [990, 970, 950]
    assert not found.degrees


def test_degrees_points_and_missing_values_are_as_the_tags_say(tmp_path: Path) -> None:
    values = BANDS[0].copy()
    values[1, 2] = -9999
    point_in_degrees = (1, 1, 0, 2, 1024, 0, 1, 2, 1025, 0, 1, 2)
    found = read_geotiff(geotiff(tmp_path / "s.tif", values, keys=point_in_degrees), nodata=(3,))
    assert found.degrees
    assert found.x.tolist() == [500, 510, 520, 530]
    assert np.argwhere(np.isnan(found.layers["s"])).tolist() == [[0, 3], [1, 2]]


@pytest.mark.parametrize("nodata", ["-3.4e+38", "0.1"])
def test_a_missing_value_is_found_where_a_short_float_rounds_it(nodata: str, tmp_path: Path) -> None:
    values = BANDS[0].copy()
    values[1, 2] = np.float32(nodata)  # rasterio masks it
    path = tmp_path / "s.tif"
    tifffile.imwrite(path, values, photometric="minisblack", extratags=[(42113, "s", 0, nodata, False)])
    assert np.argwhere(np.isnan(read_geotiff(path).layers["s"])).tolist() == [[1, 2]]
    found = read_geotiff(geotiff(path, values), nodata=(float(nodata),))
    assert np.argwhere(np.isnan(found.layers["s"])).tolist() == [[1, 2]]


def test_a_packed_file_is_read_and_one_that_cannot_be_says_how_to_pack_it(tmp_path: Path) -> None:
    found = read_geotiff(geotiff(tmp_path / "z.tif", BANDS[0], compression="zlib", predictor=False))
    np.testing.assert_array_equal(found.layers["z"], BANDS[0])
    packed = bytearray((tmp_path / "z.tif").read_bytes())
    place = packed.index(b"\x03\x01\x03\x00\x01\x00\x00\x00") + 8  # the tag of the compression
    packed[place] = 5  # LZW, for which a codec is not there
    packed[place + 1] = 0
    (tmp_path / "l.tif").write_bytes(bytes(packed))
    with pytest.raises(BadInput, match=r"l\.tif: expected a GeoTIFF that can be read.*COMPRESS=DEFLATE"):
        read_geotiff(tmp_path / "l.tif")


def test_a_tiff_without_a_place_says_so(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "p.tif", BANDS[0])
    found = read_geotiff(tmp_path / "p.tif")
    assert found.remarks == ("p.tif does not say where on Earth it lies: coordinates are numbers of pixels",)
    assert found.x.tolist() == [0.5, 1.5, 2.5, 3.5]


def test_what_is_no_geotiff_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"GIF89a" + bytes(50))
    (tmp_path / "b.tif").write_bytes(geotiff(tmp_path / "s.tif", BANDS[0]).read_bytes()[:60])
    for name in ("a.tif", "b.tif"):
        with pytest.raises(BadInput, match="expected a GeoTIFF") as error:
            read_geotiff(tmp_path / name)
        assert "\n" not in str(error.value)


def test_another_grid_is_refused_with_its_file(tmp_path: Path) -> None:
    first = read_geotiff(geotiff(tmp_path / "s.tif", BANDS[0]))
    smaller = read_geotiff(geotiff(tmp_path / "t.tif", BANDS[0, :2]))
    tifffile.imwrite(tmp_path / "p.tif", BANDS[0])
    with pytest.raises(BadInput, match=r"t\.tif: expected the grid of s\.tif, 3 x 4 pixels, got 2 x 4"):
        check_grid("t.tif", smaller, "s.tif", first)
    with pytest.raises(
        BadInput, match=r"p\.tif: expected the grid of s\.tif, whose x begins at 505, got 0\.5"
    ):
        check_grid("p.tif", read_geotiff(tmp_path / "p.tif"), "s.tif", first)


def classic(path: Path) -> Path:
    with netcdf_file(str(path), "w") as file:
        for name, values in (
            ("time", [0.0, 1.0]),
            ("lat", [50.0, 49.5, 49.0]),
            ("lon", [7.0, 7.5, 8.0, 8.5]),
        ):
            file.createDimension(name, len(values))
            file.createVariable(name, "d", (name,))[:] = values
        file.createVariable("rain", "f", ("time", "lat", "lon"))[:] = BANDS
        heat: Any = file.createVariable("heat", "h", ("lat", "lon"))
        heat._FillValue, heat.scale_factor, heat.add_offset = np.int16(7), 0.5, 10.0
        heat[:] = BANDS[0].astype(np.int16)
        file.createVariable("crop", "i", ("lat", "lon"))[:] = np.arange(12).reshape(3, 4) % 2
    return path


def hdf5(path: Path) -> Path:
    """As NetCDF 4 lays it out: dimensions are scales that variables are attached to."""
    with h5py.File(path, "w") as file:
        for name, values in (
            ("time", [0.0, 1.0]),
            ("lat", [50.0, 49.5, 49.0]),
            ("lon", [7.0, 7.5, 8.0, 8.5]),
        ):
            file.create_dataset(name, data=values).make_scale(name)
        crop = np.arange(12).reshape(3, 4) % 2
        heat = BANDS[0].astype(np.int16)
        of_time, of_place = ("time", "lat", "lon"), ("lat", "lon")
        for name, data, axes in (
            ("rain", BANDS, of_time),
            ("heat", heat, of_place),
            ("crop", crop, of_place),
        ):
            made = file.create_dataset(name, data=data)
            for place, axis in enumerate(axes):
                made.dims[place].attach_scale(file[axis])
        for name, value in (("_FillValue", [np.int16(7)]), ("scale_factor", 0.5), ("add_offset", 10.0)):
            file["heat"].attrs[name] = value
    return path


@pytest.mark.parametrize("write", [classic, hdf5])
def test_variables_over_the_grid_are_unpacked_layers(write: Any, tmp_path: Path) -> None:
    found = read_netcdf(write(tmp_path / "s.nc"), (), "crop", ())
    assert set(found.layers) == {"rain 1", "rain 2", "heat", "crop"}
    np.testing.assert_array_equal(found.layers["rain 2"], BANDS[1])
    expected = BANDS[0] * 0.5 + 10
    expected[1, 3] = np.nan
    np.testing.assert_array_equal(found.layers["heat"], expected)
    assert found.degrees
    assert found.y.tolist() == [50, 49.5, 49]


@pytest.mark.parametrize(
    ("kind", "written", "about", "read"),
    [
        ("f", [1, 2, 9.969209968386869e36, 4], {}, [1, 2, np.nan, 4]),
        ("h", [1, 2, -32767, 4], {}, [1, 2, np.nan, 4]),
        ("b", [1, 2, -127, 4], {}, [1, 2, -127, 4]),
        ("h", [1, 2, 3, 4], {"valid_range": np.array([2, 3], "i2")}, [np.nan, 2, 3, np.nan]),
        ("f", [1, 2, 3, 4], {"valid_min": np.float32(3)}, [np.nan, np.nan, 3, 4]),
        ("f", [1, 2, 3, 4], {"missing_value": np.array([2, 3], "f4")}, [1, np.nan, np.nan, 4]),
        ("b", [1, 2, -56, 4], {"_Unsigned": "true", "add_offset": 1.0}, [2, 3, 201, 5]),
    ],
)
def test_missing_values_are_those_of_the_netcdf_library(
    kind: str, written: list[float], about: dict[str, Any], read: list[float], tmp_path: Path
) -> None:
    """As netCDF4-python 1.7.5 reads such files."""
    with netcdf_file(str(tmp_path / "s.nc"), "w") as file:
        for name in ("lat", "lon"):
            file.createDimension(name, 2)
            file.createVariable(name, "d", (name,))[:] = [0.0, 1.0]
        red: Any = file.createVariable("red", kind, ("lat", "lon"))
        for name, value in about.items():
            setattr(red, name, value)
        red[:] = np.reshape(written, (2, 2))
        file.createVariable("crop", "i", ("lat", "lon"))[:] = np.eye(2)
    found = read_netcdf(tmp_path / "s.nc", (), "crop", ())
    np.testing.assert_array_equal(found.layers["red"].ravel(), read)


@pytest.mark.parametrize(
    ("variables", "target", "said"),
    [
        (("snow",), "crop", "expected a variable 'snow' over"),
        ((), "rain", "expected the target 'rain' over the grid alone"),
        (("crop",), "crop", "besides the target, got none"),
    ],
)
def test_variables_that_are_not_there_are_refused(
    variables: tuple[str, ...], target: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput) as error:
        read_netcdf(classic(tmp_path / "s.nc"), variables, target, ())
    assert said in str(error.value)


def test_what_is_no_netcdf_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.nc").write_bytes(classic(tmp_path / "s.nc").read_bytes()[:100])
    (tmp_path / "b.nc").write_text("lat,lon\n1,2\n")
    for name in ("a.nc", "b.nc"):
        with pytest.raises(BadInput, match="expected a NetCDF file") as error:
            read_netcdf(tmp_path / name, (), "crop", ())
        assert "\n" not in str(error.value)


def test_a_variable_that_lies_in_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(1600))
    with h5py.File(tmp_path / "s.nc", "w") as file:
        file.create_dataset("crop", (40, 40), "u1", external=[(str(tmp_path / "secret"), 0, 1600)])
    with pytest.raises(BadInput, match="expected 'crop' in the file itself"):
        read_netcdf(tmp_path / "s.nc", (), "crop", ())
    with h5py.File(tmp_path / "l.nc", "w") as file:
        file["crop"] = h5py.ExternalLink(str(tmp_path / "s.nc"), "crop")
    with pytest.raises(BadInput):
        read_netcdf(tmp_path / "l.nc", (), "crop", ())
