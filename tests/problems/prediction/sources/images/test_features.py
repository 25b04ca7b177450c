"""Numbers of pictures against scikit-image 0.26 and PyWavelets 1.9, which computed the references below.

The picture is `PICTURE`; the calls: `graycomatrix(levels, [1], angles at 0, 45, 90 and 135°, symmetric)`
summed over angles and divided by its sum, `moments_hu`, `hog(8 orientations, cells of 7 × 7, blocks of 2 × 2,
L2-Hys)`, `local_binary_pattern(…, 8, radius, "uniform")` without its border, `wavedec2(…, "haar", level=3)`.
"""

from typing import Any

import numpy as np
import pytest

from problems.prediction.sources.images.features import (
    hog,
    intensity,
    lbp,
    pixels,
    shape,
    texture,
    wavelets,
)
from problems.prediction.sources.images.features.every import KINDS, block_names, features
from problems.prediction.sources.images.resampling import resample
from problems.prediction.sources.images.spec import KINDS as NAMED

_Y, _X = np.mgrid[:28, :28]
PICTURE = ((37 * _Y + 11 * _X * _X + _X * _Y) % 251).astype(np.float64)[None]
OWN = intensity.over_own_range(PICTURE)
EVEN = np.full((1, 28, 28), 7.0)


def test_texture_is_that_of_scikit_image() -> None:
    reference = [41.987542, 5.254882, 0.144705, 0.068097, 0.001265]
    assert texture.texture(PICTURE)[0, :5] == pytest.approx(reference, abs=1e-6)


def test_cooccurrences_are_those_that_one_counts() -> None:
    levels = np.array([[[0, 0, 1], [1, 2, 2], [0, 2, 2]]])
    counted = np.zeros((16, 16))
    for y in range(3):
        for x in range(3):
            for down, right in ((0, 2), (2, 2), (2, 0), (2, -2)):
                if y + down < 3 and 0 <= x + right < 3:
                    a, b = levels[0, y, x], levels[0, y + down, x + right]
                    counted[a, b] += 1
                    counted[b, a] += 1
    assert np.allclose(texture.cooccurrence(levels, 2)[0], counted / counted.sum())


def test_hu_is_that_of_scikit_image() -> None:
    reference = [
        *(0.3352273534249775, 8.868562888839264e-05, 2.080137340485482e-05, 1.9364425232747296e-06),
        *(9.553778721645091e-12, -1.727220554228418e-08, -7.731114703842084e-12),
    ]
    assert shape.hu_moments(OWN)[0] == pytest.approx(reference, rel=1e-9)


def test_zernike_is_the_same_when_turned_and_one_where_its_polynomial_is_the_picture() -> None:
    assert np.allclose(shape.zernike(OWN), shape.zernike(np.rot90(OWN, axes=(1, 2))))
    side = 201
    y, x = ((np.arange(side) - 100) / 100.5)[:, None], ((np.arange(side) - 100) / 100.5)[None, :]
    disc = np.where(np.hypot(y, x) <= 1, 1 + (2 * (x**2 + y**2) - 1), 0.0)[None]  # 1 + V(2, 0)
    found = dict(zip(shape.ORDERS, shape.zernike(disc)[0], strict=True))
    # ∫ V₂₀² over the disc is π/3, ∫ (1 + V₂₀) is π: (3/π) (π/3) / π
    assert found[2, 0] == pytest.approx(1 / np.pi, rel=0.01)
    assert all(value < 0.01 for order, value in found.items() if order != (2, 0))


def test_hog_is_that_of_scikit_image() -> None:
    found = hog.hog(PICTURE)[0]
    first = [0.131469, 0.248045, 0.248045, 0.127147, 0.241407, 0.044492, 0.094828, 0.051486]
    assert found[:8] == pytest.approx(first, abs=1e-6)
    assert found.sum() == pytest.approx(43.727346, abs=1e-4)
    assert (found * np.arange(288)).sum() == pytest.approx(6247.822038, abs=1e-2)


@pytest.mark.parametrize(
    ("radius", "reference"),
    [(1, [117, 65, 9, 0, 66, 52, 0, 69, 106, 192]), (2, [140, 63, 4, 0, 2, 8, 1, 76, 129, 153])],
)
def test_lbp_is_that_of_scikit_image(radius: int, reference: Any) -> None:
    found = lbp.uniform_patterns(PICTURE, radius).astype(int)
    assert np.bincount(found.ravel(), minlength=10).tolist() == reference


def test_wavelets_are_those_of_pywavelets() -> None:
    reference = [
        *(68.587434, 72.932998, 66.146198, 96.154823, 60.323837, 98.472994),
        *(69.201422, 34.139369, 40.670808),
    ]
    assert wavelets.wavelets(PICTURE[:, :24, :24])[0] == pytest.approx(reference, abs=1e-6)


def test_intensity_is_that_of_scipy() -> None:
    from scipy import stats

    found = dict(zip(intensity.names(), intensity.intensity(PICTURE)[0], strict=True))
    flat = PICTURE.ravel()
    assert found["brightness skewness"] == pytest.approx(stats.skew(flat))
    assert found["brightness kurtosis"] == pytest.approx(stats.kurtosis(flat))
    assert found["brightness, 5% below"] == pytest.approx(np.quantile(flat, 0.05))
    bins = np.histogram(flat, 16)[0] / flat.size
    assert [found[f"brightness histogram {place} of 16"] for place in range(1, 17)] == pytest.approx(bins)
    assert found["brightness entropy"] == pytest.approx(stats.entropy(bins, base=2))


def test_each_new_pixel_is_the_mean_of_what_it_covers() -> None:
    assert np.allclose(resample(PICTURE, 14, 7), PICTURE.reshape(1, 14, 2, 7, 4).mean(axis=(2, 4)))
    assert resample(np.array([[[0.0, 3.0, 6.0]]]), 1, 2).tolist() == [[[1.0, 5.0]]]  # (0 + 3 · ½) / 1.5
    assert resample(np.array([[[0.0, 4.0]]]), 1, 4).tolist() == [[[0.0, 1.0, 3.0, 4.0]]]
    assert np.allclose(resample(EVEN, 11, 40), 7)
    assert pixels.pixels(PICTURE, 1)[0] == pytest.approx([PICTURE.mean()])


@pytest.mark.parametrize("pictures", [PICTURE, EVEN, np.zeros((2, 8, 9))])
def test_every_kind_has_a_finite_number_for_each_name(pictures: Any) -> None:
    found = features(pictures, chosen=NAMED, side=4)
    names = [name for block in block_names(NAMED, 4, in_colour=False).values() for name in block]
    assert found.shape == (len(pictures), len(names))
    assert np.isfinite(found).all()
    assert len(set(names)) == len(names)
    assert set(NAMED) == {"pixels", *KINDS}


def test_a_picture_has_the_same_numbers_in_any_company() -> None:
    nine = np.concatenate([PICTURE, EVEN, PICTURE[:, ::-1], np.random.default_rng(4).random((6, 28, 28))])
    together = features(nine, chosen=NAMED, side=4)
    for cut in (1, 4):
        parts = [features(nine[at : at + cut], chosen=NAMED, side=4) for at in range(0, 9, cut)]
        assert np.array_equal(together, np.vstack(parts))


def test_colours_are_summed_up_beside_their_brightness() -> None:
    colour = np.stack([PICTURE, 0 * PICTURE, 0 * PICTURE + 2], axis=-1)
    found = features(colour, chosen=["intensity"], side=4)[0]
    names = block_names(["intensity"], 4, in_colour=True)["intensity"]
    told = dict(zip(names, found, strict=True))
    assert told["red mean"] == pytest.approx(PICTURE.mean())
    assert told["blue mean"] == 2
    assert told["green sd"] == 0
    assert told["brightness mean"] == pytest.approx(0.299 * PICTURE.mean() + 0.114 * 2)
