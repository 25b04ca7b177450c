"""Submissions in the ledger: one row a piece of paid work, moved along the table and no other way."""

import itertools
import re
from collections.abc import Callable
from typing import Any

import pytest

from escalation.model.amounts import Amounts, Caps
from escalation.model.blob import Blob
from escalation.model.case import CaseInfo, CaseStatus, WorkKey
from escalation.model.clock import Instant
from escalation.model.errors import BadInput, CaseConflict, Moved
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.result import RawResult
from escalation.model.submission import Approval, Period, Submission
from escalation.model.submission_states import TRANSITIONS, SubmissionState, Who
from records.ledger.ledger import SqlLedger

S = SubmissionState
KEY = WorkKey("c", 0, 0)
Open = Callable[[], SqlLedger]
Reach = Callable[..., Submission]
Sql = Callable[..., None]
TAKE_OVER = "UPDATE leases SET token = token + 1, host = 'elsewhere', boot = 'another', pid = 4711"
NOTHING = Amounts()
CAP = Amounts(qpu_s=3.0, usd=4.8)


@pytest.fixture
def opened(ledger: SqlLedger, make_info: Callable[..., CaseInfo]) -> SqlLedger:
    ledger.open_case(make_info())
    return ledger


def _reserved(ledger: SqlLedger) -> Amounts:
    return ledger.spending("*", Period.TOTAL, 0.0)[0]


def test_wanted_work_has_a_tag_of_its_own_on_record_before_anything_is_sent(
    opened: SqlLedger, open_ledger: Open
) -> None:
    row = opened.want_submission(KEY, "w" * 64, "model", 1000.0)
    other = opened.want_submission(WorkKey("c", 0, 1), "w" * 64, "model", 1000.0)
    assert re.fullmatch(r"tierwise-[0-9a-f]{24}", row.tag)
    assert row.tag != other.tag
    assert (row.state, row.key, row.since, row.opened) == (S.WANTED, KEY, 1000.0, 1000.0)
    assert open_ledger().find_submission(KEY) == row
    assert opened.events("c")[1]["body"]["tag"] == row.tag


def test_wanting_it_again_returns_the_row_and_other_work_is_a_conflict(opened: SqlLedger) -> None:
    row = opened.want_submission(KEY, "w" * 64, "model", 1000.0)
    assert opened.want_submission(KEY, "w" * 64, "model", 2000.0) == row
    with pytest.raises(CaseConflict, match=r"submission c/0/0: expected the work w+ as recorded, got x"):
        opened.want_submission(KEY, "x" * 64, "model", 2000.0)
    with pytest.raises(CaseConflict, match="expected the backend model as recorded, got other"):
        opened.want_submission(KEY, "w" * 64, "other", 2000.0)


def test_submissions_come_in_the_order_in_which_they_were_opened(opened: SqlLedger, make_info: Any) -> None:
    opened.open_case(make_info("b"))
    keys = [WorkKey("c", 0, 2), WorkKey("b", 0, 0), WorkKey("c", 0, 1)]
    rows = [opened.want_submission(key, "w" * 64, "model", 1000.0) for key in keys]
    assert opened.submissions() == rows
    assert [row.ordinal for row in opened.submissions("c")] == [2, 1]
    assert opened.find_submission(WorkKey("c", 1, 0)) is None


def test_a_move_notes_what_changed_and_when(opened: SqlLedger, reach: Reach, open_ledger: Open) -> None:
    row = reach(opened, S.AUTHORISED)
    moved = opened.move(row, S.FENCED, 2000.0, batches=("batch-1",))
    assert (moved.state, moved.since, moved.batch) == (S.FENCED, 2000.0, "batch-1")
    assert open_ledger().find_submission(KEY) == moved
    said = opened.events("c")[-1]
    assert said["kind"] == "handoff.moved"
    changed = {"state": "fenced", "since": 2000.0, "fences": ["batch-1"]}
    assert said["body"] | {"row": None} == {
        "attempt": 0,
        "ordinal": 0,
        "by": "driver",
        "from": "authorised",
        "changed": changed,
        "row": None,
    }


ALLOWED = {(each.source, each.target, each.who) for each in TRANSITIONS}


def test_no_transition_but_those_of_the_table_is_made(opened: SqlLedger, reach: Reach) -> None:
    rows = {source: reach(opened, source, ordinal) for ordinal, source in enumerate(S)}
    before = opened.events()
    steps = itertools.product(S, S, Who)
    refused = [step for step in steps if step not in ALLOWED]
    assert len(refused) + len(ALLOWED) == 2 * len(S) ** 2
    for source, target, who in refused:
        with pytest.raises(CaseConflict):
            opened.move(rows[source], target, 9000.0, who)
    assert opened.submissions() == list(rows.values())
    assert opened.events() == before


@pytest.mark.parametrize(
    ("source", "target", "verb"),
    [
        (S.FROZEN, S.AUTHORISED, "authorise"),
        (S.ASKED, S.AUTHORISED, "authorise"),
        (S.SETTLED, S.DONE, "bill"),
    ],
)
def test_where_money_is_due_the_move_alone_is_refused(
    opened: SqlLedger, reach: Reach, source: S, target: S, verb: str
) -> None:
    row = reach(opened, source)
    with pytest.raises(CaseConflict, match=f"expected `{verb}` to take it to {target}, got `move`"):
        opened.move(row, target, 9000.0)


def test_who_saw_an_older_row_is_told_what_changed(opened: SqlLedger, reach: Reach) -> None:
    row = reach(opened, S.SUBMITTED)
    amended = opened.amend(row, reason="looked at")
    acts: list[Callable[[], Any]] = [
        lambda: opened.move(row, S.FETCHED, 9000.0),
        lambda: opened.amend(row, cancel_wanted=True),
        lambda: opened.move(row, S.PARKED, 9000.0, Who.PERSON),
    ]
    for act in acts:
        with pytest.raises(Moved, match="expected it reason '', got reason 'looked at'; read it again"):
            act()
    assert opened.find_submission(KEY) == amended


def test_an_amendment_that_changes_nothing_writes_nothing(opened: SqlLedger, reach: Reach) -> None:
    row = reach(opened, S.SUBMITTED)
    before = opened.events()
    assert opened.amend(row, reason="") == row
    assert opened.events() == before


@pytest.mark.parametrize("name", ["tag", "state", "case_id", "work", "backend", "opened"])
def test_what_names_the_work_is_never_changed(opened: SqlLedger, reach: Reach, name: str) -> None:
    row = reach(opened, S.SUBMITTED)
    with pytest.raises(ValueError, match=f"to leave {name} alone"):
        opened.amend(row, **{name: "x"})


def test_a_process_believed_dead_cannot_move_a_submission(
    opened: SqlLedger, open_ledger: Open, reach: Reach, sql: Sql, make_info: Callable[..., CaseInfo]
) -> None:
    row = reach(opened, S.FENCED)
    settled = reach(opened, S.SETTLED, ordinal=1)
    frozen = reach(opened, S.FROZEN, ordinal=2)
    sql("UPDATE leases SET started = started - 6000")
    heir = open_ledger()
    heir.open_case(make_info())
    acts: list[Callable[[], Any]] = [
        lambda: opened.move(row, S.SENDING, 9000.0),
        lambda: opened.amend(row, reason="late"),
        lambda: opened.authorise(frozen, None, Caps(), "p", 9000.0),
        lambda: opened.bill(settled, 2.0, 3.2, 9000.0),
        lambda: opened.want_submission(WorkKey("c", 0, 3), "w" * 64, "model", 9000.0),
    ]
    for act in acts:
        with pytest.raises(CaseConflict, match="was taken over by process"):
            act()
    assert heir.move(row, S.SENDING, 9000.0).state is S.SENDING


def test_a_person_needs_no_lease_and_still_compares(
    opened: SqlLedger, open_ledger: Open, reach: Reach
) -> None:
    row = reach(opened, S.SUBMITTED)
    person = open_ledger()
    wanted = person.amend(row, cancel_wanted=True)
    parked = person.move(wanted, S.PARKED, 9000.0, Who.PERSON, reason="parked by me")
    assert opened.find_submission(KEY) == parked
    assert opened.events("c")[-1]["body"]["by"] == "person"
    with pytest.raises(CaseConflict, match="case 'c' is not open here"):
        person.amend(parked, reason="mine")
    with pytest.raises(CaseConflict, match="case 'c' is not open here"):
        person.move(reach(opened, S.FENCED, ordinal=1), S.SENDING, 9000.0)


def test_a_lease_is_taken_over_without_driving_the_case(
    opened: SqlLedger, open_ledger: Open, reach: Reach
) -> None:
    row = reach(opened, S.SUBMITTED)
    keeper = open_ledger()
    with pytest.raises(CaseConflict, match="is being run by this process"):
        keeper.take_over("c")
    opened.close_case("c", CaseStatus.WAITING, None)
    events = opened.events()
    keeper.take_over("c")
    assert keeper.events() == events
    assert keeper.case("c").status is CaseStatus.WAITING
    with pytest.raises(CaseConflict, match="is being run by this process"):
        opened.take_over("c")
    keeper.move(row, S.FETCHED, 9000.0)
    keeper.let_go("c")
    keeper.let_go("c")
    opened.take_over("c")
    with pytest.raises(CaseConflict, match="case 'c' is not open here"):
        keeper.heartbeat("c")
    with pytest.raises(BadInput, match="got 'nope'"):
        keeper.take_over("nope")


def test_a_late_bill_reaches_a_case_that_is_over(opened: SqlLedger, open_ledger: Open, reach: Reach) -> None:
    row = reach(opened, S.SETTLED)
    opened.close_case("c", CaseStatus.ACCEPTED, None)
    keeper = open_ledger()
    keeper.take_over("c")
    keeper.bill(keeper.amend(row, incidents=("a second job",)), 2.0, 3.2, 9000.0)
    keeper.let_go("c")
    assert keeper.case("c").status is CaseStatus.ACCEPTED
    assert keeper.spent("c") == Amounts(qpu_s=2.0, usd=3.2)


@pytest.mark.parametrize("status", [CaseStatus.WAITING, CaseStatus.HELD])
def test_a_case_that_waits_needs_no_process(
    opened: SqlLedger, make_info: Callable[..., CaseInfo], status: CaseStatus
) -> None:
    opened.close_case("c", status, None)
    assert opened.case("c").status is status
    assert [record.status for record in opened.cases()] == [status]
    assert opened.open_case(make_info()).status is CaseStatus.RUNNING


RELEASING = sorted(
    ((each.source, each.target) for each in TRANSITIONS if each.target in (S.REFUSED, S.CANCELLED)),
    key=lambda step: step[0] is S.PARKED,  # the one that keeps its money is the last
)


def test_the_money_is_free_again_unless_the_service_may_have_a_job(opened: SqlLedger, reach: Reach) -> None:
    for ordinal, (source, target) in enumerate(RELEASING):
        row = reach(opened, source, ordinal)
        had = _reserved(opened)
        assert had == (NOTHING if source in (S.WANTED, S.FROZEN, S.ASKED) else CAP), (source, target)
        opened.move(row, target, 9000.0, Who.PERSON if source is S.PARKED else Who.DRIVER)
        assert _reserved(opened) == (CAP if source is S.PARKED else NOTHING), (source, target)


def test_a_new_round_keeps_what_is_reserved(opened: SqlLedger, reach: Reach) -> None:
    row = reach(opened, S.DOUBTED)
    row = opened.move(row, S.AUTHORISED, 9000.0, round=1)
    assert _reserved(opened) == CAP
    assert row.round == 1


def test_the_bill_takes_the_place_of_the_reservation(opened: SqlLedger, reach: Reach) -> None:
    row = reach(opened, S.SETTLED)
    done = opened.bill(row, 2.0, 3.2, 9000.0)
    assert (done.state, done.usage_qpu_s) == (S.DONE, 2.0)
    assert opened.spending("p", Period.TOTAL, 0.0) == (NOTHING, Amounts(qpu_s=2.0, usd=3.2))
    assert opened.spent("c") == Amounts(qpu_s=2.0, usd=3.2)
    with pytest.raises(CaseConflict):
        opened.bill(row, 2.0, 3.2, 9000.0)


def test_a_bill_of_nothing_frees_the_money_and_a_negative_one_is_refused(
    opened: SqlLedger, reach: Reach
) -> None:
    row = reach(opened, S.SETTLED)
    with pytest.raises(BadInput, match="expected a bill of at least 0, got -1 s"):
        opened.bill(row, -1.0, 0.0, 9000.0)
    opened.bill(row, 0.0, 0.0, 9000.0)
    assert opened.spending("p", Period.TOTAL, 0.0) == (NOTHING, NOTHING)


def test_a_submission_that_was_never_wanted_cannot_be_moved(
    opened: SqlLedger, reach: Reach, make_question: Callable[..., Approval]
) -> None:
    row = reach(opened, S.FROZEN)
    other = row.model_copy(update={"ordinal": 7})
    with pytest.raises(CaseConflict, match="submission c/0/7 was never wanted"):
        opened.move(other, S.CANCELLED, 9000.0)


def test_work_is_found_again_with_its_inputs(opened: SqlLedger) -> None:
    work = LocalCall("a:b", {"x": 1}, {"data": Blob(b"input")})
    opened.intend(KEY, work, "model")
    assert opened.find_work(KEY) == work
    with pytest.raises(BadInput, match="expected work that this ledger knows, got c/0/5"):
        opened.find_work(WorkKey("c", 0, 5))


def test_what_ledgers_have_is_read_and_kept_as_it_was_spelt() -> None:
    named = {"case_id": "c", "attempt": 0, "ordinal": 0, "backend": "b", "work": "w", "tag": "t"}
    kept = {
        "fences": ["batch-1"],
        "fence_closed_at": 1.5,
        "closed": [{"boot": "boot", "at_s": 2.5}],
        "job": {"job_id": "job-1", "state": "done", "fence": "batch-1"},
    }
    row = Submission.model_validate({**named, "state": "doubted", **kept})
    assert (row.batch, row.batch_closed_at, row.settling) == ("batch-1", 1.5, (Instant("boot", 2.5),))
    assert row.job is not None
    assert (row.job.batch, row.exactly_once) == ("batch-1", "fence")
    again = row.to_json()
    assert {name: again[name] for name in ("fences", "fence_closed_at", "closed")} == {
        name: kept[name] for name in ("fences", "fence_closed_at", "closed")
    }
    assert again["job"]["fence"] == "batch-1"
    assert Submission.model_validate(again) == row


RESULT = RawResult(JobState.DONE, {"y": 2}, files={"out": Blob(b"abc")})


def test_result_and_move_are_settled_together_or_not_at_all(opened: SqlLedger, reach: Reach) -> None:
    work = LocalCall("a:b", {"x": 1})
    opened.intend(KEY, work, "model")
    early = reach(opened, S.SUBMITTED)
    with pytest.raises(CaseConflict):
        opened.settle_submission(early, RESULT, 9000.0)
    assert opened.find_result(KEY, work) is None
    fetched = opened.move(early, S.FETCHED, 9000.0)
    settled = opened.settle_submission(fetched, RESULT, 9100.0, calibrations={"run": "0" * 64})
    assert (settled.state, settled.since, settled.calibrations) == (S.SETTLED, 9100.0, {"run": "0" * 64})
    assert opened.find_submission(KEY) == settled
    assert opened.find_result(KEY, work) == RESULT
    assert [each["kind"] for each in opened.events("c")[-2:]] == ["work.settled", "handoff.moved"]
    opened.verify()


def test_what_changes_nothing_is_not_written_and_notices_a_change_all_the_same(
    opened: SqlLedger, reach: Reach
) -> None:
    row = reach(opened, S.SUBMITTED)
    before = len(opened.events("c"))
    assert opened.amend(row, reason=row.reason, incidents=row.incidents) == row
    assert len(opened.events("c")) == before
    opened.amend(row, incidents=("odd",))
    with pytest.raises(Moved):
        opened.amend(row, reason=row.reason)


def test_a_bill_notes_what_was_learnt_with_it(opened: SqlLedger, reach: Reach) -> None:
    done = opened.bill(reach(opened, S.SETTLED), 2.0, 3.2, 9000.0, batch_closed_at=8900.0)
    assert (done.state, done.usage_qpu_s, done.batch_closed_at) == (S.DONE, 2.0, 8900.0)
