"""Pictures as rows of an instance: outcome, groups and parts beside their features."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from escalation.inputs.input_files import InputFiles, RecordedFiles
from escalation.model.complaints import collected
from escalation.model.errors import BadInput
from problems.prediction.loading import load_rows
from problems.prediction.sources.images import npz
from problems.prediction.sources.images.samples import dicom_file
from problems.prediction.sources.source import read

ROWS = 60
LABELS = np.arange(ROWS) % 2
SEED = 3


def pictures(rows: int = ROWS, side: int = 9) -> Any:
    return np.random.default_rng(8).integers(0, 256, size=(rows, side, side), dtype=np.uint8)


def rows_of(folder: Path, **instance: Any) -> Any:
    return read({"features": ["wavelets"], **instance}, SEED, folder)


def png(picture: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def in_classes(folder: Path, above: str = "") -> None:
    write(
        folder,
        {
            f"{above}{'ab'[label]}/{place:02}.png": png(p)
            for place, (p, label) in enumerate(zip(pictures(), LABELS, strict=True))
        },
    )


def test_sub_folders_are_the_classes(tmp_path: Any) -> None:
    in_classes(tmp_path / "p")
    write(tmp_path / "p", {"notes.txt": b"x", "a/.hidden.png": b"x"})
    table, spec = rows_of(tmp_path, images="p")
    assert table.columns["label"] == ["a"] * 30 + ["b"] * 30
    assert table.where[31] == "picture b/03.png"
    assert table.blocks["wavelets"] == tuple(list(table.columns)[:9])
    assert spec.group is None
    assert "1 file of other kinds left out" in table.remarks
    instance = load_rows({"images": "p", "features": ["wavelets"], "positive": "b"}, SEED, tmp_path)
    assert instance.positive == "b"


def test_the_same_pictures_have_the_same_features_from_an_archive_and_from_files(tmp_path: Any) -> None:
    np.savez(tmp_path / "p.npz", images=pictures(), label=LABELS)
    in_classes(tmp_path / "p")
    archive, files = rows_of(tmp_path, npz="p.npz")[0], rows_of(tmp_path, images="p")[0]
    order = np.r_[0:ROWS:2, 1:ROWS:2]
    for name in archive.blocks["wavelets"]:
        assert np.array_equal(archive.columns[name][order], files.columns[name])


def test_a_table_of_labels_says_what_each_file_is(tmp_path: Any) -> None:
    write(tmp_path / "p", {f"x/{place}.png": png(p) for place, p in enumerate(pictures(4))})
    (tmp_path / "t.csv").write_text(
        "name;who;age;ill;left\nx/0.png;P;51;1;9\nx\\1.png;Q;62;0;9\nx/2.png;P;51,5;1;9\n./x/3.png;R;70;?;9\n"
    )
    table, spec = rows_of(
        tmp_path,
        images="p",
        labels="t.csv",
        file="name",
        target="ill",
        group="who",
        columns=["age"],
        na_values=["?"],
    )
    assert table.where[1] == "line 3 (x/1.png)"
    assert table.columns["who"] == ["P", "Q", "P", "R"]
    assert table.columns["ill"] == ["1", "0", "1", None]
    assert table.columns["age"] == ["51", "62", "51,5", "70"]
    assert "left" not in table.columns
    assert (spec.group, spec.drop, table.decimal) == ("who", (), ",")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["0.png,1", "nowhere.png,0"], "nowhere.png: no such file"),
        (["0.png,1", "./0.png,0"], "t.csv, line 3: 0.png is named twice, first in line 2"),
        (["../t.csv,1"], "t.csv, line 2: expected the name of a file in the folder, got ../t.csv"),
        (["/etc/passwd,1"], "t.csv, line 2: expected the name of a file in the folder, got /etc/passwd"),
        ([",1"], "t.csv, line 2: expected the name of a file, got a missing value"),
    ],
)
def test_a_table_that_names_no_file_of_the_folder_is_refused(
    tmp_path: Any, lines: list[str], said: str
) -> None:
    write(tmp_path / "p", {"0.png": png(pictures(1)[0])})
    (tmp_path / "t.csv").write_text("\n".join(["file,label", *lines]))
    with pytest.raises(BadInput) as error:
        rows_of(tmp_path, images="p", labels="t.csv")
    assert said in str(error.value)


def test_all_broken_files_are_named_where_somebody_collects(tmp_path: Any) -> None:
    in_classes(tmp_path / "p")
    write(tmp_path / "p", {"a/00.png": b"?", "b/01.png": b""})
    with pytest.raises(BadInput, match=r"p/a/00\.png: expected a picture"):
        rows_of(tmp_path, images="p")
    with collected() as found:
        rows_of(tmp_path, images="p")
    assert [str(each).split(": ")[0][-8:] for each in found] == ["a/00.png", "b/01.png"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "expected .png, .jpg, .jpeg, .tif, .tiff, .bmp files in sub-folders, one a class, got none"),
        (
            ["a/1.png", "2.png"],
            "expected every file in a sub-folder that is its class, got 2.png beside them",
        ),
    ],
)
def test_a_folder_without_classes_is_refused(tmp_path: Any, names: list[str], said: str) -> None:
    (tmp_path / "p").mkdir()
    write(tmp_path / "p", dict.fromkeys(names, png(pictures(1)[0])))
    with pytest.raises(BadInput) as error:
        rows_of(tmp_path, images="p")
    assert said in str(error.value)
    with pytest.raises(BadInput, match="q: expected a folder, got none of that name"):
        rows_of(tmp_path, images="q")


def test_the_data_s_own_parts_are_used_where_they_are_asked_for(tmp_path: Any) -> None:
    for part, at in (("train", slice(0, 34)), ("test", slice(34, ROWS))):
        for place, (picture, label) in enumerate(zip(pictures()[at], LABELS[at], strict=True)):
            write(tmp_path / "p", {f"{part}/{'ab'[label]}/{place}.png": png(picture)})
    asked = {"images": "p", "features": ["wavelets"], "positive": "b"}
    instance = load_rows({**asked, "split": "file"}, SEED, tmp_path)
    assert sorted(instance.sealed_index) == list(range(26))  # test comes before train
    assert instance.set_aside == 0
    assert load_rows(asked, SEED, tmp_path).digest != instance.digest


def test_open_twins_of_pictures_that_the_data_keep_aside_are_on_neither_side(tmp_path: Any) -> None:
    shown = pictures()
    shown[-1] = shown[0]
    shown[-1, 0, 0] ^= 1
    shown[-2] = 255 - (shown[1] // 2)  # turned about: no twin
    half = {"train_images": shown[:34], "train_labels": LABELS[:34, None]}
    np.savez(tmp_path / "p.npz", **half, test_images=shown[34:], test_labels=LABELS[34:, None])
    asked = {"npz": "p.npz", "features": ["wavelets"]}
    instance = load_rows({**asked, "split": "file"}, SEED, tmp_path)
    assert instance.set_aside == 1
    assert len(instance.sealed_index) == 26
    assert any("left out: of a group with rows kept aside" in remark for remark in instance.remarks)
    ignored = load_rows({**asked, "split": "file", "twins": "ignored"}, SEED, tmp_path)
    assert ignored.set_aside == 0


def test_patients_and_twins_are_one_group_where_they_overlap(tmp_path: Any) -> None:
    shown = pictures(6)
    shown[3] = shown[1]
    who = np.array(["P", "P", "Q", "R", "R", "S"])
    np.savez(tmp_path / "p.npz", images=shown, label=LABELS[:6], who=who)
    table, spec = rows_of(tmp_path, npz="p.npz", group="who")
    assert table.columns["who"] == ["P", "P", "Q", "P", "P", "S"]
    assert any("2 pictures have a twin" in remark for remark in table.remarks)
    assert any("twins join 4 groups of patients or files into 3" in remark for remark in table.remarks)
    alone, spec = rows_of(tmp_path, npz="p.npz")
    assert [alone.columns[str(spec.group)][place] for place in (1, 3)] == ["group 2", "group 2"]


def test_of_patients_in_dicom_files_nothing_is_left_but_which_files_are_theirs(tmp_path: Any) -> None:
    whose = ["77-1", "77-2", "77-1", ""]
    for place, (picture, who) in enumerate(zip(pictures(4), whose, strict=True)):
        data = dicom_file(picture, PatientID=who, PatientName="Doe^Jane")
        write(tmp_path / "p", {f"{'ab'[place % 2]}/Doe-{place}.dcm": data})
    table, spec = rows_of(tmp_path, dicom="p")
    assert table.where == ("picture 1", "picture 2", "picture 3", "picture 4")
    assert table.columns[str(spec.group)] == ["group 1", "group 1", "group 2", "group 3"]
    shown = repr((table.columns, table.where, table.source, table.remarks, spec))
    assert not any(secret in shown for secret in ("77-", "Doe", "Jane"))
    assert any("PatientID (3), PatientName (4)" in remark for remark in table.remarks)


def test_pages_of_one_file_stay_together(tmp_path: Any) -> None:
    pages = [Image.fromarray(p) for p in pictures(2)]
    buffer = io.BytesIO()
    pages[0].save(buffer, "TIFF", save_all=True, append_images=pages[1:])
    write(tmp_path / "p", {"a/1.tif": buffer.getvalue(), "b/2.png": png(pictures(3)[2])})
    table, spec = rows_of(tmp_path, images="p")
    assert table.where == ("picture a/1.tif, page 1", "picture a/1.tif, page 2", "picture b/2.png")
    assert table.columns[str(spec.group)] == ["group 1", "group 1", "group 2"]


def test_pictures_of_different_sizes_come_to_one_and_it_is_said(tmp_path: Any) -> None:
    write(
        tmp_path / "p",
        {"a/1.png": png(pictures(1, 40)[0]), "b/2.png": png(np.full((20, 300), 255, dtype=np.uint8))},
    )
    table, _ = rows_of(tmp_path, images="p", features=["pixels"], pixels=2)
    assert [table.columns[name][1] for name in table.blocks["pixels"]] == pytest.approx([1, 1, 1, 1])
    assert table.remarks == (
        "pictures of 2 sizes, 20 × 300 to 40 × 40, resampled to 128 × 128 pixels; 1 picture was not square "
        "and changed proportions",
    )
    write(tmp_path / "q", {"a/1.png": png(pictures(1, 4)[0])})
    with pytest.raises(BadInput, match="at least 8 pixels either way, got 4 × 4: state a `size`"):
        rows_of(tmp_path, images="q")


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": LABELS}, "expected an array `images`, or `train_images` and `test_images`, got x"),
        (
            {"images": pictures(), "label": LABELS[:5]},
            "expected 'label' to hold one value for each of 60 pictures",
        ),
        ({"images": pictures()}, "expected an array 'label' with a value for each picture, got none"),
        ({"images": LABELS, "label": LABELS}, "expected 'images' of shape (pictures, height, width)"),
        (
            {"images": pictures() * np.nan, "label": LABELS},
            "picture 1 of 'images': expected finite brightness",
        ),
        ({"images": np.array([None, 2], dtype=object)}, "it holds pickled objects"),
        (
            {"train_images": pictures(), "train_labels": LABELS, "test_images": pictures()},
            "an array `test_labels`",
        ),
    ],
)
def test_an_archive_that_does_not_fit_is_refused(tmp_path: Any, arrays: Any, said: str) -> None:
    np.savez(tmp_path / "p.npz", **arrays)
    with pytest.raises(BadInput) as error:
        rows_of(tmp_path, npz="p.npz")
    assert said in str(error.value)


def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_does(
    tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(npz, "MOST_BYTES", 2**20)
    with zipfile.ZipFile(tmp_path / "p.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images.npy", bytes(2**21))
    with pytest.raises(BadInput, match=r"expected at most 1 MiB when unpacked, got more"):
        rows_of(tmp_path, npz="p.npz")
    (tmp_path / "p.npz").write_bytes(b"PK\3\4 and nothing more")
    with pytest.raises(BadInput, match=r"p\.npz: expected a NumPy archive"):
        rows_of(tmp_path, npz="p.npz")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"npz": "p", "labels": "t"}, "labels would have no effect: the archive holds the labels"),
        ({"images": "p", "target": "ill"}, "target would have no effect: without `labels`"),
        ({"images": "p", "window": "none"}, "window would have no effect: it is of DICOM alone"),
        ({"images": "p", "slices": "all"}, "slices would have no effect: it is of NIfTI alone"),
        ({"images": "p", "features": ["hog"], "pixels": 4}, "pixels would have no effect"),
        ({"images": "p", "twins": "ignored", "twins_from": 0.9}, "twins_from would have no effect"),
        ({"images": "p", "features": ["hog", "hog"]}, "features: expected each kind once"),
        ({"images": "p", "features": ["hogg"]}, "features.0"),
        ({"npz": "p", "split": "file", "time": "t"}, "time would have no effect: `split: file`"),
        ({"dicom": "p", "window": [40, 0]}, "window: expected a width of at least 1"),
        ({"nifti": "p", "slices": [1, 1]}, "slices: expected different numbers"),
        ({"npz": "p", "images": "q"}, "expected exactly one of"),
    ],
)
def test_fields_that_do_not_go_together_are_refused_by_name(tmp_path: Any, fields: Any, said: str) -> None:
    with pytest.raises(BadInput) as error:
        read(fields, SEED, tmp_path)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_folder_is_read_again_from_what_was_kept_of_it(tmp_path: Any) -> None:
    in_classes(tmp_path / "p")
    write(tmp_path / "p", {"b/notes.txt": b"x"})
    files = InputFiles(tmp_path)
    with files.reading():
        here = rows_of(tmp_path, images="p")[0]
    bytes_of = {files.digests[name]: (tmp_path / name).read_bytes() for name in files.digests}
    elsewhere = tmp_path / "nowhere"
    with InputFiles(elsewhere, RecordedFiles(files.digests, bytes_of.__getitem__)).reading():
        there = rows_of(elsewhere, images="p")[0]
    assert there.where == here.where
    assert there.source == here.source
