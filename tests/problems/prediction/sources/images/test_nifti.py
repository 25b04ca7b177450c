"""NIfTI volumes whose voxels say where they are in the body, however they are stored."""

import gzip
from typing import Any

import numpy as np
import pytest

from escalation.model.errors import BadInput
from problems.prediction.sources.images import nifti

nibabel = pytest.importorskip("nibabel")
SHAPE = (3, 4, 5)
RIGHT, FRONT, TOP = np.meshgrid(*map(np.arange, SHAPE), indexing="ij")
VOLUME = (100 * RIGHT + 10 * FRONT + TOP).astype(np.float32)


def made(volume: Any = VOLUME, affine: Any = None) -> bytes:
    data: bytes = nibabel.Nifti1Image(volume, np.eye(4) if affine is None else affine).to_bytes()
    return data


def decode(data: bytes, axis: Any = "axial", slices: Any = "middle") -> Any:
    return nifti.decode(data, "a.nii", axis=axis, slices=slices)


def test_the_middle_slice_lies_with_the_front_up() -> None:
    found = decode(made()).pictures[0]
    assert found.shape == (4, 3)
    assert found[0].tolist() == [32, 132, 232]  # front row first, top 2
    assert decode(made(), "coronal").pictures[0][0].tolist() == [24, 124, 224]  # top row first, front 2
    assert decode(made(), "sagittal").pictures[0][0].tolist() == [104, 114, 124, 134]


def test_a_volume_stored_the_other_way_round_gives_the_same_slice() -> None:
    turned = np.diag([-1.0, -1.0, 1.0, 1.0])
    other = made(np.ascontiguousarray(VOLUME[::-1, ::-1]), turned)
    assert np.array_equal(decode(other).pictures[0], decode(made()).pictures[0])
    swapped = np.array([[0.0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    other = made(np.ascontiguousarray(VOLUME.transpose(1, 0, 2)), swapped)
    assert np.array_equal(decode(other).pictures[0], decode(made()).pictures[0])


def test_slices_by_number_and_all() -> None:
    assert decode(gzip.compress(made()), slices=(0, 4)).places == ("slice 0", "slice 4")
    assert len(decode(made(), "sagittal", "all").pictures) == 3


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"x" * 400, "a.nii: expected a NIfTI file, got a file that cannot be read"),
        (made()[:-9], "a.nii: expected a NIfTI file, got a file that cannot be read"),
        (gzip.compress(made())[:-30], "a.nii: expected a NIfTI file, got one whose gzip is broken"),
        (made(np.zeros((2, 2, 2, 3), dtype=np.float32)), "a.nii: expected one volume of three dimensions"),
    ],
)
def test_what_is_broken_is_one_line_with_its_name(data: bytes, said: str) -> None:
    with pytest.raises(BadInput) as error:
        decode(data)
    assert str(error.value).startswith(said)


def test_a_slice_that_is_not_there_and_a_file_that_unpacks_without_end(monkeypatch: Any) -> None:
    with pytest.raises(BadInput, match=r"a\.nii: expected slices from 0 to 4 \(axial\), got 5"):
        decode(made(), slices=(5,))
    monkeypatch.setattr(nifti, "MOST_BYTES", 2**20)
    with pytest.raises(BadInput, match=r"a\.nii: expected at most 1 MiB unpacked, got more"):
        decode(gzip.compress(bytes(2**21)))
