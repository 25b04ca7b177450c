"""Says that this source exists."""

from problems.prediction.sources.source import SourceDescriptor

DESCRIPTOR = SourceDescriptor(
    name="omics",
    summary="Genes, proteins or variants of people: matrices, AnnData, PLINK, VCF, joined with a "
    "table of samples.",
    named_by=("omics",),
    spec="problems.prediction.sources.omics.spec:OmicsSpec",
    read="problems.prediction.sources.omics.reading:read",
    samples="problems.prediction.sources.omics.samples:samples",
    read_new="problems.prediction.sources.omics.new_rows:read_new",
    files=("samples",),
    noun="samples",
)
