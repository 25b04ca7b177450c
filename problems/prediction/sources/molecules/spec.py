"""What a problem file may say about molecules."""

from typing import Literal

from pydantic import Field

from escalation.model.errors import BadInput
from problems.prediction.stated.spec import ColumnsSpec

SDF = ".sdf"
Features = Literal["descriptors", "fingerprints"]
RADIUS, BITS = 2, 1024


class MoleculesSpec(ColumnsSpec):
    """Molecules of a table or an SDF; columns are the table's others, or the SDF's data fields."""

    molecules: str = Field(
        description="Path of a table (.csv, .parquet, .xlsx) with a column of SMILES, or of an SDF."
    )
    smiles: str | None = Field(None, description="Column of SMILES; else the one called smiles.")
    split: Literal["scaffold", "random"] = Field(
        "scaffold",
        description="What stays together: molecules of one Bemis-Murcko scaffold, or equal ones alone.",
    )
    broken: Literal["refused", "left_out"] = Field(
        "refused", description="What is done with molecules that cannot be read."
    )
    features: tuple[Features, ...] = Field(
        ("descriptors", "fingerprints"), min_length=1, description="What describes a molecule."
    )
    radius: int | None = Field(
        None, ge=0, le=6, description=f"Bonds that a Morgan fingerprint reaches (else {RADIUS})."
    )
    bits: int | None = Field(None, ge=64, le=8192, description=f"Columns of the fingerprint (else {BITS}).")


def check_fields(spec: MoleculesSpec) -> None:
    """Refuses a field that would have no effect here.

    Raises:
        BadInput: naming it.
    """
    if spec.smiles is not None and spec.molecules.lower().endswith(SDF):
        raise BadInput(
            "instance: field 'smiles' would have no effect: an SDF has molecules, not SMILES: remove it"
        )
    for name in ("radius", "bits"):
        if getattr(spec, name) is not None and "fingerprints" not in spec.features:
            raise BadInput(
                f"instance: field {name!r} would have no effect: `features` has no fingerprints: remove it"
            )
    if len(set(spec.features)) < len(spec.features):
        raise BadInput(f"features: expected each once, got {', '.join(spec.features)}")
