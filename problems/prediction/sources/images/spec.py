"""What a problem file may say of pictures."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from escalation.model.errors import BadInput
from problems.prediction.sources.images.dicom import Window
from problems.prediction.sources.images.nifti import Axis, Slices
from problems.prediction.stated.spec import TaskSpec, checked
from toolbox.tables.raw_files import Value

FeatureKind = Literal["pixels", "intensity", "texture", "shape", "hog", "lbp", "wavelets"]
KINDS: tuple[FeatureKind, ...] = ("pixels", "intensity", "texture", "shape", "hog", "lbp", "wavelets")

_OF_A_TABLE = ("group", "time", "columns", "categorical")
"""Without a table of labels there is nothing that these name."""


class ImagesSpec(TaskSpec):
    """Pictures in a NumPy archive or in a folder; relative paths start at the problem file's folder.

    In a folder, each sub-folder is a class, or a table of `labels` says what each file is. Sub-folders
    `train`, `val` and `test` may lie above those of the classes.
    """

    npz: str | None = Field(
        None,
        description="Path of a NumPy archive: `images` and arrays of a value a picture, or MedMNIST's.",
    )
    images: str | None = Field(None, description="Folder of PNG, JPEG, TIFF or BMP files.")
    dicom: str | None = Field(None, description="Folder of DICOM files; who they are of is not kept.")
    nifti: str | None = Field(None, description="Folder of NIfTI volumes, of which slices are taken.")
    labels: str | None = Field(
        None,
        description="CSV, Parquet or Excel file with a row for each file; without it sub-folders are the "
        "classes.",
    )
    file: str = Field("file", description="Column of `labels` with the file's name, relative to the folder.")
    target: str = Field("label", description="Column of `labels`, or array of the archive, with the outcome.")
    group: str | None = Field(
        None,
        description="Column whose pictures of equal value stay together: a patient. DICOM says it itself.",
    )
    time: str | None = Field(None, description="Column by which the latest pictures are the sealed ones.")
    columns: tuple[str, ...] = Field((), description="Columns that are features beside the pictures: age.")
    categorical: tuple[str, ...] = Field((), description="Those of `columns` whose numbers are codes.")
    na_values: tuple[Value, ...] = Field(
        (), description="Further values of `labels` that mean a missing one; numbers however they are spelt."
    )
    split: Literal["ignored", "file"] = Field(
        "ignored",
        description="Whether the data's own parts are used: those of `test` are then the sealed ones.",
    )
    size: Annotated[int, Field(ge=8, le=512)] | None = Field(
        None,
        description="Pixels either way to which pictures are resampled; as they are where all have one size "
        "of at most 128, else 128.",
    )
    features: tuple[FeatureKind, ...] = Field(
        KINDS,
        min_length=1,
        description="Kinds of features: pixels, intensity (moments, histogram), texture (grey-level "
        "co-occurrence), shape (moments of Hu and Zernike), hog (oriented gradients), lbp (local binary "
        "patterns), wavelets (Haar).",
    )
    pixels: int = Field(16, ge=2, le=64, description="Pixels either way of the reduced picture of `pixels`.")
    twins: Literal["grouped", "ignored"] = Field(
        "grouped", description="Whether pictures that are nearly copies of each other stay together."
    )
    twins_from: float = Field(
        0.98, ge=0.5, lt=1, description="Correlation of pixels above which two pictures are twins."
    )
    pages: Literal["each", "first"] = Field(
        "each",
        description="Whether each page of a TIFF or frame of a DICOM file is a row, or the first alone.",
    )
    window: Window = Field(
        "file",
        description="Of DICOM: `file` (what it states), `none`, or [centre, width] in its unit.",
    )
    axis: Axis = Field("axial", description="Of NIfTI: across which slices lie.")
    slices: Slices = Field("middle", description="Of NIfTI: `middle`, `all`, or their numbers from 0 on.")

    @property
    def folder(self) -> str | None:
        """The folder of pictures; None for an archive."""
        return self.images or self.dicom or self.nifti


def parse(instance: Mapping[str, Any]) -> ImagesSpec:
    """Returns the statement.

    Raises:
        BadInput: on an unknown field, a wrong type, and a field that would have no effect.
    """
    spec = checked(ImagesSpec, instance)
    for name, why in _idle(spec).items():
        if name in spec.model_fields_set:
            raise BadInput(f"instance: {name} would have no effect: {why}")
    if spec.split == "file":
        for name in ("sealed_fraction", "time"):
            if name in spec.model_fields_set:
                raise BadInput(
                    f"instance: {name} would have no effect: `split: file` says what is kept aside"
                )
    if len(set(spec.features)) < len(spec.features):
        raise BadInput(f"instance: features: expected each kind once, got {', '.join(spec.features)}")
    if spec.window not in ("file", "none") and float(spec.window[1]) < 1:
        raise BadInput(f"instance: window: expected a width of at least 1, got {spec.window[1]}")
    if isinstance(spec.slices, tuple) and len(set(spec.slices)) < max(len(spec.slices), 1):
        raise BadInput(f"instance: slices: expected different numbers, at least one, got {list(spec.slices)}")
    return spec


def _idle(spec: ImagesSpec) -> dict[str, str]:
    """Fields that nothing would read, and why."""
    found: dict[str, str] = {}
    if spec.npz is not None:
        found |= dict.fromkeys(("labels", "file", "na_values"), "the archive holds the labels")
    elif spec.labels is None:
        why = "without `labels`, sub-folders are the classes, and there are no columns"
        found |= dict.fromkeys((*_OF_A_TABLE, "file", "target", "na_values"), why)
    else:
        found["split"] = "name the column of the parts under `subgroups`, or leave test pictures out"
    if not spec.columns:
        found["categorical"] = "it is said of `columns`, of which there are none"
    if spec.dicom is None:
        found["window"] = "it is of DICOM alone"
    if spec.nifti is None:
        found |= dict.fromkeys(("axis", "slices"), "it is of NIfTI alone")
    if spec.npz is not None or spec.nifti is not None:
        found["pages"] = "it is of TIFF and DICOM alone"
    if "pixels" not in spec.features:
        found["pixels"] = "`pixels` is not among `features`"
    if spec.twins == "ignored":
        found["twins_from"] = "twins are ignored"
    return found
