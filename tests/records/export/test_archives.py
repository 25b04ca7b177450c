"""A ZIP file of an export has the bytes that its files make, and whatever else it has is found."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from records.export.archive import CHANGED
from records.export.verifying import verify_export
from records.export.writing import packed
from tests.records.export.conftest import Site

Files = dict[str, bytes]


def zipped(files: Files, top: str = "out/", *, deflated: bool = False, more: str = "") -> bytes:
    made, how = io.BytesIO(), zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
    with zipfile.ZipFile(made, "w", how) as archive:
        for path, data in files.items():
            entry = zipfile.ZipInfo(f"{top}{path}")
            entry.external_attr, entry.compress_type = 0o100600 << 16, how
            archive.writestr(entry, data)
        if more:
            archive.writestr(zipfile.ZipInfo(more), b"another outcome")
    return made.getvalue()


STRANGE: dict[str, Callable[[Files], bytes]] = {
    "a name twice": lambda files: zipped(files, more="out/data/outcome.json"),
    "a second folder": lambda files: zipped(files, more="other/data/outcome.json"),
    "a file beside the folder": lambda files: zipped(files, more="outcome.json"),
    "a way out": lambda files: zipped(files, more="out/../outcome.json"),
    "all on a way out": lambda files: zipped(files, "../"),
    "all without a folder": lambda files: zipped(files, ""),
    "all from the root": lambda files: zipped(files, "/"),
    "all from another system's root": lambda files: zipped(files, "C:\\out/"),
    "a folder's entry": lambda files: zipped(files, more="out/data/"),
    "bytes before": lambda files: b"#!/bin/sh\n" + packed(files, "out"),
    "bytes after": lambda files: packed(files, "out") + b"more",
    "deflated": lambda files: zipped(files, deflated=True),
    "cut": lambda files: packed(files, "out")[:-1],
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("strange", STRANGE)
def test_an_archive_that_can_unpack_to_something_else_is_found(
    site: Site, tmp_path: Path, strange: str
) -> None:
    files = site.bag("refused")
    assert zipped(files) == packed(files, "out")
    (tmp_path / "out.zip").write_bytes(STRANGE[strange](files))
    found = verify_export(tmp_path / "out.zip", site.key.public).findings
    assert found[0] == CHANGED
    assert "packed anew" in CHANGED
    assert "unpack it, and name the folder" in CHANGED


def test_a_changed_byte_in_an_archive_is_a_change_of_its_file(site: Site, tmp_path: Path) -> None:
    files = site.bag("refused")
    data = packed(files, "out")
    at = data.index(files["data/outcome.json"])
    (tmp_path / "out.zip").write_bytes(data[:at] + b"!" + data[at + 1 :])
    found = verify_export(tmp_path / "out.zip", site.key.public).findings
    assert found[:2] == (CHANGED, "data/outcome.json was changed")


def test_an_archive_that_says_it_has_more_than_it_has_is_not_unpacked(site: Site, tmp_path: Path) -> None:
    data = zipped({**site.bag("refused"), "data/zeros": bytes(2**24)}, deflated=True)
    assert len(data) < 2**22
    (tmp_path / "out.zip").write_bytes(data)
    assert verify_export(tmp_path / "out.zip").findings[0].startswith("the ZIP file was changed")
