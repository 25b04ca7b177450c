"""A few molecules as a table and as an SDF, and what each field beside them changes."""

from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from escalation.testing.sources import Source
from problems.prediction.sources.molecules.spec import MoleculesSpec
from problems.prediction.sources.molecules.standard import PACKAGE
from problems.prediction.sources.stating import of_two_classes

CHAINS = ["C" * length for length in range(1, 9)]
ENDS = ["O", "N", "Cl", "F", "S", "C#N", "C(=O)O", "C(N)=O", "OC", "Br"]
RINGS = ["c1ccccc1CO", "OCc1ccccc1", "c1ccccc1CCN"]  # the first two are one molecule, all have one scaffold
BROKEN = "C1CC"


def samples(folder: Path) -> tuple[Source, ...]:
    """Writes them; returns both ways to name them, none without RDKit: not every environment has it."""
    if find_spec(PACKAGE) is None:
        return ()
    smiles = ["".join(parts) for parts in product(CHAINS, ENDS)] + RINGS
    table = _table(len(smiles), np.random.default_rng(1))
    table.assign(smiles=smiles).to_csv(folder / "m.csv", index=False)
    (folder / "m.sdf").write_text(_sdf(smiles, table))
    with (folder / "m.csv").open("a") as file:
        file.write(f"1,1,1,1,0,{BROKEN}\n")
    every = of_two_classes("dose") | _COLUMNS
    said = {"broken": "left_out", "target": "active", "features": ["fingerprints"], "bits": 64}
    return (
        Source(
            "SMILES", MoleculesSpec, {"molecules": f"{folder.name}/m.csv", "smiles": "smiles"} | said, every
        ),
        Source("SDF", MoleculesSpec, {"molecules": f"{folder.name}/m.sdf"} | said, every),
    )


_COLUMNS: dict[str, Any] = {
    "subgroups": ["plate"],
    "positive": 0,
    "group": "batch",
    "time": "seen",
    "weight": "dose",
    "drop": ["dose"],
    "categorical": ["plate"],
    "na_values": [2],
    "split": "random",
    "radius": 1,
}


def _table(rows: int, rng: np.random.Generator) -> Any:
    import pandas as pd

    return pd.DataFrame(
        {
            "dose": rng.integers(1, 90, rows),
            "plate": rng.integers(1, 5, rows),
            "batch": rng.permutation(np.arange(rows) // 2),
            "seen": rng.integers(0, 1000, rows),
            "active": np.arange(rows) % 2,
        }
    )


def _sdf(smiles: list[str], table: Any) -> str:
    from rdkit import Chem

    records = []
    for text, row in zip(smiles, table.to_dict("records"), strict=True):
        fields = "".join(f">  <{name}>\n{value}\n\n" for name, value in row.items())
        records.append(f"{Chem.MolToMolBlock(Chem.MolFromSmiles(text))}{fields}$$$$\n")
    return "".join(records) + "broken\n\n\nno counts\nM  END\n$$$$\n"
