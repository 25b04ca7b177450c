"""Molecules by RDKit: one form for what is one molecule, its scaffold, and one line for what is none."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escalation.model.errors import BadInput
from problems.prediction.sources.molecules.reading import read
from problems.prediction.sources.molecules.spec import MoleculesSpec
from problems.prediction.sources.molecules.standard import UnreadableMolecule, standard
from toolbox.tables.raw import RawTable

TABLE = "smiles,active\nCCO,1\nOCC,0\n"
TABLE += "c1ccccc1C(=O)[O-].[Na+],1\nc1ccccc1CC(C)N,0\nF[C@H](Cl)Br,1\nF[C@@H](Cl)Br,1\n"


def _read(folder: Path, text: str = TABLE, name: str = "m.csv", **fields: Any) -> RawTable:
    (folder / name).write_text(text)
    return read(MoleculesSpec.model_validate({"molecules": name, "target": "active", **fields}), folder, 1)[0]


def test_a_salt_becomes_its_neutral_largest_fragment() -> None:
    found = standard("c1ccccc1C(=O)[O-].[Na+]")
    assert (found.smiles, found.fragments, found.neutralised) == ("O=C(O)c1ccccc1", True, True)
    plain = standard("OC(=O)c1ccccc1")
    assert (plain.smiles, plain.fragments, plain.neutralised) == ("O=C(O)c1ccccc1", False, False)


def test_a_scaffold_is_rings_and_what_links_them() -> None:
    # Bemis and Murcko 1996, diazepam: benzodiazepine with its phenyl ring; substituents go
    assert standard("CN1C(=O)CN=C(c2ccccc2)c2cc(Cl)ccc21").scaffold == "O=C1CN=C(c2ccccc2)c2ccccc2N1"
    assert standard("CCCCO").scaffold == ""


def test_stereo_is_kept_in_a_molecule_and_not_compared() -> None:
    left, right = standard("F[C@H](Cl)Br"), standard("F[C@@H](Cl)Br")
    assert left.smiles != right.smiles
    assert left.flat == right.flat


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("C1CC", "no SMILES"),
        ("CN(C)(C)(C)C", "valence for atom # 1 N"),
        ("c1cccc1", "kekulize"),
        ("", "no atoms"),
    ],
)
def test_what_is_no_molecule_says_why(text: str, why: str) -> None:
    with pytest.raises(UnreadableMolecule, match=why):
        standard(text)


def test_equal_molecules_and_scaffolds_stay_together(tmp_path: Path) -> None:
    table = _read(tmp_path)
    groups = table.columns["scaffold"]
    assert list(groups) == ["CCO", "CCO", "c1ccccc1", "c1ccccc1", "FC(Cl)Br", "FC(Cl)Br"]
    assert table.remarks == (
        "1 molecule is cut to the largest fragment (salts, solvents)",
        "1 molecule is neutralised",
        "2 molecules are equal to an earlier one (stereo not compared): kept together; with different "
        "outcomes: 1",
        "1 scaffold (Bemis-Murcko, no stereo): molecules of one stay together; 4 molecules without "
        "rings by themselves",
        table.remarks[-1],
    )
    assert len(set(_read(tmp_path, split="random").columns["scaffold"])) == 4


def test_descriptors_and_fingerprints_are_rdkits(tmp_path: Path) -> None:
    from rdkit import Chem
    from rdkit.Chem import Descriptors, rdMolDescriptors

    table = _read(tmp_path)
    ethanol = Chem.MolFromSmiles("CCO")
    for name, function in (
        ("MolWt", dict(Descriptors.descList)["MolWt"]),
        ("TPSA", rdMolDescriptors.CalcTPSA),
    ):
        assert np.asarray(table.columns[name], float)[0] == pytest.approx(function(ethanol))
    # ethanol has 3 atoms and, of radius 1, an environment for each: 6 counts in all, and none of radius 2
    bits = [np.asarray(table.columns[name], float)[0] for name in table.blocks["fingerprints"]]
    assert sum(bits) == 6


def test_values_are_those_of_rdkits_own_examples(tmp_path: Path) -> None:
    # https://www.rdkit.org/docs/GettingStartedInPython.html: descriptors of benzoic acid
    table = _read(tmp_path, "smiles,active\nc1ccccc1C(=O)O,1\nc1cccnc1C,0\nCCO,1\n", bits=8192)
    for name, value in (("TPSA", 37.3), ("MolLogP", 1.3848)):
        assert np.asarray(table.columns[name], float)[0] == pytest.approx(value)
    # there too: 16 neighbourhoods of 2-methylpyridine, 98513984 twice, 4048591891 once; a column is the rest
    picoline = {name: np.asarray(table.columns[name], float)[1] for name in table.blocks["fingerprints"]}
    assert sum(count > 0 for count in picoline.values()) == 16
    assert picoline[f"morgan{98513984 % 8192}"] == 2
    assert picoline[f"morgan{4048591891 % 8192}"] == 1
    # docstring of rdkit.Chem.Scaffolds.MurckoScaffold.MurckoScaffoldSmiles
    assert standard("Cc1cc(Oc2nccc(CCC)c2)ccc1").scaffold == "c1ccc(Oc2ccccn2)cc1"


def test_a_named_group_is_joined_with_the_scaffolds(tmp_path: Path) -> None:
    text = "smiles,lab,active\nc1ccccc1C,a,1\nc1ccccc1CC,b,0\nCCO,b,1\nCCCO,c,0\n"
    assert list(_read(tmp_path, text, group="lab").columns["lab"]) == ["a", "a", "a", "c"]


def test_an_sdf_gives_molecules_and_their_data(tmp_path: Path) -> None:
    from rdkit import Chem

    blocks = [Chem.MolToMolBlock(Chem.MolFromSmiles("CCO")), Chem.MolToV3KMolBlock(Chem.MolFromSmiles("CCN"))]
    text = "".join(
        f"{block}>  <active>\n{k}\n\n>  <note>  (1)\ntwo\nlines\n\n$$$$\n" for k, block in enumerate(blocks)
    )
    table = _read(tmp_path, text, "m.sdf")
    assert table.columns["active"] == ["0", "1"]
    assert table.columns["note"] == ["two lines", "two lines"]
    assert table.columns["scaffold"] == ["CCO", "CCN"]
    assert table.where[1].startswith("molecule 2 (line ")


@pytest.mark.parametrize(
    ("text", "fields", "expected"),
    [
        (
            TABLE + "C1CC,1\n",
            {},
            r"m.csv, line 8: expected a molecule, got 'C1CC': its spelling is no "
            r"SMILES",
        ),
        (TABLE + ",1\n", {}, r"line 8: expected a molecule, got: a missing value"),
        (TABLE, {"smiles": "smile"}, "expected a column 'smile'.*did you mean 'smiles'"),
        (TABLE, {"features": ["descriptors"], "bits": 128}, "field 'bits' would have no effect"),
        (
            TABLE.replace("active", "scaffold"),
            {"target": "scaffold"},
            "column 'scaffold': the name is needed",
        ),
    ],
)
def test_what_cannot_be_used_is_one_line(
    tmp_path: Path, text: str, fields: dict[str, Any], expected: str
) -> None:
    with pytest.raises(BadInput, match=expected) as refusal:
        _read(tmp_path, text, **fields)
    assert "\n" not in str(refusal.value)
