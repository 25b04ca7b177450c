"""Says that this source exists."""

from problems.prediction.sources.source import SourceDescriptor

DESCRIPTOR = SourceDescriptor(
    name="images",
    summary="Pictures: a NumPy archive as of MedMNIST, or a folder of PNG, JPEG, TIFF, DICOM or NIfTI files.",
    named_by=("npz", "images", "dicom", "nifti"),
    spec="problems.prediction.sources.images.spec:ImagesSpec",
    read="problems.prediction.sources.images.reading:read",
    samples="problems.prediction.sources.images.samples:samples",
    parse="problems.prediction.sources.images.spec:parse",
    read_new="problems.prediction.sources.images.new_rows:read_new",
    files=("labels",),
    block_words={
        "pixels": "pixels of the picture",
        "intensity": "brightness of the picture",
        "texture": "texture of the picture",
        "shape": "shape in the picture",
        "hog": "edges of the picture",
        "lbp": "fine pattern of the picture",
        "wavelets": "detail of the picture",
    },
    noun="pictures",
)
