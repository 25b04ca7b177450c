"""An export opened again is the case as it was: the same records from the bytes of the export alone."""

from collections.abc import Callable
from pathlib import Path

import pytest

from escalation.model.errors import BadInput
from escalation.model.problem import Target
from records.export.contents import named_files
from records.export.exporting import export
from records.export.opening import open_export
from tests.records.export.conftest import FOUR, QUANTUM, Site


@pytest.mark.parametrize("name", ["out", "out.zip"])
@pytest.mark.parametrize("case_id", ["accepted", "simulated"])
def test_an_export_is_opened_as_a_ledger_and_a_store_of_the_case(
    site: Site, tmp_path: Path, name: str, case_id: str
) -> None:
    made = export(site.ledger, site.store, site.settings, case_id, tmp_path / name)
    assert not made.withheld
    with open_export(tmp_path / name) as (ledger, store):
        here, there = ledger.case(case_id), site.ledger.case(case_id)
        assert here == there
        assert ledger.decisions(case_id) == site.ledger.decisions(case_id)
        assert ledger.attempts(case_id) == site.ledger.attempts(case_id)
        events = [{**each, "position": 0} for each in site.ledger.events(case_id)]
        assert [{**each, "position": 0} for each in ledger.events(case_id)] == events
        assert ledger.name() == site.ledger.name()
        assert ledger.findings() == ()
        assert ledger.digests() == frozenset(store.digests())
        assert [record.info.case_id for record in ledger.each_case()] == [case_id]


def test_all_bytes_that_the_rows_of_a_case_name_are_known_by_what_they_are(
    make_site: Callable[..., Site],
) -> None:
    one = make_site()
    one.solve("q", QUANTUM, target=Target(metric="number", at_least=9.0), instance=FOUR)
    named = dict(named_files(one.ledger.excerpt("q")))
    assert named.keys() == one.ledger.digests()
    words = {each for what in named.values() for each in what}
    assert "report.html" in words
    assert "attempt 0, work 0, circuit 0 in OpenQASM 3" in words
    assert "attempt 0, work 0, result, files bits-0.npy" in words


def test_a_file_that_is_no_export_is_refused_in_a_line(site: Site, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("no archive")
    for name in ("empty", "text.zip", "missing"):
        with pytest.raises(BadInput, match="expected an export"), open_export(tmp_path / name):
            pass


def test_data_that_may_not_leave_are_not_in_the_export(
    make_site: Callable[..., Site], tmp_path: Path
) -> None:
    strict = make_site()
    strict.solve("i", data_class="identifiable", instance={"numbers": [3, 271828, 314159, 2], "reach": 3})
    made = export(strict.ledger, strict.store, strict.settings, "i", tmp_path / "out")
    assert made.withheld
    everything = b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert b"271828" not in everything
    for digest in strict.ledger.digests():
        assert digest.encode() in everything
        assert not (tmp_path / "out" / "data" / "store" / digest).exists()
    with pytest.raises(BadInput, match="withholds the data of its case"), open_export(tmp_path / "out"):
        pass
