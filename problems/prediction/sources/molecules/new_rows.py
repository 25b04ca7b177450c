"""New molecules for a model of molecules, described as those were."""

from pathlib import Path

import numpy as np

from problems.prediction.sources.molecules.reading import described, molecules_of
from problems.prediction.sources.molecules.spec import MoleculesSpec
from problems.prediction.sources.molecules.standard import version
from problems.prediction.sources.new_data import Learnt
from toolbox.tables.raw import Numbers, RawTable, Texts


def read_new(spec: MoleculesSpec, folder: Path, learnt: Learnt) -> RawTable:
    """See `SourceDescriptor.read_new`; what was the same for all molecules then is no column now either."""
    rdkit = version()
    table, molecules, remarks = molecules_of(spec, folder)
    columns: dict[str, Texts | Numbers] = dict(table.columns)
    blocks: dict[str, tuple[str, ...]] = {}
    for block, (names, values) in described(spec, [each.smiles for each in molecules], rdkit).items():
        columns |= {name: np.ascontiguousarray(values[:, place]) for place, name in enumerate(names)}
        blocks[block] = tuple(names)
    then = learnt.source.get("rdkit", rdkit)
    if then != rdkit:
        remarks = (
            *remarks,
            f"described by RDKit {rdkit}, the model's molecules by {then}: numbers may differ",
        )
    return RawTable(
        columns,
        table.where,
        {**table.source, "rdkit": rdkit},
        decimal=table.decimal,
        commas=table.commas,
        remarks=remarks,
        blocks=blocks,
    )
