"""Small files of each kind for the same people, and what each field beside them changes."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalation.testing.sources import Source
from problems.prediction.sources.omics.h5ad import PACKAGE
from problems.prediction.sources.omics.spec import OmicsSpec
from problems.prediction.sources.stating import of_two_classes

PEOPLE, GENES = 100, 12
_COLUMNS: dict[str, Any] = {
    "subgroups": ["ward"],
    "positive": 0,
    "group": "household",
    "time": "seen",
    "weight": "age",
    "drop": ["age"],
    "categorical": ["ward"],
}


def samples(folder: Path) -> tuple[Source, ...]:
    """Writes them; returns numbers and genotypes with a table of samples, and AnnData alone.

    None without h5py: `layer` would then be a field that nothing heeds.
    """
    if find_spec(PACKAGE) is None:
        return ()
    rng = np.random.default_rng(1)
    at = folder.name
    people = _people(folder, rng)
    values = rng.integers(0, 40, (PEOPLE, GENES)).astype(np.float64)
    values[: PEOPLE // 8, 0] = np.nan
    _matrix(folder, people, values)
    _vcf(folder, people[4:], rng)
    _h5ad(folder, people, values)
    every = of_two_classes("age") | _COLUMNS | {"most_missing": 0.05, "most_features": 3}
    both = {
        "omics": [f"{at}/genes.tsv", f"{at}/calls.vcf"],
        "samples_in": "columns",
        "units": "log",
        "samples": f"{at}/people.csv",
        "sample_id": "person",
        "target": "ill",
    }
    of_both = {"na_values": [2], "people": "in_any", "least_allele_frequency": 0.2}
    cells = {"omics": f"{at}/cells.h5ad", "units": "log", "target": "ill"}
    of_cells = {"layer": "doubled", "samples": f"{at}/few.csv"}
    return (
        Source("genes and variants", OmicsSpec, both, every | of_both),
        Source("cells", OmicsSpec, cells, every | of_cells),
    )


def _people(folder: Path, rng: np.random.Generator) -> list[str]:
    import pandas as pd

    ids = [f"p{place}" for place in range(PEOPLE)]
    frame = {
        "person": ids,
        "age": rng.integers(20, 90, PEOPLE),
        "ward": rng.integers(1, 5, PEOPLE),
        "household": rng.permutation(np.arange(PEOPLE) // 2),
        "seen": rng.integers(0, 1000, PEOPLE),
        "ill": np.arange(PEOPLE) % 2,
    }
    table = pd.DataFrame(frame)
    table.to_csv(folder / "people.csv", index=False)
    table[:-10].to_csv(folder / "few.csv", index=False)
    return ids


def _matrix(folder: Path, people: list[str], values: NDArray[np.float64]) -> None:
    header = "\t".join(["", *people])
    lines = ["\t".join([f"g{gene}", *map(str, own)]) for gene, own in enumerate(values.T)]
    (folder / "genes.tsv").write_text("\n".join([header, *lines, ""]))


def _vcf(folder: Path, people: list[str], rng: np.random.Generator) -> None:
    header = "\t".join(["#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT".replace(" ", "\t"), *people])
    lines = [_variant(place, rng) for place in range(1, GENES + 1)]
    (folder / "calls.vcf").write_text("\n".join(["##fileformat=VCFv4.2", header, *lines, ""]))


def _variant(place: int, rng: np.random.Generator) -> str:
    often = 0.1 + 0.03 * place
    called = [f"{first}/{second}" for first, second in (rng.random((PEOPLE - 4, 2)) < often).astype(int)]
    if place == 1:
        called[: PEOPLE // 8] = ["./."] * (PEOPLE // 8)
    return "\t".join(["1", str(place), ".", "A", "G", ".", "PASS", ".", "GT", *called])


def _h5ad(folder: Path, people: list[str], values: NDArray[np.float64]) -> None:
    import h5py
    import pandas as pd

    table = pd.read_csv(folder / "people.csv")
    with h5py.File(folder / "cells.h5ad", "w") as file:
        file["X"] = values
        file.create_group("layers")["doubled"] = 2 * values
        for name, ids, columns in (
            ("obs", people, list(table)[1:]),
            ("var", [f"g{k}" for k in range(GENES)], []),
        ):
            frame = file.create_group(name)
            frame.attrs.update({"encoding-type": "dataframe", "_index": "_index"})
            frame.attrs["column-order"] = np.array(columns, dtype=h5py.string_dtype())
            frame["_index"] = ids
            for column in columns:
                frame[column] = table[column].to_numpy()
