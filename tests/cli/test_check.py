"""`tierwise check` and `tierwise inspect`: all that is wrong at once, and a problem file that loads."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Said

HEADER = "patient_id,visit,age,bp,smoker,died"
TROUBLED = """\
family: prediction
instance: {csv: heart.csv, target: died, dropp: [x]}
target: {metric: auc, at_least: 0.8, confidence: 2}
seed: -1
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a table of 120 rows: an id, dates, -9 among ages, a text among pressures."""
    monkeypatch.chdir(tmp_path)
    lines = [
        f"P{1000 + row},2025-{row % 12 + 1:02d}-01,{-9 if row % 40 == 3 else 30 + row * 7 % 61},"
        f"{'high' if row == 17 else 90 + row * 13 % 83},{('yes', 'no', 'unknown')[row % 3]},"
        f"{int(row % 10 < 3)}"
        for row in range(120)
    ]
    (tmp_path / "heart.csv").write_text("\n".join([HEADER, *lines]) + "\n")
    return tmp_path


def checked(call: Callable[..., Said], *names: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(call("check", "--json", *names).out.splitlines()[0])
    return found


def test_every_problem_is_said_at_once_with_the_lines_to_paste(call: Callable[..., Said], here: Path) -> None:
    (here / "h.yaml").write_text(TROUBLED)
    said = call("check", "h.yaml")
    assert said.code == 2
    for part in ("target.confidence", "h.yaml:4: seed", "'dropp'", "'patient_id' identifies", "holds dates"):
        assert part in said.out
    assert "got 'high'" in said.out
    assert "unknown metric 'auc'" in said.out
    pasted = said.out.partition("to paste under `instance`, if you agree:\n")[2]
    assert yaml.safe_load(pasted) == {"drop": ["patient_id", "visit"], "na_values": ["high"]}


def test_what_is_pasted_keeps_what_stood_there(call: Callable[..., Said], here: Path) -> None:
    (here / "h.yaml").write_text(
        "family: prediction\ninstance: {csv: heart.csv, target: died, drop: [age]}\n"
        "target: {metric: roc_auc, at_least: 0.8}\n"
    )
    assert checked(call, "h.yaml")["mends"] == {"drop": ["age", "patient_id", "visit"], "na_values": ["high"]}


def test_a_file_that_can_be_solved_is_told_with_what_is_tried(call: Callable[..., Said], here: Path) -> None:
    (here / "n.yaml").write_text(
        "family: toy\ninstance: {numbers: [3, 1, 4]}\ntarget: {metric: number, at_least: 4}\n"
    )
    said = call("check", "n.yaml")
    assert said.code == 0
    assert "n.yaml: can be solved" in said.out
    assert "hpc/" in said.out


def test_lines_of_a_clinic_are_all_read_before_anything_is_said(
    call: Callable[..., Said], here: Path
) -> None:
    (here / "p.csv").write_text("id,urgency,duration_min,latest\na,9,x,8\nb,2,30,10:00\nb,2,30,10:00\n")
    (here / "r.csv").write_text("id,type,from,to\nDr,clinician,08:00,12:00\nR1,roon,08:00,12:00\n")
    (here / "c.yaml").write_text(
        "family: optimisation\n"
        "instance: {kind: appointments, patients: p.csv, resources: r.csv, opens: 2026-11-23T08:00}\n"
        "target: {metric: gap, at_least: 0.05}\n"
    )
    complaints = checked(call, "c.yaml")["complaints"]
    assert isinstance(complaints, list)
    places = ["reached with at_most", "r.csv, line 3, column type", "line 4, column id", "column urgency"]
    for place in [*places, "column duration_min", "column latest"]:
        assert [place in line for line in complaints].count(True) == 1


def test_the_proposed_file_loads_as_it_stands(call: Callable[..., Said], here: Path) -> None:
    said = call("inspect", "heart.csv")
    assert said.code == 0
    for part in ("patient_id", "all different", "2025-01-01 to 2025-12-01", "'visit' holds dates"):
        assert part in said.out
    assert "-9 occurs 3 times" in said.out
    proposed, _, command = said.out.partition("\nor, without a file:\n\n")
    proposed = proposed[proposed.index("family: prediction") :]
    assert command == (
        "tierwise solve heart.csv --target died --positive 1 --drop patient_id --drop visit --na high "
        "--at-least 0.8\n"
    )
    (here / "heart.yaml").write_text(proposed)
    stated = yaml.safe_load(proposed)["instance"]
    assert stated["target"] == "died"
    assert stated["drop"] == ["patient_id", "visit"]
    assert call("check", "heart.yaml").code == 0


def test_a_patient_with_several_rows_is_seen_and_the_group_lies_ready(
    call: Callable[..., Said], here: Path
) -> None:
    rows = [
        f"{7000 + row * 37 % 60},{30 + row * 7 % 61},{'Ff'[row % 2]},{int(row % 5 < 2)}" for row in range(150)
    ]
    (here / "v.csv").write_text("\n".join(["Patient ID,age,sex,fell", *rows]) + "\n")
    said = call("inspect", "v.csv", "--target", "fell")
    assert "column 'Patient ID' is taken as an amount; its 60 different values may name patients" in said.out
    assert "column 'sex': 'F' (75 rows) and 'f' (75 rows) differ in case" in said.out
    ready = "  # group: Patient ID  # if it names patients who have several rows\n"
    assert said.out.count(ready) == 1
    proposed = said.out.partition("\nor, without")[0].partition("save it as v.yaml:\n\n")[2]
    (here / "v.yaml").write_text(proposed.replace(ready, ready.replace("# ", "", 1)))
    assert call("check", "v.yaml").code == 0


def test_a_named_column_that_is_missing_leaves_no_file_to_propose(
    call: Callable[..., Said], here: Path
) -> None:
    said = call("inspect", "heart.csv", "--target", "dead")
    assert said.code == 2
    assert "target column 'dead' is missing" in said.out
    assert "family:" not in said.out


def workbook() -> bytes:
    """The parts by which an Excel workbook is one (ECMA-376)."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return made.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (workbook(), "an Excel workbook (.xlsx): open it and save the sheet as 'CSV UTF-8"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 8, "an Excel workbook of the old kind (.xls)"),
        (b"PAR1....PAR1", "a Parquet file: name it under `parquet`"),
        (b"\x1f\x8b\x08\x00", "packed with gzip"),
        ("ort,ill\nKöln,1\n".encode("cp1252"), "iconv -f WINDOWS-1252 -t UTF-8 t.csv"),
        ("ort,ill\nKöln,1\n".encode("utf-16"), "iconv -f UTF-16 -t UTF-8 t.csv"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "a page of HTML or XML"),
    ],
)
def test_what_is_no_csv_file_is_called_what_it_is(
    call: Callable[..., Said], here: Path, data: bytes, said: str
) -> None:
    (here / "t.csv").write_bytes(data)
    found = call("inspect", "t.csv")
    assert found.code == 2
    assert said in found.err
    assert found.err.count("\n") == 1


def test_every_line_of_another_width_is_named(call: Callable[..., Said], here: Path) -> None:
    (here / "t.csv").write_text("a,b\n1,2\n1,2,3\n1\n")
    said = call("inspect", "t.csv")
    assert said.code == 2
    assert "t.csv, line 3: expected 2 values as in the header, got 3" in said.out
    assert "t.csv, line 4: expected 2 values as in the header, got 1" in said.out


def test_a_family_that_there_is_not_is_said_beside_the_rest(call: Callable[..., Said], here: Path) -> None:
    (here / "f.yaml").write_text(
        "family: alchemy\ninstance: {a: 1}\ntarget: {metric: x, at_least: 1}\nbudget: {gold: 3}\n"
    )
    complaints = checked(call, "f.yaml")["complaints"]
    assert isinstance(complaints, list)
    assert len(complaints) == 2
    assert "budget.gold" in complaints[0]
    assert "alchemy" in complaints[1]


def test_what_only_follows_from_a_fault_is_not_said(call: Callable[..., Said], here: Path) -> None:
    Path("bad.yaml").write_text(
        "family: toy\ninstance: {numbers: [1, x]}\ntarget: {metric: number, at_least: q}\n", encoding="utf-8"
    )
    said = call("check", "bad.yaml")
    assert [line.strip() for line in said.out.splitlines()[1:]] == [
        "1. bad.yaml:3: target.at_least: expected a number, got 'q'",
        "2. instance: numbers.1: expected a number, got 'x'",
    ]
