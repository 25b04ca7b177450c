"""What a problem file may say about an omics; every field has its effect or is refused."""

from typing import Annotated, Literal

from pydantic import Field

from escalation.model.errors import BadInput
from problems.prediction.sources.omics.units import MEANT, UNITS, Units
from problems.prediction.stated.spec import ColumnsSpec

GENOTYPES = (".bed", ".vcf", ".vcf.gz", ".vcf.bgz")
MATRICES = (".csv", ".tsv", ".txt", ".parquet")
ANNDATA = (".h5ad",)
RARE = 0.01


class OmicsSpec(ColumnsSpec):
    """Genes, proteins or variants of people; columns are those of the table of samples."""

    omics: str | Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        description="Path of a matrix (.csv, .tsv, .txt, .parquet), of AnnData (.h5ad), of genotypes "
        "(.bed of PLINK, "
        ".vcf, .vcf.gz); several paths for several omics of the same people."
    )
    samples: str | None = Field(
        None,
        description="Path of the table of samples (CSV, Parquet or Excel), with the outcome and the ids that "
        "the omics has; "
        "may be left out for .h5ad (obs) and .bed (.fam: sex, phenotype).",
    )
    sample_id: str | None = Field(
        None, description="Column of `samples` that holds the ids; else its first column of distinct values."
    )
    samples_in: Literal["rows", "columns"] | None = Field(
        None, description="Where a matrix has the samples; else told by their ids."
    )
    units: Units | tuple[Units, ...] | None = Field(
        None, description=f"Of numbers, one for all files or one for each that holds no genotypes: {MEANT}."
    )
    layer: str | None = Field(None, description="Layer of .h5ad to read instead of X, or `raw`.")
    people: Literal["in_all", "in_any"] = Field(
        "in_all",
        description="Of several omics: who is in all of them, or in any (values are missing elsewhere).",
    )
    most_missing: float = Field(
        0.2, ge=0, lt=1, description="Features missing in a larger share of the samples are left out."
    )
    least_allele_frequency: float | None = Field(
        None, ge=0, lt=0.5, description=f"Variants of a rarer allele are left out (else {RARE})."
    )
    most_features: int = Field(
        2000,
        ge=1,
        le=100_000,
        description="Of each file those that vary most are kept, whatever the outcome is.",
    )

    @property
    def paths(self) -> tuple[str, ...]:
        """The files, in order."""
        return (self.omics,) if isinstance(self.omics, str) else self.omics


def ends(path: str, endings: tuple[str, ...]) -> bool:
    """Whether a path has one of the endings, in either case."""
    return path.lower().endswith(endings)


def check_fields(spec: OmicsSpec) -> None:
    """Refuses an unknown kind of file, and a field that nothing in these files would heed.

    Raises:
        BadInput: naming the field.
    """
    for path in spec.paths:
        if not ends(path, (*MATRICES, *ANNDATA, *GENOTYPES)):
            known = ", ".join((*MATRICES, *ANNDATA, *GENOTYPES))
            raise BadInput(f"omics: expected a file whose name ends in one of {known}, got {path!r}")
    numbers = [path for path in spec.paths if not ends(path, GENOTYPES)]
    own = [path for path in spec.paths if ends(path, (*ANNDATA, ".bed"))]
    if spec.samples is None and not own:
        raise BadInput(
            "instance: field 'samples' is missing: expected the table with the outcome of each "
            "sample; a matrix and "
            "a VCF hold none"
        )
    idle = {
        "sample_id": spec.sample_id is not None and spec.samples is None and "there is no `samples`",
        "samples_in": spec.samples_in is not None
        and not any(ends(path, MATRICES) for path in spec.paths)
        and "in .h5ad, .bed and .vcf they have their place",
        "units": spec.units is not None and not numbers and "genotypes are copies of an allele",
        "layer": spec.layer is not None
        and not any(ends(path, ANNDATA) for path in spec.paths)
        and "no .h5ad is read",
        "least_allele_frequency": spec.least_allele_frequency is not None
        and len(numbers) == len(spec.paths)
        and "no genotypes are read",
        "na_values": bool(spec.na_values)
        and spec.samples is None
        and not any(ends(path, MATRICES) for path in spec.paths)
        and "no text is read",
        "people": spec.people == "in_any" and len(spec.paths) == 1 and "there is one omics",
    }
    for name, why in idle.items():
        if why:
            raise BadInput(f"instance: field {name!r} would have no effect: {why}: remove it")
    _check_units(spec, numbers)


def _check_units(spec: OmicsSpec, numbers: list[str]) -> None:
    if numbers and spec.units is None:
        raise BadInput(
            f"instance: field 'units' is missing: expected what the numbers of {numbers[0]} are: {MEANT}"
        )
    if isinstance(spec.units, tuple) and len(spec.units) != len(numbers):
        raise BadInput(
            f"units: expected one of {', '.join(UNITS)} for each of {len(numbers)} files without "
            "genotypes, got "
            f"{len(spec.units)}"
        )
