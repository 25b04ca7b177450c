"""A case is replayed from its export alone, and what is gone from it is named in a line."""

from pathlib import Path

import pytest

from escalation.model.errors import BadInput, CorruptRecord
from records.export.exporting import export
from records.replaying import replayed
from tests.records.export.conftest import Site


@pytest.mark.parametrize("name", ["out", "out.zip"])
@pytest.mark.parametrize(("case_id", "works"), [("accepted", 1), ("simulated", 1)])
def test_an_export_is_replayed_without_the_ledger_that_it_came_from(
    site: Site, tmp_path: Path, name: str, case_id: str, works: int
) -> None:
    export(site.ledger, site.store, site.settings, case_id, tmp_path / name)
    report = replayed(str(tmp_path / name))
    assert (report.same, report.differences, report.ledger) == (True, (), "")
    assert (report.case_id, report.works) == (case_id, works)


def test_results_that_are_gone_from_an_export_are_named_in_a_line(site: Site, tmp_path: Path) -> None:
    export(site.ledger, site.store, site.settings, "simulated", tmp_path / "out")
    (done,) = site.ledger.works("simulated", 0)
    (bits,) = {blob.digest for blob in done.result.files.values()}
    (file,) = tmp_path.joinpath("out").rglob(bits)
    file.unlink()
    line = "case simulated: work of attempt 0, or its result, cannot be had: "
    with pytest.raises(CorruptRecord, match=line) as found:
        replayed(str(tmp_path / "out"))
    assert bits in str(found.value)
    assert "\n" not in str(found.value)


def test_a_path_that_is_no_export_is_a_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="expected an export"):
        replayed(str(tmp_path))
