"""DICOM: pixels in the unit that the file states, and of who it is nothing but which files are of one person.

Rescale, photometric interpretation and window are applied as PS3.3 C.7.6.3, C.11.1 and C.11.2 say.
"""

import io
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from escalation.model.errors import BadInput
from problems.prediction.sources.images.decoded import Decoded, guarded, refuse_large

GET = ".venv/bin/uv pip install --group images"
Window = Literal["file", "none"] | tuple[float, float]
DEFLATED = b"1.2.840.10008.1.2.1.99"
_BEFORE = 2048
"""Bytes within which the file says how the rest is packed."""

IDENTIFYING = (
    *(
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "PatientBirthTime",
        "OtherPatientIDs",
        "OtherPatientNames",
    ),
    *(
        "PatientAddress",
        "PatientTelephoneNumbers",
        "PatientMotherBirthName",
        "PatientBirthName",
        "MilitaryRank",
    ),
    *("EthnicGroup", "Occupation", "PatientComments", "AdditionalPatientHistory", "MedicalRecordLocator"),
    *("AccessionNumber", "StudyID", "InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName"),
    *("ReferringPhysicianName", "PerformingPhysicianName", "PhysiciansOfRecord", "OperatorsName"),
    *("NameOfPhysiciansReadingStudy", "RequestingPhysician", "StationName", "DeviceSerialNumber"),
    *("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate", "StudyTime", "StudyInstanceUID"),
    *("SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID", "ImageComments", "StudyDescription"),
)
"""Tags that say who somebody is or lead to it (part of PS3.15, table E.1-1); nothing of them is kept."""


def decode(data: bytes, name: str, *, window: Window, each_page: bool) -> Decoded:
    """Returns the frames of a file, in its unit (Hounsfield's, say) or between 0 and 1 within a window.

    Args:
        data: of the file.
        name: of it, for complaints.
        window: centre and width in the file's unit; `file`: those that it states, if any; `none`.
        each_page: all frames, instead of the first.

    Raises:
        BadInput: on a file that is none, is broken, holds no pixels, or claims more than are taken.
    """
    try:
        import pydicom  # noqa: F401
    except ImportError:
        raise BadInput(f"reading DICOM needs pydicom: {GET}") from None
    if DEFLATED in data[:_BEFORE]:
        raise BadInput(
            f"{name}: deflated DICOM is not read (it may unpack without end): save it uncompressed"
        )
    return guarded(
        name, "a DICOM file", lambda: _decode(data, name, window, each_page=each_page), private=True
    )


def _decode(data: bytes, name: str, window: Window, *, each_page: bool) -> Decoded:
    import pydicom
    from pydicom import config

    config.settings.reading_validation_mode = config.IGNORE  # of texts that nobody looks at
    found = pydicom.dcmread(io.BytesIO(data))
    if "PixelData" not in found:
        raise BadInput(f"{name}: expected a picture, got a DICOM file without pixels")
    frames = int(found.get("NumberOfFrames") or 1)
    refuse_large(name, int(found.Rows), int(found.Columns), frames, int(found.get("SamplesPerPixel", 1)))
    stored = _stored(found, name)
    stored = stored if frames > 1 else stored[None]
    taken = frames if each_page else 1
    notes = set() if frames == taken else {"only the first of several frames was taken"}
    pictures = [_seen(found, frame, stored[frame], window, notes) for frame in range(taken)]
    if str(found.get("BurnedInAnnotation", "")).upper() == "YES":
        notes.add("text is burned into the pixels, which may say who it is")
    places = tuple(f"frame {frame}" for frame in range(1, taken + 1)) if taken > 1 else ("",)
    person = str(found.get("PatientID") or "").strip() or None
    return Decoded(tuple(pictures), places, tuple(sorted(notes)), person, _identifying(found))


def _stored(found: Any, name: str) -> NDArray[Any]:
    """The stored values, of shape ([frames,] rows, columns[, 3]); colours as red, green and blue."""
    try:
        array = found.pixel_array
    except (NotImplementedError, RuntimeError, AttributeError) as error:
        packed = getattr(getattr(found, "file_meta", None), "TransferSyntaxUID", None)
        if packed is not None and packed.is_compressed:
            raise BadInput(
                f"{name}: its pixels are packed as {packed.name}, which cannot be unpacked here: "
                "save it uncompressed (dcmdjpeg or gdcmconv --raw), or install pylibjpeg"
            ) from None
        raise error from None
    if found.PhotometricInterpretation == "PALETTE COLOR":
        from pydicom.pixels import apply_color_lut

        looked = apply_color_lut(array, found)
        stated = int(found.RedPaletteColorLookupTableDescriptor[2])
        return np.asarray(looked / (2.0 ** min(stated, 8 * looked.dtype.itemsize) - 1))
    return np.asarray(array)


def _stated(found: Any, frame: int, tag: str) -> Any:
    """What a file says of a frame: in the groups of that frame or of all, else by itself (C.7.6.16)."""
    of_each, of_all = (
        found.get(f"{whose}FunctionalGroupsSequence") or () for whose in ("PerFrame", "Shared")
    )
    for groups in (*of_each[frame : frame + 1], *of_all):
        for sequence in ("PixelValueTransformationSequence", "FrameVOILUTSequence"):
            for each in groups.get(sequence) or ():
                if tag in each:
                    return each.get(tag)
    return found.get(tag)


def _seen(
    found: Any, frame: int, stored: NDArray[Any], window: Window, notes: set[str]
) -> NDArray[np.float32]:
    if stored.ndim == 3:
        bits = int(found.get("BitsStored", 8))
        scale = 1.0 if stored.dtype.kind == "f" else float(2**bits - 1)
        return (stored / scale).astype(np.float32)
    stated = (_first(_stated(found, frame, f"Rescale{what}")) for what in ("Slope", "Intercept"))
    slope, intercept = (
        usual if each is None else each for each, usual in zip(stated, (1.0, 0.0), strict=True)
    )
    values = stored.astype(np.float64) * slope + intercept
    if (slope, intercept) != (1.0, 0.0):
        notes.add("rescaled by the slope and intercept that the file states")
    applied = _window(found, frame, window)
    if applied is not None:
        values = windowed(values, *applied)
        notes.add("windowed as the file states" if window == "file" else "windowed as the problem states")
    if found.PhotometricInterpretation == "MONOCHROME1":
        notes.add("turned from MONOCHROME1, in which the least is white")
        if applied is not None:
            values = 1 - values
        else:  # within what the bits can hold, so that every picture is turned alike
            least, most = _range(found)
            values = (least + most) * slope + 2 * intercept - values
    return values.astype(np.float32)


def windowed(values: NDArray[np.float64], centre: float, width: float) -> NDArray[np.float64]:
    """Returns values between 0 and 1 within a window, by the linear function of PS3.3 C.11.2.1.2.1."""
    return np.clip((values - (centre - 0.5)) / max(width - 1, 1e-9) + 0.5, 0, 1)


def _window(found: Any, frame: int, window: Window) -> tuple[float, float] | None:
    if window == "none":
        return None
    if window != "file":
        return float(window[0]), float(window[1])
    centre, width = (_first(_stated(found, frame, tag)) for tag in ("WindowCenter", "WindowWidth"))
    return None if centre is None or width is None or width < 1 else (centre, width)


def _first(value: Any) -> float | None:
    """The first of several windows; None where the tag is absent or empty."""
    if value is None or value == "":
        return None
    try:
        return float(value)
    except TypeError:
        return float(value[0]) if len(value) else None


def _range(found: Any) -> tuple[float, float]:
    bits = int(found.get("BitsStored", found.get("BitsAllocated", 8)))
    signed = int(found.get("PixelRepresentation", 0)) == 1
    return (-(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1) if signed else (0.0, 2.0**bits - 1)


def _identifying(found: Any) -> tuple[str, ...]:
    named = [tag for tag in IDENTIFYING if str(found.get(tag) or "").strip()]
    return (*named, "private tags") if any(element.tag.is_private for element in found) else tuple(named)
