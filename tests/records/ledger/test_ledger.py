"""What the ledger promises to one process: cases, decisions, attempts, intents."""

import gc
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import SQLAlchemyError

from escalation.model.amounts import Amounts, Caps
from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from escalation.model.case import CaseInfo, CaseStatus, Outcome, WorkKey
from escalation.model.clock import ProcessIdentity
from escalation.model.errors import BadInput, CaseConflict, CorruptRecord
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.resources import Resources
from escalation.model.result import Lost, RawResult
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore

Open = Callable[[], SqlLedger]
Info = Callable[..., CaseInfo]
Sql = Callable[..., None]

KEY = WorkKey("c", 0, 0)
WORK = LocalCall("a:b", {"x": 1}, {"data": Blob(b"input")})
RESULT = RawResult(JobState.DONE, {"y": 2.5}, {"out": Blob(b"output")}, evidence={"log": Blob(b"log")})


def test_a_new_case_is_running_and_says_what_it_is_about(ledger: SqlLedger, make_info: Info) -> None:
    info = make_info()
    record = ledger.open_case(info)
    assert (record.status, record.info, record.outcome) == (CaseStatus.RUNNING, info, None)
    assert record.new
    assert ledger.case("c") == record.model_copy(update={"new": False})
    ledger.let_go("c")
    assert not ledger.open_case(info).new


def test_cases_come_newest_first(ledger: SqlLedger, make_info: Info) -> None:
    for case_id in ("b", "c", "a"):
        ledger.open_case(make_info(case_id))
    assert [record.info.case_id for record in ledger.cases()] == ["a", "c", "b"]


@pytest.mark.parametrize("given", [{"$ne": 1}, ["a"], 5, "\0", "a\0b", "\ud800", "x" * 10_000], ids=range(7))
def test_what_can_be_no_cases_id_is_no_question_for_the_database(ledger: SqlLedger, given: Any) -> None:
    for ask in (ledger.case, ledger.whole_id):
        if ask == ledger.case or not (isinstance(given, str) and given[0] == "x"):
            with pytest.raises(BadInput, match="expected the id of a case in this ledger, got ") as refused:
                ask(given)
            assert len(str(refused.value)) < 400
            assert str(refused.value).isprintable()


def test_an_unknown_case_is_bad_input(ledger: SqlLedger) -> None:
    with pytest.raises(BadInput, match="expected the id of a case in this ledger, got 'nope'"):
        ledger.case("nope")


@pytest.mark.parametrize("case_id", ["", "../up", "a b", "a'b", "-flag", "x" * 129, "é"])
def test_an_id_that_could_not_name_a_file_is_bad_input(
    ledger: SqlLedger, make_info: Info, case_id: str
) -> None:
    with pytest.raises(BadInput, match="expected a case id of at most 80"):
        ledger.open_case(make_info(case_id))


def test_a_final_case_comes_back_as_it_is_and_takes_no_lease(open_ledger: Open, make_info: Info) -> None:
    first = open_ledger()
    first.open_case(make_info())
    outcome = Outcome(case_id="c", status=CaseStatus.ACCEPTED, value=0.75)
    first.close_case("c", CaseStatus.ACCEPTED, outcome)
    for again in (first, open_ledger()):
        record = again.open_case(make_info())
        assert record.status is CaseStatus.ACCEPTED
        assert record.closed_at is not None
        assert record.outcome is not None
        assert Outcome.model_validate(record.outcome) == outcome
        with pytest.raises(CaseConflict, match="case 'c' is not open here"):
            again.heartbeat("c")


@pytest.mark.parametrize("status", [CaseStatus.HELD, CaseStatus.FAILED, CaseStatus.INTERRUPTED])
def test_an_unfinished_case_can_be_taken_up_again(
    open_ledger: Open, make_info: Info, status: CaseStatus
) -> None:
    first = open_ledger()
    first.open_case(make_info())
    first.close_case("c", status, None)
    assert first.case("c").status is status
    record = open_ledger().open_case(make_info())
    assert (record.status, record.closed_at) == (CaseStatus.RUNNING, None)


@pytest.mark.parametrize("what", ["problem", "instance", "policy"])
def test_an_id_that_belongs_to_something_else_is_a_conflict_that_says_what_it_has(
    ledger: SqlLedger, make_info: Info, what: str
) -> None:
    ledger.open_case(make_info())
    ledger.close_case("c", CaseStatus.HELD, None)
    other = make_info(**{f"{what}_digest": "f" * 64})
    has = getattr(make_info(), f"{what}_digest")[:12]
    with pytest.raises(CaseConflict) as caught:
        ledger.open_case(other)
    message = str(caught.value)
    assert f"case 'c' belongs to another {what}: expected {what} digest {has}, got ffffffffffff" in message
    assert "another case id" in message
    assert "\n" not in message


def test_a_case_that_runs_in_this_process_cannot_be_opened_twice(open_ledger: Open, make_info: Info) -> None:
    first = open_ledger()
    first.open_case(make_info())
    for ledger in (first, open_ledger()):
        with pytest.raises(CaseConflict, match=r"case 'c' is being run by this process \(pid \d+\)"):
            ledger.open_case(make_info())


def test_closing_the_ledger_gives_its_leases_back(open_ledger: Open, make_info: Info) -> None:
    first, second = open_ledger(), open_ledger()
    first.open_case(make_info())
    first.close()
    assert second.case("c").status is CaseStatus.INTERRUPTED
    assert second.open_case(make_info()).status is CaseStatus.RUNNING


TAKE_OVER = "UPDATE leases SET token = token + 1, host = 'elsewhere', boot = 'another', pid = 4711"
"""What another process does when it takes the case over."""


def test_every_write_with_a_stale_token_is_refused(
    ledger: SqlLedger, sql: Sql, make_info: Info, make_decision: Any, make_attempt: Any
) -> None:
    ledger.open_case(make_info())
    ledger.intend(KEY, WORK, "local")
    sql(TAKE_OVER)
    before = ledger.events()
    writes: list[Callable[[], Any]] = [
        lambda: ledger.heartbeat("c"),
        lambda: ledger.add_decision("c", make_decision()),
        lambda: ledger.add_attempt("c", make_attempt(), None),
        lambda: ledger.intend(WorkKey("c", 0, 1), WORK, "local"),
        lambda: ledger.submitted(KEY, {"pid": 1}),
        lambda: ledger.settle(KEY, RESULT),
        lambda: ledger.reserve(KEY, Amounts(usd=1), Caps()),
        lambda: ledger.spend(KEY, Amounts(usd=1)),
        lambda: ledger.close_case("c", CaseStatus.FAILED, None),
    ]
    for write in writes:
        with pytest.raises(CaseConflict, match="taken over by process 4711 on elsewhere"):
            write()
    assert ledger.events() == before


def test_a_lease_of_another_host_holds_until_it_is_over(open_ledger: Open, sql: Sql, make_info: Info) -> None:
    open_ledger().open_case(make_info())
    sql(TAKE_OVER)
    second = open_ledger()
    with pytest.raises(CaseConflict, match="is being run by process 4711 on elsewhere"):
        second.open_case(make_info())
    sql("UPDATE leases SET beat_at = beat_at - 31")
    assert second.cases()[0].status is CaseStatus.INTERRUPTED
    assert second.open_case(make_info()).status is CaseStatus.RUNNING


def test_a_later_process_with_the_same_pid_is_not_the_holder(
    open_ledger: Open, sql: Sql, make_info: Info
) -> None:
    open_ledger().open_case(make_info())
    sql("UPDATE leases SET started = started - 6000")
    assert open_ledger().open_case(make_info()).status is CaseStatus.RUNNING


def test_a_living_process_that_falls_silent_for_ten_leases_has_lost_the_case(
    open_ledger: Open, sql: Sql, make_info: Info
) -> None:
    open_ledger().open_case(make_info())
    one = ProcessIdentity.of(1)  # lives as long as the machine
    sql(f"UPDATE leases SET pid = 1, started = {one.started}, beat_boot_s = beat_boot_s - 240")
    with pytest.raises(CaseConflict, match=r"is being run by process 1 on this host"):
        open_ledger().open_case(make_info())
    sql("UPDATE leases SET beat_boot_s = beat_boot_s - 70")
    assert open_ledger().open_case(make_info()).status is CaseStatus.RUNNING


def test_a_heartbeat_from_the_future_is_no_better_than_one_from_the_past(
    open_ledger: Open, sql: Sql, make_info: Info
) -> None:
    open_ledger().open_case(make_info())
    sql(TAKE_OVER, "UPDATE leases SET beat_at = beat_at + 3600")
    assert open_ledger().open_case(make_info()).status is CaseStatus.RUNNING


def test_a_lease_whose_holder_in_this_process_is_gone_is_taken(
    url: str, store: FileStore, ledger: SqlLedger, make_info: Info
) -> None:
    def abandon() -> None:
        SqlLedger(url, store).open_case(make_info())

    abandon()
    gc.collect()
    assert ledger.open_case(make_info()).status is CaseStatus.RUNNING


def test_a_lease_that_was_let_go_is_free_even_where_that_could_not_be_written(
    open_ledger: Open, sql: Sql, make_info: Info
) -> None:
    first = open_ledger()
    first.open_case(make_info())
    sql("ALTER TABLE leases RENAME TO lost")
    with pytest.raises(SQLAlchemyError):
        first.let_go("c")
    sql("ALTER TABLE lost RENAME TO leases")
    assert open_ledger().open_case(make_info()).status is CaseStatus.RUNNING


def test_a_closed_case_takes_no_more_decisions(
    ledger: SqlLedger, make_info: Info, make_decision: Any
) -> None:
    ledger.open_case(make_info())
    ledger.close_case("c", CaseStatus.HELD, None)
    with pytest.raises(CaseConflict, match="case 'c' is not open here"):
        ledger.add_decision("c", make_decision())


def test_the_tracking_may_link_its_run_after_the_case_is_closed(ledger: SqlLedger, make_info: Info) -> None:
    ledger.open_case(make_info())
    ledger.close_case("c", CaseStatus.ABSTAINED, None)
    ledger.link_run("c", "run-1")
    assert ledger.case("c").mlflow_run_id == "run-1"


def test_decisions_come_back_in_order_and_are_never_changed(
    ledger: SqlLedger, make_info: Info, make_decision: Any
) -> None:
    ledger.open_case(make_info())
    first, second = make_decision(0), make_decision(1)
    ledger.add_decision("c", second)
    ledger.add_decision("c", first)
    ledger.add_decision("c", first)
    assert ledger.decisions("c") == [first, second]
    assert ledger.find_decision("c", 1) == second
    assert ledger.find_decision("c", 2) is None
    with pytest.raises(CaseConflict, match="case 'c' already has another decision 0"):
        ledger.add_decision("c", make_decision(0, because="changed my mind"))


def test_an_attempt_comes_back_with_its_candidates_bytes(
    open_ledger: Open, make_info: Info, make_attempt: Any
) -> None:
    ledger = open_ledger()
    ledger.open_case(make_info())
    control = Candidate({"a": 1}, {"model": Blob(b"null")})
    candidate = Candidate({"a": 2}, {"model": Blob(b"bytes")}, {"rbf": control}, {"note": "n"})
    ledger.add_attempt("c", make_attempt(0), candidate)
    ledger.add_attempt("c", make_attempt(1), None)
    again = open_ledger()
    assert again.find_attempt("c", 0) == (make_attempt(0), candidate)
    assert again.attempts("c") == [(make_attempt(0), candidate), (make_attempt(1), None)]
    assert again.find_attempt("c", 2) is None
    with pytest.raises(CaseConflict, match="already has another attempt 1"):
        ledger.add_attempt("c", make_attempt(1, seed=8), None)


def test_work_goes_from_wanted_over_submitted_to_settled(
    open_ledger: Open, store: FileStore, make_info: Info
) -> None:
    ledger = open_ledger()
    ledger.open_case(make_info())
    assert ledger.find_result(KEY, WORK) is None
    ledger.intend(KEY, WORK, "local")
    ledger.intend(KEY, WORK, "local")
    assert store.get(WORK.inputs["data"].digest) == b"input"
    assert ledger.find_handle(KEY) is None
    ledger.submitted(KEY, {"pid": 17})
    assert open_ledger().find_handle(KEY) == {"pid": 17}
    assert ledger.find_result(KEY, WORK) is None
    ledger.settle(KEY, RESULT)
    ledger.settle(KEY, RESULT)
    assert ledger.find_handle(KEY) is None
    assert open_ledger().find_result(KEY, WORK) == RESULT
    kinds = [event["kind"] for event in ledger.events("c")]
    assert kinds == ["case.opened", "work.wanted", "work.submitted", "work.settled"]


def test_work_that_could_not_be_sent_is_settled_without_a_handle(ledger: SqlLedger, make_info: Info) -> None:
    ledger.open_case(make_info())
    ledger.intend(KEY, WORK, "local")
    failed = RawResult(JobState.FAILED, error="no such program")
    ledger.settle(KEY, failed)
    assert ledger.find_result(KEY, WORK) == failed


def test_transitions_that_make_no_sense_are_refused(ledger: SqlLedger, make_info: Info) -> None:
    ledger.open_case(make_info())
    with pytest.raises(CaseConflict, match="work c/0/0 was never wanted"):
        ledger.submitted(KEY, {})
    with pytest.raises(CaseConflict, match="work c/0/0 was never wanted"):
        ledger.settle(KEY, RESULT)
    ledger.intend(KEY, WORK, "local")
    ledger.settle(KEY, RESULT)
    with pytest.raises(CaseConflict, match="is settled: it cannot be submitted again"):
        ledger.submitted(KEY, {"pid": 18})
    with pytest.raises(CaseConflict, match="is settled with another result"):
        ledger.settle(KEY, RawResult(JobState.DONE, {"y": 3}))


def test_a_key_that_was_used_for_other_work_is_a_conflict(ledger: SqlLedger, make_info: Info) -> None:
    ledger.open_case(make_info())
    ledger.intend(KEY, WORK, "local")
    ledger.submitted(KEY, {"pid": 17})
    other = LocalCall("a:b", {"x": 2})
    message = f"work c/0/0: expected digest {WORK.digest[:12]} as recorded, got {other.digest[:12]}"
    with pytest.raises(CaseConflict, match=message):
        ledger.intend(KEY, other, "local")
    with pytest.raises(CaseConflict, match=message):
        ledger.find_result(KEY, other)


def test_work_that_no_machine_took_gives_way_to_work_that_asks_for_no_more(
    ledger: SqlLedger, make_info: Info
) -> None:
    ledger.open_case(make_info())
    wide, narrow = (MpiProgram("a:b", resources=Resources(ranks=ranks)) for ranks in (64, 2))
    ledger.intend(KEY, wide, "slurm")
    ledger.submitted(KEY, {"tag": "t"})
    ledger.refuse(KEY, "at most 4 ranks")
    assert (ledger.find_handle(KEY), ledger.find_result(KEY, narrow)) == (None, None)
    ledger.intend(KEY, narrow, "slurm")
    assert ledger.find_work(KEY).digest == narrow.digest
    kinds = [event["kind"] for event in ledger.events("c")]
    assert kinds[-2:] == ["work.refused", "work.wanted"]
    assert ledger.verify()
    with pytest.raises(
        CaseConflict, match=r"differs in .*ranks \(2 recorded, 64 now\).*more than was decided"
    ):
        ledger.intend(KEY, wide, "slurm")
    ledger.lose(KEY, Lost("the node died", Amounts()))  # something was sent
    with pytest.raises(CaseConflict, match="set it back, or start a new case"):
        ledger.intend(KEY, MpiProgram("a:b", resources=Resources(ranks=1)), "slurm")


def test_what_ran_in_an_attempt_is_rebuilt_in_order(ledger: SqlLedger, make_info: Info) -> None:
    ledger.open_case(make_info())
    for ordinal in (1, 0, 2):
        ledger.intend(WorkKey("c", 0, ordinal), LocalCall("a:b", {"x": ordinal}), "local")
    for ordinal in (1, 0):
        ledger.settle(WorkKey("c", 0, ordinal), RawResult(JobState.DONE, {"y": ordinal}))
    done = ledger.works("c", 0)
    assert [(one.work.to_json()["params"]["x"], one.result.values["y"]) for one in done] == [(0, 0), (1, 1)]


def test_a_result_whose_bytes_are_damaged_is_a_corrupt_record(
    ledger: SqlLedger, store: FileStore, make_info: Info
) -> None:
    ledger.open_case(make_info())
    ledger.intend(KEY, WORK, "local")
    ledger.settle(KEY, RESULT)
    path = store.path(RESULT.files["out"].digest)
    path.chmod(0o644)
    path.write_bytes(b"0utput")
    with pytest.raises(CorruptRecord):
        ledger.find_result(KEY, WORK)
