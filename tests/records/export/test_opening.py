"""An export opened again is the case as it was: the same records from the bytes of the export alone."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from escalation.model.amounts import Amounts
from escalation.model.case import WorkKey
from escalation.model.certificate import Certificate
from escalation.model.errors import BadInput, TierwiseError
from escalation.model.kinds.local_call import LocalCall
from escalation.model.problem import Target
from escalation.model.result import Lost
from escalation.ports.methods import Solve
from escalation.testing.model_backend import ModelBackend
from escalation.testing.model_service import ModelService
from problems.toy.family import Toy
from problems.toy.instance import ToyView
from problems.toy.methods import TwoLooks
from records.export.contents import contents, named_files
from records.export.exporting import export
from records.export.opening import open_export
from records.export.verifying import findings
from records.ledger.excerpt import HashedEvent
from tests.records.export.conftest import FOUR, LOOKS, PAID, QUANTUM, Site


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
    named = dict(named_files(one.ledger.excerpt("q").rows))
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
    assert b"number 3 of 4" not in everything  # the answer in words
    assert made.row["outcome"]["told"]["asked"] == "Find a number of at least 4 among 4"
    for digest in strict.ledger.digests():
        assert digest.encode() in everything
        assert not (tmp_path / "out" / "data" / "store" / digest).exists()
    with pytest.raises(BadInput, match="withholds the data of its case"), open_export(tmp_path / "out"):
        pass


STRICT: dict[str, Any] = {
    "data_class": "identifiable",
    "instance": {"numbers": [3, 271828, 314159, 2], "reach": 3},
}
PATIENT = "the value 271828 of patient Lovelace cannot be"


def everything(site: Site, case_id: str) -> bytes:
    """All that is in an export that withholds data, which fits by its own verifier."""
    files = site.bag(case_id)
    assert [*findings(files, site.key.public)] == []
    assert "data/ledger/withheld.jsonl" in files
    return b"".join(files.values())


def test_what_a_program_said_of_data_that_may_not_leave_and_where_it_ran_are_not_in_the_export(
    make_site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    def quote(self: TwoLooks, view: ToyView, seed: int) -> Solve:
        yield self._work(view, seed)
        raise TierwiseError(PATIENT)

    monkeypatch.setattr(TwoLooks, "solve", quote)
    strict = make_site()
    outcome = strict.solve("i", **STRICT)
    assert PATIENT in outcome.failures[0]
    assert PATIENT in outcome.decisions[1].because
    found = everything(strict, "i")
    for kept_back in ("Lovelace", "271828 ", os.getcwd(), str(strict.settings.home), '"pid"', '"host"'):
        assert kept_back.encode() not in found
    assert strict.ledger.attempts("i")[0][0].error is not None


def test_tries_that_were_lost_are_told_by_digest_and_words_in_the_events_are_not_exported(
    make_site: Callable[..., Site],
) -> None:
    strict, key = make_site(), WorkKey("i", 0, 0)
    with pytest.raises(KeyboardInterrupt):
        strict.solve("i", error=KeyboardInterrupt(), **STRICT)
    ledger = strict.ledger
    info = ledger.case("i").info
    ledger.open_case(info)
    ledger.intend(key, LocalCall("problems.toy.work:look"), "local")
    ledger.submitted(key, {"host": "node17", "folder": "/scratch/i"})
    ledger.lose(key, Lost(PATIENT, Amounts(wall_s=2.0)))
    found = everything(strict, "i")
    assert not any(each in found for each in (b"271828 ", b"Lovelace", b"node17", b"/scratch/i"))
    assert str(info.environment["folder"]).encode() not in found
    assert tuple(ledger.lost(key)) == (Lost(PATIENT, Amounts(wall_s=2.0)),)
    ledger.refuse(key, f"no nodes: {PATIENT}")
    with pytest.raises(BadInput, match=r"its event \d+ \(work.refused\) has words of a program or a machine"):
        strict.bag("i")


def test_a_question_that_repeats_why_an_attempt_failed_is_not_exported(
    make_site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    def quote(self: TwoLooks, view: ToyView, seed: int) -> Solve:
        yield self._work(view, seed)
        raise TierwiseError(PATIENT)

    monkeypatch.setattr(TwoLooks, "solve", quote)
    strict, policy = (
        make_site(),
        PAID.replace("[quantum]", "[ai, quantum]").replace("{circ", "{local_call: local, circ"),
    )
    strict.runtime._backends["aer"] = ModelBackend(ModelService())
    assert strict.solve("i", policy, **STRICT).status == "held"
    with pytest.raises(BadInput, match=r"its event \d+ \(approval.asked\) has words of a program"):
        strict.bag("i")


def unknown_length(context: Any) -> float:
    raise ValueError(PATIENT)


def odd_length(context: Any) -> Any:
    return [PATIENT]


LONG = LOOKS.replace(
    "gates:",
    "gates:\n  - {id: long, tier: ai, because: Short ones need none., when: {fact: toy.length, above: 1}}",
)


@pytest.mark.parametrize("compute", [unknown_length, odd_length])
def test_why_a_fact_of_a_family_is_not_known_is_not_in_the_export(
    make_site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch, compute: Callable[[Any], Any]
) -> None:
    monkeypatch.setattr("problems.toy.family.length", compute)
    strict = make_site()
    assert strict.solve("i", LONG, **STRICT).tier == "quantum"
    decision = strict.ledger.decisions("i")[0]
    assert any(PATIENT in fact.note for fact in decision.facts)
    assert any(PATIENT in miss.note for closed in decision.closed for miss in closed.misses)
    assert b"Lovelace" not in everything(strict, "i")


def test_why_a_verifier_found_so_is_not_in_the_export(
    make_site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Toy.certify

    def quoting(self: Toy, *args: Any, **named: Any) -> Certificate:
        found = honest(self, *args, **named)
        words: dict[str, Any] = {"kind": PATIENT, "reasons": (PATIENT,), "evidence": {"row": PATIENT}}
        return found.model_copy(update=words)

    monkeypatch.setattr(Toy, "certify", quoting)
    strict = make_site()
    assert strict.solve("i", **STRICT).status == "accepted"
    found = everything(strict, "i")
    assert b"Lovelace" not in found
    attempt = json.loads(strict.bag("i")["data/attempts.json"])[0]["attempt"]
    kept = strict.ledger.attempts("i")[0][0].certificate
    assert kept is not None
    assert attempt["certificate"]["value"] == kept.value


OLD: dict[str, dict[str, Any]] = {
    "work.submitted": {"handle": {"host": "node17", "folder": "/scratch/i"}},
    "work.lost": {"error": PATIENT},
    "handoff.moved": {"changed": {"job": {"reason": PATIENT}}},
}
"""Events as ledgers of earlier versions have them."""


@pytest.mark.parametrize("kind", OLD)
def test_a_case_of_an_earlier_ledger_whose_events_say_too_much_is_refused_in_a_line(
    make_site: Callable[..., Site], kind: str
) -> None:
    strict = make_site()
    strict.solve("i", **STRICT)
    taken = strict.ledger.excerpt("i")
    last = json.loads(taken.events[-1].text) | {"kind": kind, "body": OLD[kind]}
    event = HashedEvent("i", json.dumps(last).encode(), "0" * 64)
    assert contents(taken, strict.store, with_data=False).withheld
    with pytest.raises(BadInput, match=rf"its event \d+ \({kind}\) has .* it cannot be exported"):
        contents(replace(taken, events=(*taken.events, event)), strict.store, with_data=False)
