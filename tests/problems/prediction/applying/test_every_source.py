"""New data of every source become the columns that the same files became when they were learnt from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from escalation.model.errors import BadInput
from escalation.testing.sources import Source
from problems.prediction.applying.new_rows import new_rows
from problems.prediction.applying.reasons import causes, reasons
from problems.prediction.applying.unlike import Unlike
from problems.prediction.loading import load_rows
from problems.prediction.sources.images.new_rows import read_new as new_pictures
from problems.prediction.sources.images.spec import ImagesSpec
from problems.prediction.sources.new_data import Learnt, read_new
from problems.prediction.sources.omics.new_rows import read_new as new_omics
from problems.prediction.sources.omics.spec import OmicsSpec
from problems.prediction.sources.scenes.new_rows import read_new as new_scene
from problems.prediction.sources.scenes.samples import write_geotiff
from problems.prediction.sources.scenes.spec import ScenesSpec
from problems.prediction.sources.source import parse_spec, samples
from toolbox.tables.raw import RawTable


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sources")


@pytest.fixture(scope="module")
def known(folder: Path) -> dict[str, Source]:
    return {each.name: each for each in samples(folder)}


def new_files(instance: Mapping[str, Any], folder: Path) -> Path:
    """The files of a sample as somebody gives them who has no labels."""
    source, _ = parse_spec(instance)
    named = (*source.named_by, *source.files)
    needless = () if "columns" in instance else ("labels",)  # a table of labels may hold features too
    files = {name: instance[name] for name in named if name in instance and name not in needless}
    if len(files) == 1 and all(isinstance(each, str) for each in files.values()):
        return Path(*files.values())
    lines = [f"{name}: {each if isinstance(each, str) else list(each)}" for name, each in files.items()]
    (folder / "new.yaml").write_text("\n".join(lines) + "\n")
    return Path("new.yaml")


def test_files_become_the_same_columns_again(known: dict[str, Source], folder: Path) -> None:
    kinds = set()
    for name, sample in known.items():
        source, _ = parse_spec(sample.instance)
        if source.name == "dataset":  # of no file
            continue
        learnt = load_rows(sample.instance, 1, folder)
        recorded = learnt.describe()
        table, _ = read_new(sample.instance, recorded, new_files(sample.instance, folder), folder)
        found = new_rows(table, recorded["features"], len(learnt.open_index), source.block_words)
        place = {where: row for row, where in enumerate(table.where)}
        again = found.frame.iloc[[place[learnt.where[at]] for at in learnt.places]]
        for column in learnt.columns:
            then, now = learnt.frame[column.name].to_numpy(), again[column.name].to_numpy()
            np.testing.assert_array_equal(now, then, err_msg=f"{name}: {column.name}")
        kinds.add(source.name)
    assert kinds >= {"table", "images", "series", "omics", "events", "scenes"}


def test_pictures_of_another_size_and_colour_are_brought_to_those_learnt_from(tmp_path: Path) -> None:
    from PIL import Image

    grey = np.arange(144, dtype=np.uint8).reshape(12, 12)
    Image.fromarray(np.stack([grey, 0 * grey, 0 * grey], axis=2)).save(tmp_path / "new.png")
    spec = ImagesSpec(images="new.png", features=("pixels",), pixels=4)
    made = {"shape": [8, 8], "colour": False, "side": 4, "work": {}}
    found = new_pictures(spec, tmp_path, Learnt(spec, (), {"made": made}))
    assert len(found.columns) == 16
    assert found.where == ("picture new.png",)
    assert found.columns["pixel 1,1 of 4"] == pytest.approx(0.299 * grey[:3, :3].mean() / 255, abs=1e-3)
    assert "1 picture of another size was resampled to 8 × 8 pixels" in found.remarks
    assert any("taken by their brightness" in said for said in found.remarks)


def test_bands_of_a_new_scene_stand_for_those_of_the_old_by_their_place(tmp_path: Path) -> None:
    for name, start in (("b4_2026", 0), ("b8_2026", 100)):
        write_geotiff(tmp_path / f"{name}.tif", np.arange(start, start + 4, dtype=np.float32).reshape(2, 2))
    old = ScenesSpec(geotiff=("red.tif", "infrared.tif"), labels="water.tif", block=90)
    new = old.model_copy(update={"geotiff": ("b4_2026.tif", "b8_2026.tif"), "labels": None})
    found = new_scene(new, tmp_path, Learnt(old, ("red", "infrared"), {}))
    assert list(found.columns["red"]) == [0, 1, 2, 3]
    assert list(found.columns["infrared"]) == [100, 101, 102, 103]
    with pytest.raises(BadInput, match="expected 2 files, as the model was learnt from"):
        new_scene(new.model_copy(update={"geotiff": "b4_2026.tif"}), tmp_path, Learnt(old, ("red",), {}))


@pytest.mark.parametrize("turned", [False, True])
def test_a_matrix_of_unknown_samples_is_read_by_its_features(tmp_path: Path, turned: bool) -> None:
    table = pd.DataFrame({"TP53": [3.0, 1.0], "EGFR": [7.0, 0.0]}, index=["u", "v"])
    (table.T if turned else table).to_csv(tmp_path / "new.csv")
    old = OmicsSpec(omics="old.csv", samples="people.csv", units="counts", target="ill")
    new = old.model_copy(update={"omics": "new.csv", "samples": None})
    found = new_omics(new, tmp_path, Learnt(old, ("TP53", "EGFR"), {"made": {"measured": [9]}}))
    assert found.where == ("sample u", "sample v")
    assert found.columns["TP53"] == pytest.approx(np.log2(np.array([3e5, 1e6]) + 1))  # of 10, of 1
    assert "totals of 2 features, where the model's were of 9" in found.remarks[0]


def test_an_allele_that_has_become_the_rarer_one_is_counted_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "new.bim").write_text("1 rs1 0 100 G A\n")
    (tmp_path / "new.fam").write_text("".join(f"f{k} p{k} 0 0 1 -9\n" for k in range(4)))
    # two of G, one of each, two of A, missing: from the lowest bits on 00 10 11 01
    (tmp_path / "new.bed").write_bytes(bytes([0x6C, 0x1B, 0x01, 0b01_11_10_00]))
    old = OmicsSpec(omics="old.bed", target="phenotype")
    new = old.model_copy(update={"omics": "new.bed"})
    found = new_omics(new, tmp_path, Learnt(old, ("rs1_A",), {}))
    np.testing.assert_array_equal(found.columns["rs1_A"], [0, 1, 2, np.nan])


def test_files_are_named_by_the_fields_of_the_problem(tmp_path: Path) -> None:
    recorded: dict[str, Any] = {"features": [], "source": {}}
    stated = {"csv": "t.csv", "target": "ill"}
    for text, message in (
        ("csw: new.csv", "expected files under csv, parquet, excel and join, got 'csw'"),
        ("join: new.csv", "expected new files under 'csv'"),
        ("csv: 3", "expected a path or several, got 3"),
        ("new.csv", "expected a field and its file a line"),
    ):
        (tmp_path / "new.yaml").write_text(text)
        with pytest.raises(BadInput, match=message):
            read_new(stated, recorded, Path("new.yaml"), tmp_path)


def test_columns_that_say_nothing_by_themselves_are_one_reason() -> None:
    features = [{"name": name, "seen": {"usual": 0.0}} for name in ("age", "p1", "p2")]
    words = {"p1": "pixels of the picture", "p2": "pixels of the picture"}
    frame = pd.DataFrame({"age": [1.0, 0.0], "p1": [2.0, 0.0], "p2": [3.0, -0.5]})
    found = reasons(frame, causes(features, words), lambda rows, _: rows.sum(axis=1).to_numpy(), 0.1)
    assert found == [("pixels of the picture +5", "age 1 (usual 0) +1"), ("pixels of the picture -0.5",)]


def test_a_few_columns_of_a_block_lie_outside_in_every_row() -> None:
    names = [f"gene{place}" for place in range(100)]
    unlike = Unlike(2, 999, dict.fromkeys(names, "genes"))
    for place, name in enumerate(names):
        feature = {"name": name, "seen": {"low": 0.0, "high": 1.0}}
        unlike.number(feature, np.array([2.0 if place < 5 else 0.5, 2.0 if place < 6 else 0.5]))
    assert unlike.flags() == ((), ("genes: 6 of 100 columns outside what was seen",))


def test_columns_of_another_file_are_asked_for_where_they_may_be() -> None:
    features = [{"name": "age", "kind": "number", "levels": []}]
    told = "'age', which the table does not have: .* a YAML file that also names it under samples"
    with pytest.raises(BadInput, match=told):
        new_rows(RawTable({"TP53": np.ones(1)}, ("sample u",), {}), features, 9, files=("samples",))
