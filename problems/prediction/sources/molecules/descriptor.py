"""Says that this source exists."""

from problems.prediction.sources.source import SourceDescriptor

DESCRIPTOR = SourceDescriptor(
    name="molecules",
    summary="Molecules as SMILES or SDF: standardised, described, kept together by scaffold.",
    named_by=("molecules",),
    spec="problems.prediction.sources.molecules.spec:MoleculesSpec",
    read="problems.prediction.sources.molecules.reading:read",
    samples="problems.prediction.sources.molecules.samples:samples",
    read_new="problems.prediction.sources.molecules.new_rows:read_new",
    block_words={"fingerprints": "substructures of the molecule"},
    noun="molecules",
)
