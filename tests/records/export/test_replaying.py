"""A case is replayed from its export alone, and what is gone from it is named in a line."""

from pathlib import Path

import pytest

from escalation.model.errors import BadInput, CorruptRecord
from records.export.exporting import export
from records.replaying import replayed
from tests.records.export.conftest import CASES, Site

OVER = [case_id for case_id in CASES if case_id not in ("failed", "held")]


@pytest.mark.parametrize("case_id", OVER)
def test_a_case_of_every_ending_is_replayed_from_its_export_alone(
    site: Site, tmp_path: Path, case_id: str
) -> None:
    name = "out.zip" if case_id in OVER[:2] else "out"
    export(site.ledger, site.store, site.settings, case_id, tmp_path / name)
    report = replayed(str(tmp_path / name))
    assert (report.same, report.differences, report.ledger) == (True, (), "")
    assert (report.case_id, report.attempts) == (case_id, len(site.ledger.attempts(case_id)))


@pytest.mark.parametrize("case_id", ["failed", "held"])
def test_the_export_of_a_case_that_is_not_over_is_a_line(site: Site, tmp_path: Path, case_id: str) -> None:
    export(site.ledger, site.store, site.settings, case_id, tmp_path / "out")
    with pytest.raises(BadInput, match=f"case {case_id} is {case_id}: only a case that is over can be"):
        replayed(str(tmp_path / "out"))


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
