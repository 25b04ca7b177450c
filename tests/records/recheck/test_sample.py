"""A sample of ended cases is verified again from real records: what differs is named, the ledger knows."""

import os
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.model.errors import BadInput
from escalation.model.problem import Problem, Target
from escalation.policy.policy import parse_policy
from escalation.ports.configuration import settings
from records.recheck.log import samples, tries
from records.recheck.process import checking
from records.recheck.report import CheckResult
from records.recheck.sample import recheck
from records.recheck.worker import checked
from records.runtime import open_records, open_runtime

POLICY = """\
policy: little
summary: for tests
tiers: [ai]
backends: {local_call: local, mpi_program: mpi, circuit_batch: aer}
"""


def case(name: str, at_least: int) -> None:
    """Solves a toy problem; 3 is reached, 10 is not."""
    target = Target(metric="number", at_least=at_least)
    problem = Problem(family="toy", instance={"numbers": [3, 1, 9]}, target=target, seed=4)
    with open_runtime() as runtime:
        solve(runtime, prepare(problem, parse_policy(POLICY), name))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Records with two ended cases, for the file's tests."""
    home = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIERWISE_HOME", str(home))
        patch.setenv("TIERWISE_TRACKING", "off")
        settings.cache_clear()
        case("first", at_least=3)
        case("second", at_least=10)
        yield home
    settings.cache_clear()


def test_without_ended_cases_there_is_nothing_and_nothing_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIERWISE_HOME", str(tmp_path))
    settings.cache_clear()
    made = recheck()
    settings.cache_clear()
    assert (made.ended, made.checked, made.promise) == (0, (), "")
    assert made.said == "no case is over yet: there is nothing to verify again"


def test_the_ledger_knows_what_was_verified_and_the_next_sample_goes_on_with_the_others(kept: Path) -> None:
    told: list[str] = []
    made = recheck(1, seed="2000-01-01", told=told.append)
    [each] = made.checked
    assert (each.case_id, each.result, each.certificates, each.why) == ("first", CheckResult.SAME, 1, "")
    assert told == ["1 of 1: case first"]
    assert (made.ended, made.nights, made.said) == (2, 2, "of 2 ended cases 1 as recorded")
    assert [each.case_id for each in recheck(1).checked] == ["second"]
    assert [each.case_id for each in recheck(1).checked] == ["first"]
    with open_records() as (ledger, _):
        logged, known = samples(ledger), tries(ledger)
        [event] = [each for each in ledger.events("checks/replay") if each["body"]["seed"] == "2000-01-01"]
        assert ledger.findings() == ()
    assert event["body"]["results"] == {"first": "as recorded"}
    assert [each.looked_at for each in logged] == ["1 of 2 cases"] * 3
    assert known.tried == known.verified == {"first": logged[2].at, "second": logged[1].at}


@pytest.fixture
def changed(kept: Path) -> Iterator[None]:
    """The certificate of `first` says another value, as somebody with a SQL shell can make it."""
    with sqlite3.connect(kept / "ledger.db") as connection:
        [(before,)] = connection.execute("SELECT attempt FROM attempts WHERE case_id = 'first'")
        after = before.replace('"estimate":3.0', '"estimate":2.5')
        assert after != before
        connection.execute("UPDATE attempts SET attempt = ? WHERE case_id = 'first'", [after])
    yield
    with sqlite3.connect(kept / "ledger.db") as connection:
        connection.execute("UPDATE attempts SET attempt = ? WHERE case_id = 'first'", [before])


def test_what_comes_out_otherwise_is_named_with_the_command_and_without_its_values(
    changed: None, kept: Path
) -> None:
    made = recheck(20)
    [different] = made.different
    assert (different.case_id, different.why) == ("first", "certificate of attempt 0, estimate")
    assert made.said == (
        "1 of 2 cases verified again does not come out as recorded: first (certificate of attempt 0, "
        "estimate); look with `tierwise replay first --all`"
    )
    with open_records() as (ledger, _):
        assert samples(ledger)[-1].findings == ("first: certificate of attempt 0, estimate",)


def test_bytes_that_are_gone_are_a_finding(kept: Path) -> None:
    with open_records() as (ledger, _):
        named = sorted(ledger.digests())
    hidden = {path: path.read_bytes() for path in (kept / "store").rglob("*") if path.name in named}
    assert hidden
    for path in hidden:
        path.unlink()
    try:
        assert {each.result for each in recheck(20).checked} == {CheckResult.DIFFERENT}
    finally:
        for path, data in hidden.items():
            path.write_bytes(data)


def test_what_takes_too_long_is_left_and_comes_after_the_others_next_time(kept: Path) -> None:
    made = recheck(20, minutes_a_case=1e-6)
    assert [each.result for each in made.checked] == [CheckResult.UNFINISHED] * 2
    assert made.unclear == made.checked
    with open_records() as (ledger, _):
        known = tries(ledger)
    assert all(known.tried[name] > known.verified[name] for name in ("first", "second"))


def test_a_process_that_dies_takes_one_case_with_it_and_the_next_has_a_new_one(kept: Path) -> None:
    with checking() as process:
        assert process.check("first", 120)["result"] == CheckResult.SAME
        assert process._process is not None
        os.killpg(process._process.pid, signal.SIGKILL)
        process._process.wait()
        died = process.check("first", 120)
        assert (died["result"], died["why"]) == (
            CheckResult.UNCLEAR,
            "the process that verified it was ended by signal 9",
        )
        assert process.check("first", 120)["result"] == CheckResult.SAME
        last = process._process
        assert last is not None
    assert last.poll() == -signal.SIGKILL


@pytest.mark.parametrize(
    "wrong", [{"size": 0}, {"minutes": 0}, {"minutes": float("nan")}, {"minutes_a_case": -1}]
)
def test_a_number_that_is_none_is_a_line(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="expected a number above 0, got"):
        recheck(**wrong)  # type: ignore[arg-type]


def test_a_case_that_cannot_be_opened_any_more_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(case_id: str) -> None:
        raise BadInput(f"case {case_id} cannot be opened again: no family of that name")

    monkeypatch.setattr("records.recheck.worker.replayed", refused)
    why = "case first cannot be opened again: no family of that name"
    assert checked("first") == {"result": CheckResult.UNCLEAR, "why": why}
