"""Squares of land and patches of pixels, against distances on the globe and sums written out."""

import numpy as np
import pytest

from problems.prediction.sources.scenes.blocks import apart, blocks, inside, on_globe, on_plane
from problems.prediction.sources.scenes.patches import patch_layers


def test_places_of_one_square_share_its_number() -> None:
    across, up = blocks(np.array([0.0, 99.9, 100, -0.1]), np.array([0.0, 5, 5, 5]), 100)
    assert across.tolist() == [0, 0, 1, -1]
    assert up.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("latitude", [0.5, 50.2, -70.3])
def test_degrees_are_kilometres_on_the_globe(latitude: float) -> None:
    """Haversine's formula, of two places within one band of 10 km."""
    x, y = on_plane(np.array([7.0, 7.02]), np.array([latitude, latitude]), 10)
    first, second, span = np.radians(latitude), np.radians(latitude), np.radians(0.02)
    chord = np.cos(first) * np.cos(second) * np.sin(span / 2) ** 2
    assert np.hypot(*np.diff([x, y])[:, 0]) == pytest.approx(
        2 * 6371.0088 * np.arcsin(np.sqrt(chord)), rel=2e-3
    )


def test_both_ways_to_write_a_longitude_are_one_place() -> None:
    x, _ = on_plane(np.array([190.0, -170.0]), np.array([10.0, 10.0]), 5)
    assert x[0] == pytest.approx(x[1])


def test_rows_at_the_border_of_their_square_are_told_from_those_inside() -> None:
    x = np.array([5.0, 10, 50, 95, 100])
    assert inside(x, np.full(5, 50.0), 100, 10).tolist() == [False, True, True, False, False]


def test_with_a_margin_rows_of_different_squares_lie_twice_as_far_apart() -> None:
    places = np.random.default_rng(1).uniform(0, 500, (2, 2000))
    kept = inside(places[0], places[1], 100, 8)
    x, y = places[:, kept]
    names = [f"{a} {b}" for a, b in zip(*blocks(x, y, 100), strict=True)]
    assert apart(np.column_stack([x, y]), names) >= 16


def test_neighbours_in_squares_of_two_bands_are_as_near_as_they_are_on_the_globe() -> None:
    # at longitude 100 the bands of 100 km on either side of latitude 62.05 divide into other squares
    edge = np.degrees(69 * 100 / 6371.0088)
    x, y = np.array([100.0, 100.0]), edge + np.array([-0.001, 0.001])
    assert len({*zip(*blocks(*on_plane(x, y, 100), 100), strict=True)}) == 2
    # a thousandth of a degree of a meridian is 111.2 m
    assert apart(on_globe(x, y), ["below", "above"]) == pytest.approx(0.2224, rel=1e-3)


def test_a_patch_is_summed_up_around_each_pixel_without_its_missing_values() -> None:
    layer = np.random.default_rng(2).normal(50, 3, (6, 7))
    layer[2, 3] = np.nan
    found = patch_layers({"red": layer}, 3)
    for row in range(6):
        for column in range(7):
            patch = layer[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
            assert found["red: mean of 3"][row, column] == pytest.approx(np.nanmean(patch))
            assert found["red: sd of 3"][row, column] == pytest.approx(np.nanstd(patch, ddof=1))
    assert np.isnan(found["red"][2, 3])
