"""DICOM files that are made here, tag by tag; values by PS3.3's formulas and by hand."""

import io
from typing import Any

import numpy as np
import pytest

from escalation.model.errors import BadInput
from problems.prediction.sources.images import dicom

pydicom = pytest.importorskip("pydicom")
STORED = np.array([[0, 1000, 2000], [3000, 4000, 4095]], dtype=np.uint16)


def made(stored: Any = STORED, *, bits: int = 12, **tags: Any) -> bytes:
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    found = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    colour = stored.dtype == np.uint8
    found.Rows, found.Columns = stored.shape[-3:-1] if colour else stored.shape[-2:]
    found.SamplesPerPixel = 3 if colour else 1
    found.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    found.BitsAllocated = stored.dtype.itemsize * 8
    found.BitsStored, found.HighBit, found.PixelRepresentation = bits, bits - 1, 0
    if colour:
        found.PlanarConfiguration = 0
    found.PixelData = stored.tobytes()
    for name, value in tags.items():
        setattr(found, name, value)
    buffer = io.BytesIO()
    found.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def decode(data: bytes, window: Any = "file", *, each_page: bool = True) -> Any:
    return dicom.decode(data, "a.dcm", window=window, each_page=each_page)


def test_values_are_in_the_unit_that_slope_and_intercept_make() -> None:
    found = decode(made(RescaleSlope="2", RescaleIntercept="-1024"))
    assert np.array_equal(found.pictures[0], STORED * 2.0 - 1024)
    assert found.notes == ("rescaled by the slope and intercept that the file states",)


def test_a_window_is_that_of_the_file_a_stated_one_or_none() -> None:
    file = made(WindowCenter=["2048", "1"], WindowWidth=["2001", "2"])
    inside = [0, 0, (2000 - 2047.5) / 2000 + 0.5, (3000 - 2047.5) / 2000 + 0.5, 1, 1]
    assert decode(file).pictures[0].ravel() == pytest.approx(inside)
    assert decode(file, (2048.0, 2001.0)).pictures[0].ravel() == pytest.approx(inside)
    assert np.array_equal(decode(file, "none").pictures[0], STORED)


def test_the_least_of_monochrome1_is_white() -> None:
    assert np.array_equal(decode(made(PhotometricInterpretation="MONOCHROME1")).pictures[0], 4095.0 - STORED)
    seen = decode(made(PhotometricInterpretation="MONOCHROME1", WindowCenter="2048", WindowWidth="2001"))
    assert seen.pictures[0].ravel()[[0, 5]].tolist() == [1, 0]


def test_colours_and_frames() -> None:
    colour = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    assert decode(made(colour, bits=8)).pictures[0] == pytest.approx(colour / 255)
    frames = np.stack([STORED, STORED[::-1]])
    found = decode(made(frames, NumberOfFrames="2"))
    assert found.places == ("frame 1", "frame 2")
    assert np.array_equal(found.pictures[1], STORED[::-1])
    first = decode(made(frames, NumberOfFrames="2"), each_page=False)
    assert len(first.pictures) == 1
    assert first.notes == ("only the first of several frames was taken",)


def test_what_groups_of_frames_state_counts_for_those_frames() -> None:
    # PS3.3 C.7.6.16: enhanced files say it of all frames, or of each
    def groups(slope: str, intercept: str) -> Any:
        inner, outer = pydicom.Dataset(), pydicom.Dataset()
        inner.RescaleSlope, inner.RescaleIntercept = slope, intercept
        outer.PixelValueTransformationSequence = [inner]
        return outer

    frames: dict[str, Any] = {"stored": np.stack([STORED, STORED]), "NumberOfFrames": "2"}
    found = decode(made(**frames, SharedFunctionalGroupsSequence=[groups("2", "-1024")]))
    assert [np.array_equal(each, STORED * 2.0 - 1024) for each in found.pictures] == [True, True]
    each = [groups("1", "5"), groups("3", "-7")]
    found = decode(made(**frames, PerFrameFunctionalGroupsSequence=each))
    assert np.array_equal(found.pictures[0], STORED + 5.0)
    assert np.array_equal(found.pictures[1], STORED * 3.0 - 7)


@pytest.mark.parametrize("bits", [8, 16])
def test_colours_of_a_palette_are_between_0_and_1_whatever_its_depth(bits: int) -> None:
    kind, most = (np.uint8, 255) if bits == 8 else (np.uint16, 65535)
    palette: dict[str, Any] = {}
    for place, colour in enumerate(("Red", "Green", "Blue")):
        palette[f"{colour}PaletteColorLookupTableDescriptor"] = [2, 0, bits]
        entries = np.array([0, most // (place + 1)], dtype=kind)
        palette[f"{colour}PaletteColorLookupTableData"] = entries.tobytes()
    stored = np.array([[0, 1, 1], [1, 0, 0]], dtype=np.uint16)
    found = decode(made(stored, PhotometricInterpretation="PALETTE COLOR", **palette)).pictures[0]
    expected = stored[..., None] * np.array([1, 1 / 2, 1 / 3])
    assert found == pytest.approx(expected, abs=1 / most)


def test_of_who_it_is_the_names_of_tags_alone_are_kept() -> None:
    file = made(PatientName="Doe^Jane", PatientID="77-1", StudyDate="20260102", BurnedInAnnotation="YES")
    found = decode(file)
    assert found.person == "77-1"
    assert found.tags == ("PatientName", "PatientID", "StudyDate")
    assert found.notes == ("text is burned into the pixels, which may say who it is",)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"no dicom", "a.dcm: expected a DICOM file, got a file that cannot be read"),
        (made()[:-4], "a.dcm: expected a DICOM file, got a file that cannot be read"),
        (
            made(Rows=60000, Columns=60000),
            "a.dcm: expected at most 64 million pixels, got 60000 × 60000 × 1 × 1",
        ),
    ],
)
def test_what_is_broken_or_claims_too_much_is_one_line_with_its_name(data: bytes, said: str) -> None:
    with pytest.raises(BadInput) as error:
        decode(data)
    assert str(error.value).startswith(said)


def test_a_file_that_unpacks_without_end_is_refused_unread() -> None:
    data = made().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99\0")
    with pytest.raises(BadInput, match="deflated DICOM is not read"):
        decode(data)


def test_no_complaint_quotes_what_a_tag_holds() -> None:
    with pytest.raises(BadInput, match="values are not what they should be") as caught:
        decode(made(PhotometricInterpretation="SECRETNAME"))
    assert "SECRET" not in str(caught.value)
