"""Numbers of a molecule: RDKit's descriptors, and counts of Morgan's circular neighbourhoods.

Fingerprints count how often each neighbourhood of up to `radius` bonds occurs, folded onto `bits` columns
(Morgan 1965; Rogers and Hahn 2010, J. Chem. Inf. Model. 50:742)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from toolbox.arrays.types import Floats

LEFT_OUT = ("Ipc", "AvgIpc")
"""Grows with the number of atoms beyond what a float holds."""
LARGEST = 1e9
"""Beyond it a value is a failure of its formula (a partial charge of an odd element)."""


def descriptor_names() -> tuple[str, ...]:
    """The descriptors, in order."""
    from rdkit.Chem import Descriptors

    return tuple(name for name, _ in Descriptors.descList if name not in LEFT_OUT)


def descriptors(chunk: Sequence[str], *, rdkit: str) -> Floats:
    """Descriptors of molecules, shape (molecules, `descriptor_names`), NaN where one is not defined.

    Args:
        chunk: standardised SMILES.
        rdkit: its version, since numbers change with it.
    """
    from rdkit.Chem import Descriptors

    del rdkit
    names = set(descriptor_names())
    of = [(name, function) for name, function in Descriptors.descList if name in names]
    found = np.array([[_value(function, molecule) for _, function in of] for molecule in _molecules(chunk)])
    found[~(np.abs(found) <= LARGEST)] = np.nan
    return np.asarray(found, dtype=np.float64)


def fingerprints(chunk: Sequence[str], *, radius: int, bits: int, rdkit: str) -> Floats:
    """Counts of circular neighbourhoods, shape (molecules, bits).

    Args:
        chunk: standardised SMILES.
        radius: in bonds.
        bits: columns they are folded onto.
        rdkit: its version.
    """
    from rdkit.Chem import rdFingerprintGenerator

    del rdkit
    made = rdFingerprintGenerator.GetMorganGenerator(radius=radius, fpSize=bits)
    counts = [made.GetCountFingerprintAsNumPy(molecule) for molecule in _molecules(chunk)]
    return np.asarray(counts, dtype=np.float64)


def _molecules(chunk: Sequence[str]) -> list[Any]:
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        return [Chem.MolFromSmiles(smiles) for smiles in chunk]


def _value(function: Any, molecule: Any) -> float:
    from rdkit import rdBase

    with rdBase.BlockLogs():
        try:
            return float(function(molecule))
        except (RuntimeError, ValueError, ZeroDivisionError, OverflowError):
            return np.nan
