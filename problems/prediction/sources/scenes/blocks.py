"""Squares of land, whose rows stay together: near places are alike, and a split at random would flatter.

Roberts et al. (2017), Ecography 40:913: cross-validation by blocks for data with spatial structure. Of
degrees the squares are laid out in bands of latitude, each divided along its middle parallel, on a sphere.
"""

import numpy as np

from escalation.text.wording import counted
from toolbox.arrays.types import Flags, Floats, Ints

EARTH_KM = 6371.0088
"""Mean radius (IUGG)."""
NEIGHBOURS = 9


def on_plane(x: Floats, y: Floats, side_km: float | None) -> tuple[Floats, Floats]:
    """Coordinates in the unit of the squares: as they are, or of degrees in kilometres."""
    if side_km is None:
        return x, y
    north = np.radians(y) * EARTH_KM
    band = (np.floor(north / side_km) + 0.5) * side_km / EARTH_KM
    around = np.mod(x + 180, 360) - 180
    return np.radians(around) * EARTH_KM * np.cos(np.clip(band, -np.pi / 2, np.pi / 2)), north


def blocks(x: Floats, y: Floats, side: float) -> tuple[Ints, Ints]:
    """The square of each place, by column and row, from coordinates on the plane, shape (n,) both."""
    return np.floor(x / side).astype(np.int64), np.floor(y / side).astype(np.int64)


def inside(x: Floats, y: Floats, side: float, margin: float) -> Flags:
    """Whether a place lies at least `margin` from the border of its square, shape (n,)."""
    within = [np.minimum(np.mod(each, side), side - np.mod(each, side)) >= margin for each in (x, y)]
    return np.asarray(within[0] & within[1])


def on_globe(x: Floats, y: Floats) -> Floats:
    """Degrees of longitude and latitude as places in space, in kilometres, shape (n, 3)."""
    east, north = np.radians(x), np.radians(y)
    flat = np.cos(north)
    return EARTH_KM * np.column_stack([flat * np.cos(east), flat * np.sin(east), np.sin(north)])


def apart(places: Floats, names: list[str]) -> float:
    """The least distance of two places of different squares, among the nearest neighbours of each.

    Args:
        places: in the plane, shape (n, 2), or on the globe, shape (n, 3): squares of different bands lie
            elsewhere on the plane than beside each other.
        names: of their squares.
    """
    from scipy.spatial import cKDTree

    if len(places) < 2:
        return float("inf")
    of = np.unique(names, return_inverse=True)[1]
    found, near = cKDTree(places).query(places, min(NEIGHBOURS, len(places)))
    distances, other = np.asarray(found), of[near] != of[:, None]
    return float(distances[other].min()) if other.any() else float("inf")


def described(names: list[str], side: float, unit: str, nearest: float, margin: float) -> str:
    """One line on the squares and on how near rows of different ones lie."""
    counts = np.unique(names, return_counts=True)[1]
    near = (
        f"rows of different squares lie at least {nearest:.4g} {unit} apart" if np.isfinite(nearest) else ""
    )
    left = "" if margin else ", which is as near as neighbours are: `margin` keeps them further apart"
    return (
        f"{counted(len(counts), 'square', 'squares')} of {side:g} {unit} with {counts.min():,} to "
        f"{counts.max():,} rows "
        f"stay whole; {near}{left}; what is alike over more than {side:g} {unit} is not kept apart"
    )
