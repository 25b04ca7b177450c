"""From files to one table: ids, orientation, units, screens, people missing here or there."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escalation.model.errors import BadInput
from problems.prediction.sources.omics.reading import read
from problems.prediction.sources.omics.spec import OmicsSpec
from toolbox.tables.raw import Numbers, RawTable

PEOPLE = "person,age,ill\np1,50,yes\np2,60,no\np3,70,yes\n"
BY_ROW = "\tg1\tg2\tg3\np1\t1\t2\t5\np2\t3\tNA\t5\np3\t4\t8\t5\n"
# as R writes it: no name above the ids, names in quotes; further columns are annotations
BY_COLUMN = (
    '"symbol"\t"p3"\t"p1"\t"p2"\n"g1"\t"TP53"\t4\t1\t3\n"g2"\t"MYC"\t8\t2\tNA\n"g3"\t"EGFR"\t5\t5\t5\n'
)
TARGET = {"target": "ill", "most_missing": 0.5}


def _read(folder: Path, text: str, table: str = PEOPLE, **fields: Any) -> RawTable:
    (folder / "genes.tsv").write_text(text)
    (folder / "people.csv").write_text(table)
    spec = {"omics": "genes.tsv", "samples": "people.csv", "units": "log", **TARGET, **fields}
    return read(OmicsSpec.model_validate(spec), folder, 1)[0]


def _of(table: RawTable, name: str) -> Numbers:
    values = table.columns[name]
    assert isinstance(values, np.ndarray)
    return values


@pytest.mark.parametrize("text", [BY_ROW, BY_COLUMN, BY_ROW.replace("\t", ",").replace(",g1", "id,g1")])
def test_samples_are_found_by_their_ids_in_rows_or_in_columns(tmp_path: Path, text: str) -> None:
    table = _read(tmp_path, text)
    assert table.where == ("sample p1", "sample p2", "sample p3")
    assert list(table.columns) == ["age", "ill", "g1", "g2"]  # g3 is the same in all
    assert np.array_equal(_of(table, "g1"), [1.0, 3.0, 4.0])
    assert np.array_equal(_of(table, "g2"), [2.0, np.nan, 8.0], equal_nan=True)
    assert table.columns["ill"] == ["yes", "no", "yes"]
    assert table.blocks == {"genes": ("g1", "g2")}
    said = "genes: of 3 features, 1 the same in all samples: left out, no outcome was looked at"
    assert said in table.remarks


def test_counts_become_logarithms_by_each_samples_own_total(tmp_path: Path) -> None:
    table = _read(tmp_path, BY_ROW.replace("NA", "7"), units="counts")
    # p1 has 1, 2, 5: log2(1e6 / 8 + 1)
    assert _of(table, "g1")[0] == pytest.approx(np.log2(125_001))
    table = _read(tmp_path, BY_ROW, units="intensities")
    assert _of(table, "g1") == pytest.approx([1.0, 2.0, np.log2(5)])


@pytest.mark.parametrize("marker", [-99, "-Inf", "gone"])
def test_what_is_said_to_mean_missing_is_missing_in_a_matrix_too(tmp_path: Path, marker: Any) -> None:
    table = _read(tmp_path, BY_ROW.replace("NA", str(marker)), na_values=[marker])
    assert np.array_equal(_of(table, "g2"), [2.0, np.nan, 8.0], equal_nan=True)


def test_logarithms_that_cannot_be_some_are_remarked_on(tmp_path: Path) -> None:
    table = _read(tmp_path, BY_ROW.replace("8", "8000"))
    said = "genes: reaches 8,000, unusual for logarithms: are these counts or intensities?"
    assert said in table.remarks


def test_screens_keep_what_is_measured_and_varies_most(tmp_path: Path) -> None:
    assert [*_read(tmp_path, BY_ROW, most_missing=0.3).columns][2:] == ["g1"]
    table = _read(tmp_path, BY_ROW, most_features=1)
    assert [*table.columns][2:] == ["g2"]  # variances 7/3 and 18
    assert any("1 not among the 1 that vary most" in said for said in table.remarks)


def test_who_is_missing_where_is_said(tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text("id,x,y\np2,1,2\np3,2,1\np9,3,0\n")
    both: Any = {"omics": ["genes.tsv", "more.csv"]}
    table = _read(tmp_path, BY_ROW, **both)
    assert table.where == ("sample p2", "sample p3")
    assert table.remarks[1:4] == (
        "more lacks 1 sample of the table: p1",
        "more has 1 sample that the table of samples lacks, not used: p9",
        "1 sample of the table is left out for that",
    )
    table = _read(tmp_path, BY_ROW, people="in_any", **both)
    assert np.array_equal(_of(table, "more.x"), [np.nan, 1.0, 2.0], equal_nan=True)
    assert table.blocks == {"genes": ("genes.g1", "genes.g2"), "more": ("more.x", "more.y")}


@pytest.mark.parametrize(
    ("text", "fields", "expected"),
    [
        (
            BY_ROW.replace("p", "X"),
            {},
            r"expected the ids of the table of samples \(p1 and 2 "
            r"more\).*got rows X1",
        ),
        (BY_ROW.replace("g1", "p1"), {}, "cannot tell whether samples are rows or columns: 3 ids"),
        (BY_ROW.replace("p2", "p1"), {}, "'p1' as sample 1 and 2"),
        (BY_ROW.replace("g2", "g1"), {}, "'g1' as feature 1 and 2"),
        (BY_ROW.replace("\t8\t", "\tx8\t"), {}, "line 4, column 'g2': expected a number, got 'x8'"),
        (BY_ROW + "p4\t1\n", {}, "line 5: expected 4 values as in the first row, got 2"),
        (
            BY_ROW,
            {"units": None},
            "field 'units' is missing: expected what the numbers of genes.tsv are: `log`",
        ),
        (
            BY_ROW.replace("\t8\t", "\t8.5\t"),
            {"units": "counts"},
            "sample 'p3', feature 'g2': `units: counts` are",
        ),
        (
            BY_ROW.replace("\t8\t", "\t-8\t"),
            {"units": "intensities"},
            "feature 'g2': `units: intensities` are not",
        ),
        (BY_ROW.replace("8", "-Inf"), {}, "row 'p3', column 'g2': expected a number, got -inf: add 1 before"),
        (BY_ROW, {"sample_id": "persn"}, "no column 'persn'.*'person'"),
        (BY_ROW.replace("g1", "age"), {}, "feature 'age' has the name of a column of the table of samples"),
        (BY_ROW, {"layer": "raw"}, "field 'layer' would have no effect"),
        (BY_ROW, {"least_allele_frequency": 0.1}, "field 'least_allele_frequency' would have no effect"),
        (BY_ROW, {"samples": None}, "field 'samples' is missing"),
        (BY_ROW, {"omics": "genes.xlsx"}, "expected a file whose name ends in one of .csv"),
        (
            BY_ROW,
            {"most_features": 2, "omics": ["genes.tsv", "genes.tsv"]},
            "expected files of different names",
        ),
    ],
)
def test_what_cannot_be_told_is_one_line(
    tmp_path: Path, text: str, fields: dict[str, Any], expected: str
) -> None:
    with pytest.raises(BadInput, match=expected) as refusal:
        _read(tmp_path, text, **fields)
    assert "\n" not in str(refusal.value)


def test_a_sample_that_the_table_names_twice_is_refused_with_both_lines(tmp_path: Path) -> None:
    with pytest.raises(
        BadInput, match="line 4, column 'person': expected each sample once, got 'p1' also at line 2"
    ):
        _read(tmp_path, BY_ROW, PEOPLE.replace("p3", "p1"), sample_id="person")


def test_relatives_stay_together_and_who_has_no_phenotype_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.bed").write_bytes(bytes.fromhex("6c1b01") + bytes([0b10001100, 0b11]))
    (tmp_path / "a.bim").write_text("1 v 0 9 G A\n")
    (tmp_path / "a.fam").write_text("f1 a 0 0 1 2\nf1 b 0 0 2 1\nf2 c 0 0 1 1\nf2 d 0 0 2 2\nf3 e 0 0 1 -9\n")
    spec = OmicsSpec.model_validate({"omics": "a.bed", "target": "phenotype", "positive": "affected"})
    table, roles = read(spec, tmp_path, 1)
    assert roles.group == "family"
    assert table.columns["family"] == ["f1", "f1", "f2", "f2"]
    assert table.columns["phenotype"] == ["affected", "unaffected", "unaffected", "affected"]
    # two bits each from the lowest: 00 two, 11 none, 00 two, 10 one
    assert np.array_equal(_of(table, "v_G"), [2.0, 0.0, 2.0, 1.0])
    assert "a: 1 sample without phenotype left out" in table.remarks


def test_who_lacks_an_omics_of_counts_has_missing_values_there(tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text("id,x,y\np1,1,3\np2,6,2\n")
    both: Any = {"omics": ["genes.tsv", "more.csv"], "people": "in_any", "units": ["log", "counts"]}
    table = _read(tmp_path, BY_ROW, **both)
    # p1 has 1 and 3, p2 has 6 and 2; of p3 nothing is known
    expected = [np.log2(250_001), np.log2(750_001), np.nan]
    assert _of(table, "more.x") == pytest.approx(expected, nan_ok=True)
    (tmp_path / "more.csv").write_text("id,x,y\np1,1,3\np2,0,0\n")
    with pytest.raises(BadInput, match="more: sample 'p2' has no counts"):
        _read(tmp_path, BY_ROW, **both)


@pytest.mark.parametrize("side", ["rows", "columns"])
def test_ids_are_the_same_composed_and_decomposed(tmp_path: Path, side: str) -> None:
    composed, decomposed = "J\u00fcrgen", "Ju\u0308rgen"  # as Windows and macOS write it
    text = BY_ROW if side == "rows" else BY_COLUMN
    table = _read(tmp_path, text.replace("p2", decomposed), PEOPLE.replace("p2", composed))
    assert len(table) == 3
