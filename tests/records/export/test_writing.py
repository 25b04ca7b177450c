"""An export is there whole or not at all, and is the same for the same record."""

import os
from pathlib import Path

import pytest

from escalation.model.errors import BadInput
from records.export import writing
from records.export.exporting import export
from records.export.opening import read_export
from records.signing.keys import key_file
from tests.records.export.conftest import Site


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_an_export_is_its_owners_alone_and_nothing_else_is_left(
    site: Site, tmp_path: Path, name: str
) -> None:
    export(site.ledger, site.store, site.settings, "accepted", tmp_path / name)
    assert os.listdir(tmp_path) == [name]
    for path in [tmp_path / name, *(tmp_path / name).rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0
    assert read_export(tmp_path / name).keys() == site.bag("accepted").keys()


def test_the_same_record_gives_the_same_bytes(site: Site, tmp_path: Path) -> None:
    assert site.bag("accepted") == site.bag("accepted")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        writing.write(site.bag("accepted"), tmp_path / name / "out.zip")
    assert (tmp_path / "one/out.zip").read_bytes() == (tmp_path / "two/out.zip").read_bytes()


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_what_is_there_stays_as_it_is(site: Site, tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    target.mkdir()
    with pytest.raises(BadInput, match="is there already"):
        export(site.ledger, site.store, site.settings, "accepted", target)
    target.rmdir()
    target.symlink_to(tmp_path / "nowhere")
    with pytest.raises(BadInput, match="is there already"):
        export(site.ledger, site.store, site.settings, "accepted", target)
    assert os.listdir(tmp_path) == [name]
    with pytest.raises(BadInput, match="expected a folder at"):
        export(site.ledger, site.store, site.settings, "accepted", tmp_path / "no" / name)


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_a_disk_that_does_not_take_it_leaves_nothing(
    site: Site, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "synced", full)
    with pytest.raises(BadInput, match="cannot be written: No space left on device"):
        writing.write(site.bag("accepted"), tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_a_case_that_is_not_there_or_a_site_without_a_key_is_a_line(site: Site, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="expected the id of a case in this ledger, got 'nobody'"):
        export(site.ledger, site.store, site.settings, "nobody", tmp_path / "out")
    keyless = site.settings.model_copy(update={"home": tmp_path / "other"})
    with pytest.raises(BadInput, match="no key to sign with yet"):
        export(site.ledger, site.store, keyless, "accepted", tmp_path / "out")
    assert os.listdir(tmp_path) == []


def test_the_key_is_not_in_the_export(site: Site) -> None:
    private = key_file(site.settings).read_bytes().splitlines()[1]
    assert private not in b"".join(site.bag("accepted").values())
