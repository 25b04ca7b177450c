"""Data fields of SDF files; what their blocks hold is RDKit's part."""

from pathlib import Path

from problems.prediction.sources.molecules.sdf import read_sdf

RECORD = "m\n\n\n  0  0  0     0  0            999 V2000\nM  END\n>  <logS>\n{}\n\n$$$$\n"


def test_what_means_missing_does_so_however_it_is_spelt(tmp_path: Path) -> None:
    path = tmp_path / "m.sdf"
    path.write_text("".join(map(RECORD.format, ["-999.0", "-9.99E2", "NA", "-2.5"])))
    blocks, table = read_sdf(path, [-999, 7])
    assert len(blocks) == 4
    assert table.columns["logS"] == [None, None, None, "-2.5"]
    assert table.remarks == ("na_values: '7' occurs nowhere in the table",)
