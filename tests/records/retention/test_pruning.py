"""A pruning takes what nobody is owed, says so before, and nothing else: on SQLite and PostgreSQL."""

import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from escalation.model.amounts import Amounts, Caps
from escalation.model.case import CaseStatus, WorkKey
from escalation.model.errors import BadInput, CaseConflict, CorruptRecord, PrunedBytes
from escalation.model.identity import digest_bytes
from escalation.model.problem import DataClass
from escalation.model.pruned import BytesOf, PrunedFile
from escalation.model.submission_states import SubmissionState
from records.ledger.chains import append
from records.ledger.retention import PRUNED, why_gone
from records.retention.plan import FRESH, PAID, SHARED, plan
from records.retention.rule import Retention
from tests.records.retention.conftest import ALL, AT_ONCE, Keeper


def test_all_files_of_an_old_case_go_and_its_rows_and_events_stay(keeper: Keeper) -> None:
    files = keeper.case("c")
    keeper.age()
    before = keeper.ledger.events("c")
    done = keeper.prune()
    assert (done.cases, done.files, done.notes) == (1, 6, [])
    assert done.size == sum(len(f"{kind} of c") for kind in files)
    assert keeper.there() == set()
    assert keeper.findings() == []
    after = keeper.ledger.events("c")
    assert after[: len(before)] == before
    (event,) = after[len(before) :]
    assert event["kind"] == "case.pruned"
    assert event["body"]["by"] == "ada"
    assert {file["sha256"]: file["bytes"] for file in event["body"]["files"]} == {
        digest: len(f"{kind} of c") for kind, digest in files.items()
    }
    of = {file["sha256"]: file["of"] for file in event["body"]["files"]}
    assert [of[files[kind]] for kind in ("data", "input", "result", "model", "answer", "report")] == [
        *("data", "work", "work", "candidate", "answer", "report")
    ]
    assert keeper.ledger.case("c").outcome is not None
    assert [attempt.number for attempt in keeper.ledger.attempt_records("c")] == [0]
    again = keeper.prune()
    assert (again.cases, again.files) == (0, 0)


def test_a_plan_writes_nothing(keeper: Keeper) -> None:
    keeper.case("c")
    keeper.age()
    planned = plan(keeper.ledger.named_bytes(), keeper.store, ALL)
    assert [(each.case_id, len(each.files)) for each in planned.going] == [("c", 6)]
    assert len(planned.sizes) == 6
    assert PRUNED not in keeper.kinds("c")
    assert len(keeper.there()) == 6


@pytest.mark.parametrize("status", [CaseStatus.HELD, CaseStatus.WAITING, CaseStatus.FAILED])
def test_a_case_that_is_not_over_keeps_everything(keeper: Keeper, status: CaseStatus) -> None:
    keeper.open("c")
    keeper.ledger.close_case("c", status, None)
    keeper.age()
    done = keeper.prune()
    assert done.plan.kept == {"c": f"is not over ({status})"}
    assert len(keeper.there()) == 6
    with pytest.raises(CaseConflict, match="case c is kept: is not over"):
        keeper.ledger.prune("c", [PrunedFile(sha256="0" * 64, bytes=1, of=BytesOf.DATA)], "r", "ada")


def test_a_running_case_keeps_everything(keeper: Keeper) -> None:
    keeper.open("c")
    keeper.age()
    assert keeper.prune().plan.kept == {"c": "is not over (running)"}
    assert len(keeper.there()) == 6


def test_money_that_is_set_aside_keeps_a_case_until_it_is_billed(keeper: Keeper) -> None:
    keeper.open("c")
    key = WorkKey("c", 0, 7)
    assert keeper.ledger.reserve(key, Amounts(usd=1), Caps(usd=2))
    keeper.end("c")
    keeper.age()
    assert keeper.prune().plan.kept == {"c": "money is set aside for it"}
    keeper.ledger.spend(key, Amounts(usd=1))
    assert keeper.prune().files == 6


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (SubmissionState.ASKED, "a question to a person is open"),
        (SubmissionState.PARKED, "money is set aside for it"),
        (SubmissionState.FROZEN, "a paid job of it is not settled"),
        (SubmissionState.DONE, ""),
    ],
)
def test_a_job_that_is_not_settled_keeps_a_case(
    keeper: Keeper, reach: Callable[..., Any], state: SubmissionState, why: str
) -> None:
    keeper.open("c")
    reach(keeper.ledger, state, 5)
    keeper.end("c")
    keeper.age()
    done = keeper.prune()
    assert done.plan.kept == ({"c": why} if why else {})
    assert done.files == (0 if why else 6)


def test_what_was_paid_for_stays(keeper: Keeper, reach: Callable[..., Any]) -> None:
    keeper.open("c")
    row = reach(keeper.ledger, SubmissionState.DONE, 0)  # of the very work whose files the case has
    keeper.end("c")
    files = keeper.files["c"]
    keeper.age()
    done = keeper.prune()
    assert done.plan.stays[PAID] >= 2
    assert keeper.there() == {files["input"], files["result"]}
    assert (
        row.payload in keeper.ledger.digests()
    )  # the tests' payload is a name; the audit goes on asking for it
    with pytest.raises(CorruptRecord, match=r"has no file .* that may be given up"):
        keeper.ledger.prune("c", [PrunedFile(sha256=files["input"], bytes=1, of=BytesOf.WORK)], "r", "ada")


def test_each_class_of_data_has_its_period_and_one_without_is_kept_for_ever(keeper: Keeper) -> None:
    for data_class in DataClass:
        keeper.case(str(data_class), data_class)
    keeper.age()
    stated = {DataClass.PUBLIC: AT_ONCE, DataClass.IDENTIFIABLE: 2192.0}
    done = keeper.prune(Retention(stated))
    assert [each.case_id for each in done.plan.going] == ["public"]
    assert done.plan.kept["deidentified"].startswith("no period is stated for deidentified data")
    assert done.plan.kept["identifiable"].startswith("kept until ")
    asked = keeper.prune(Retention(stated, AT_ONCE))  # shortens nothing that the site states
    assert asked.plan.going == ()
    assert asked.plan.kept == done.plan.kept
    (told,) = keeper.ledger.prunings("public")
    assert told.rule == "kept 1e-09 days after the end of the case (TIERWISE_RETENTION_DAYS, public data)"
    assert keeper.findings() == []


def test_where_the_site_states_nothing_what_is_asked_for_holds_for_every_class(keeper: Keeper) -> None:
    for data_class in DataClass:
        keeper.case(str(data_class), data_class)
    keeper.age()
    assert keeper.prune(Retention(older_than_days=9.0)).plan.going == ()
    asked = keeper.prune(Retention(older_than_days=AT_ONCE))
    assert {each.case_id for each in asked.plan.going} == set(map(str, DataClass))
    assert {each.rule for each in asked.plan.going} == {
        "kept 1e-09 days after the end of the case (as was asked for, --older-than)"
    }


@pytest.mark.parametrize(("stated", "asked", "days"), [(9.0, 3.0, 9.0), (3.0, 9.0, 9.0), (3.0, None, 3.0)])
def test_what_is_asked_for_lengthens_a_stated_period_and_never_shortens_it(
    stated: float, asked: float | None, days: float
) -> None:
    retention = Retention({DataClass.PUBLIC: stated}, asked)
    assert retention.days(DataClass.PUBLIC) == days
    assert retention.days(DataClass.IDENTIFIABLE) is None


def test_a_file_goes_with_the_last_case_that_needs_it(keeper: Keeper) -> None:
    keeper.case("old", data=b"one table", result=b"one result")
    keeper.open("new", DataClass.IDENTIFIABLE, data=b"one table", model=b"one result")
    keeper.age()
    done = keeper.prune()
    assert done.plan.stays == {SHARED: 2}
    shared = {digest_bytes(b"one table"), digest_bytes(b"one result")}
    assert keeper.there() == set(keeper.files["new"].values())
    assert shared < keeper.there()
    keeper.end("new")
    keeper.age()
    keeper.prune()
    assert keeper.there() == set()
    assert keeper.kinds("old").count(PRUNED) == 2  # what was shared is said of it too, when it went
    assert keeper.findings() == []


def test_a_legal_hold_keeps_a_case_until_it_is_released(keeper: Keeper) -> None:
    keeper.case("c")
    keeper.age()
    keeper.ledger.hold("c", "inquiry 12", "ben")
    (why,) = keeper.prune().plan.kept.values()
    assert why.endswith("by ben: inquiry 12")
    with pytest.raises(CaseConflict, match=r"has a legal hold since .* by ben"):
        keeper.ledger.hold("c", "again", "ben")
    with pytest.raises(CaseConflict, match="case c is kept: legal hold"):
        keeper.ledger.prune("c", [], "r", "ada")
    keeper.ledger.release("c", "the inquiry is over", "ben")
    with pytest.raises(CaseConflict, match="has no legal hold"):
        keeper.ledger.release("c", "again", "ben")
    with pytest.raises(CaseConflict, match="there is no case 'nobody'"):
        keeper.ledger.hold("nobody", "x", "ben")
    assert keeper.prune().files == 6
    assert keeper.findings() == []


def test_a_hold_that_comes_between_word_and_deed_keeps_what_is_still_there(keeper: Keeper) -> None:
    keeper.case("c")
    keeper.age()

    def hold(said: str) -> None:
        if said == "0 files":
            keeper.ledger.hold("c", "inquiry", "ben")

    done = keeper.prune(say=hold)
    assert (done.cases, done.files, len(keeper.there())) == (1, 0, 6)
    assert keeper.ledger.findings() == ()
    keeper.ledger.release("c", "over", "ben")
    assert keeper.prune().files == 6


def test_a_lost_file_stays_a_finding_and_a_damaged_one_stays(keeper: Keeper) -> None:
    files = keeper.case("c")
    lost, damaged = keeper.store.path(files["model"]), keeper.store.path(files["answer"])
    lost.unlink()
    damaged.chmod(0o600)
    damaged.write_bytes(b"other")
    keeper.age()
    done = keeper.prune()
    assert done.files == 4
    assert [note.partition(" expected")[0] for note in done.notes] == ["kept:"]
    assert keeper.there() == {files["answer"]}
    assert keeper.findings() == [f"no file {files['model']}"]
    assert why_gone(keeper.ledger, files["model"]) == ""


def test_bytes_that_were_given_up_are_told_from_those_that_are_lost(keeper: Keeper) -> None:
    files = keeper.case("c")
    keeper.age()
    keeper.prune()
    keeper.store.why_gone = lambda digest: why_gone(keeper.ledger, digest)
    with pytest.raises(
        PrunedBytes, match=r"were pruned on 20\d\d-\d\d-\d\d under the rule: kept 1e-09 days after"
    ):
        keeper.store.get(files["data"])
    with pytest.raises(CorruptRecord, match="got no file") as raised:
        keeper.store.get("0" * 64)
    assert not isinstance(raised.value, PrunedBytes)


def test_what_was_just_put_may_be_about_to_be_named_and_stays(keeper: Keeper) -> None:
    files = keeper.case("c")
    keeper.age()
    keeper.store.put(b"data of c")  # as a case does that is being opened on the same table
    done = keeper.prune()
    assert done.plan.stays == {FRESH: 1}
    assert keeper.there() == {files["data"]}
    keeper.case("d", data=b"data of c")
    keeper.age()
    assert keeper.prune(Retention({})).files == 0
    assert files["data"] in keeper.there()
    assert keeper.findings() == []


def test_a_case_that_puts_a_file_between_word_and_deed_has_it(keeper: Keeper) -> None:
    files = keeper.case("c")
    keeper.age()

    def come_between(said: str) -> None:
        if said == "0 files":
            keeper.open("d", data=b"data of c")

    keeper.prune(say=come_between)
    assert files["data"] in keeper.there()
    assert set(keeper.files["d"].values()) <= keeper.there()
    assert keeper.findings() == []
    keeper.end("d")
    keeper.age()
    keeper.prune(Retention({DataClass.PUBLIC: 9.0}))
    assert files["data"] in keeper.there()  # said to be given up of one case, and another is owed it


def test_a_ledger_that_was_changed_prunes_nothing(keeper: Keeper, sql: Callable[..., None]) -> None:
    keeper.open("c")
    keeper.ledger.close_case("c", CaseStatus.HELD, None)
    keeper.age()
    sql("UPDATE cases SET status = 'accepted', closed_at = '2020-01-01T00:00:00+00:00'")
    with pytest.raises(CorruptRecord, match=r"expected the row cases c .*; nothing is pruned by this ledger"):
        keeper.prune()
    assert len(keeper.there()) == 6
    assert PRUNED not in keeper.kinds("c")


def test_a_store_that_another_ledger_uses_is_refused(keeper: Keeper) -> None:
    keeper.case("c")
    keeper.age()
    keeper.store.note_user(keeper.ledger.name())
    keeper.store.note_user("ab" * 16)
    with pytest.raises(BadInput, match=r"of this ledger alone.*which ledger abab.* uses too"):
        keeper.prune()
    assert len(keeper.there()) == 6


def test_bytes_given_up_of_a_case_under_hold_or_not_over_cannot_have_happened(keeper: Keeper) -> None:
    said = {"rule": "r", "by": "eve", "files": [{"sha256": "0" * 64, "bytes": 1, "of": "data"}]}
    keeper.open("c")
    keeper.case("d")
    keeper.ledger.hold("d", "inquiry", "ben")
    for case_id in ("c", "d"):  # as somebody does who writes the chain, and not by the door
        with keeper.ledger._database.writing(case_id) as connection:
            append(connection, case_id, PRUNED, said)
    found = keeper.ledger.findings()
    assert [line.partition(": ")[2] for line in found] == [
        "bytes of the case were given up, and it was running",
        "bytes of the case were given up, and it was under a legal hold",
    ]


def test_an_event_that_cannot_be_read_is_a_finding(keeper: Keeper) -> None:
    keeper.case("c")
    with keeper.ledger._database.writing("c") as connection:
        append(connection, "c", PRUNED, {"rule": "r", "by": "eve", "files": [{"sha256": 1}]})
    assert any("does not say what case.pruned says" in line for line in keeper.ledger.findings())
    told: list[str] = []
    keeper.ledger.digests(told.append)
    assert told == [line for line in told if "does not say what case.pruned says" in line] != []


def test_a_pruning_is_checkpointed_before_anything_goes(keeper: Keeper) -> None:
    keeper.case("c")
    keeper.age()
    seen = []

    def say(said: str) -> None:
        if said == "0 files":
            events = keeper.ledger.events()
            seen.append([event["kind"] for event in events][-2:])
            assert len(keeper.there()) == 6

    keeper.prune(say=say)
    assert seen == [["case.pruned", "checkpoint.made"]]


def test_the_words_of_a_pruning_are_json(keeper: Keeper) -> None:
    keeper.case("c")
    keeper.age()
    keeper.prune()
    (told,) = keeper.ledger.prunings("c")
    assert json.loads(json.dumps(told.to_json()))["files"][0].keys() == {"sha256", "bytes", "of"}
    assert os.path.basename(told.by) == "ada"
