"""One molecule in one form: sanitised, its largest organic fragment, without charges that can be taken away.

By RDKit's MolStandardize (after Swain's molvs): `Cleanup` (functional groups normalised, metals
disconnected), `LargestFragmentChooser` (salts and solvents go), `Uncharger`. Stereo is kept in the SMILES
that features are made from, and ignored where molecules are compared. The scaffold is that of Bemis and
Murcko (1996, J. Med. Chem. 39:2887): rings and what links them.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from escalation.model.errors import BadInput, first_line

PACKAGE = "rdkit"
GET = "reading molecules needs rdkit: .venv/bin/uv pip install --group molecules"
REMEMBERED = 10_000
"""Molecules: a file is looked at several times before anything is solved, and each takes a millisecond."""


@dataclass(frozen=True)
class Molecule:
    """A molecule as it is compared and described.

    Attributes:
        smiles: canonical, with stereo.
        flat: canonical, without.
        scaffold: canonical, without stereo; empty for a molecule without rings.
        fragments: whether smaller fragments were taken away.
        neutralised: whether charges were.
    """

    smiles: str
    flat: str
    scaffold: str
    fragments: bool
    neutralised: bool


class UnreadableMolecule(ValueError):
    """Why a text is no molecule, in words."""


def version() -> str:
    """RDKit's version.

    Raises:
        BadInput: where it is not installed.
    """
    try:
        import rdkit
    except ImportError:
        raise BadInput(GET) from None
    return str(rdkit.__version__)


@lru_cache(maxsize=REMEMBERED)
def standard(text: str) -> Molecule:
    """Standardises a molecule.

    Args:
        text: SMILES, or the block of an SDF (several lines).

    Raises:
        UnreadableMolecule: with the reason.
    """
    from rdkit import Chem, rdBase
    from rdkit.Chem.MolStandardize import rdMolStandardize
    from rdkit.Chem.Scaffolds import MurckoScaffold

    with rdBase.BlockLogs():
        found = _parsed(text)
        try:
            clean = rdMolStandardize.Cleanup(found)
            largest = rdMolStandardize.LargestFragmentChooser(preferOrganic=True).choose(clean)
            plain = rdMolStandardize.Uncharger().uncharge(largest)
            # what it writes it must read again, so that equal molecules are equal texts
            smiles = Chem.MolToSmiles(plain)
            again = Chem.MolFromSmiles(smiles)
            if again is None or not again.GetNumAtoms():
                raise UnreadableMolecule("it is none after it was standardised")
            scaffold_of: Any = MurckoScaffold.MurckoScaffoldSmiles  # without annotations
            scaffold = scaffold_of(mol=again, includeChirality=False)
        except (RuntimeError, ValueError) as error:
            raise UnreadableMolecule(first_line(error, typed=False)) from None
        return Molecule(
            smiles,
            Chem.MolToSmiles(again, isomericSmiles=False),
            str(scaffold),
            fragments=largest.GetNumAtoms() < clean.GetNumAtoms(),
            neutralised=_charges(plain) < _charges(largest),
        )


def _parsed(text: str) -> Any:
    from rdkit import Chem

    block = "\n" in text
    raw = Chem.MolFromMolBlock(text, sanitize=False) if block else Chem.MolFromSmiles(text, sanitize=False)
    if raw is None:
        raise UnreadableMolecule(
            "its atoms and bonds cannot be read" if block else "its spelling is no SMILES"
        )
    if not raw.GetNumAtoms():
        raise UnreadableMolecule("it has no atoms")
    wrong = Chem.DetectChemistryProblems(raw)
    if wrong:
        raise UnreadableMolecule(wrong[0].Message())
    made = Chem.MolFromMolBlock(text) if block else Chem.MolFromSmiles(text)
    if made is None:
        raise UnreadableMolecule("it cannot be sanitised")
    return made


def _charges(molecule: Any) -> int:
    return sum(abs(atom.GetFormalCharge()) for atom in molecule.GetAtoms())
