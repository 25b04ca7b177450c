"""What one file of an omics measured: samples by features, before anything is screened."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from escalation.model.errors import BadInput
from toolbox.arrays.types import Index
from toolbox.tables.raw import Numbers, Texts

MOST_CELLS = 300_000_000
"""Values that one file may hold after its screens: 2.4 GB as numbers, 0.3 GB as genotypes."""


@dataclass(frozen=True, eq=False)
class Matrix:
    """One omics of some people.

    Attributes:
        name: of the omics, the file's name without its ending.
        samples: their ids, no two alike.
        features: names of the columns, no two alike.
        values: shape (samples, features); float64 with NaN missing, or int8 dosages with -1 missing.
        sha256: of every file, by its name.
        about: columns that the file itself has about its samples (`obs`, `.fam`), by name.
        remarks: what was done that a reader should know.
        family: id of the family of each sample; empty where the file has none.
    """

    name: str
    samples: tuple[str, ...]
    features: tuple[str, ...]
    values: NDArray[np.float64] | NDArray[np.int8]
    sha256: Mapping[str, str]
    about: Mapping[str, Texts | Numbers] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    family: tuple[str, ...] = ()

    @property
    def genotypes(self) -> bool:
        """Whether the values are counts of an allele."""
        return self.values.dtype == np.int8

    def only(self, features: Index, *remarks: str) -> "Matrix":
        """The same with some of the features, in the order given."""
        return replace(
            self,
            features=tuple(self.features[place] for place in features),
            values=self.values[:, features],
            remarks=(*self.remarks, *remarks),
        )


def distinct(path: Path, names: tuple[str, ...], what: str, where: str = "") -> None:
    """Refuses a name that is empty or occurs twice.

    Raises:
        BadInput: naming the file, the name and both places, counted from 1.
    """
    seen: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        if not name:
            raise BadInput(f"{path}: expected an id for every {what}, got none for {what} {place}{where}")
        if name in seen:
            raise BadInput(
                f"{path}: expected every {what} once, got {name!r} as {what} {seen[name]} and "
                f"{place}{where}: "
                "give each an id of its own"
            )
        seen[name] = place


def not_too_large(path: Path, samples: int, features: int) -> None:
    """Raises `BadInput` where a file holds more values than are read."""
    if samples * features > MOST_CELLS:
        raise BadInput(
            f"{path}: expected at most {MOST_CELLS:,} values, got {samples:,} samples x {features:,} "
            "features: "
            "leave features out beforehand (rare variants, genes without counts)"
        )
