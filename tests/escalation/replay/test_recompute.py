"""Free work is run again, what is paid for never is, and what cannot be had again has said so before."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from escalation.engine.case import Case
from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.engine.runtime import Runtime
from escalation.inputs.settings import Settings
from escalation.model.calibration import DeviceKind
from escalation.model.errors import BackendError
from escalation.model.job_state import JobState
from escalation.model.problem import Problem
from escalation.model.quote import Quote
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.policy.policy import parse_policy
from escalation.ports.configuration import settings
from escalation.ports.machines import Progress
from escalation.replay.replay import replay
from escalation.replay.report import Mode, Replay
from escalation.testing.model_backend import ModelBackend
from escalation.testing.model_service import ModelService
from tests.escalation.replay.conftest import Copy, made, opened

PAID = """\
policy: paid
summary: The quantum tier alone, and a person decides on money.
tiers: [quantum]
backends: {circuit_batch: aer}
approvals:
  - id: money
    tier: quantum
    because: A person decides on money.
    unless: {fact: quote.usd, at_most: 1 USD}
submission: {wait_s: 5}
"""
LOT = "its numbers are drawn by lot"


@dataclass
class Oracle:
    """A machine that says which position holds the largest number, whatever it is asked."""

    irreproducible: str = ""
    position: int = 5
    number: float = 9.0
    name: str = "local"
    kind: DeviceKind = DeviceKind.CLASSICAL
    state: JobState = JobState.DONE
    asked: list[Work] = field(default_factory=list)

    def estimate(self, work: Work) -> Quote:
        return Quote()

    def submit(self, work: Work, folder: Path) -> dict[str, Any]:
        self.asked.append(work)
        return {"job": len(self.asked)}

    def wait(self, handle: Mapping[str, Any], timeout_s: float) -> Progress:
        return Progress(self.state)

    def result(self, handle: Mapping[str, Any]) -> RawResult:
        return RawResult(self.state, {"position": self.position, "number": self.number})

    def close(self) -> None: ...


@dataclass
class PricedOracle(Oracle):
    """One whose cores have a price."""

    charges = True
    usd: float = 1.0

    def price_usd(self, needs: Any) -> float:
        return self.usd


@dataclass
class Full(Oracle):
    """A machine that takes no work."""

    def submit(self, work: Work, folder: Path) -> dict[str, Any]:
        raise BackendError("its disk is full")


@contextmanager
def with_machine(home: Path, spec: str, machine: Any) -> Iterator[Runtime]:
    with opened(home) as runtime:
        runtime._backends[spec] = machine
        yield runtime


def recomputed(home: Path, case_id: str, elsewhere: Path, spec: str = "", machine: Any = None) -> Replay:
    """The replay of a case of one home, its work run again in another, there on a machine of ours if any."""
    with opened(home) as runtime, opened(elsewhere) as scratch:
        if machine is not None:
            scratch._backends[spec] = machine
        return replay(runtime.ledger, runtime.store, case_id, scratch)


def test_work_that_is_run_again_comes_out_the_same_and_leaves_the_record_alone(
    ended: Path, tmp_path: Path
) -> None:
    before = (ended / "ledger.db").read_bytes()
    report = recomputed(ended, "accepted", tmp_path)
    assert (report.same, report.mode, report.works, report.run_again) == (True, Mode.RECOMPUTE, 2, 2)
    assert (report.not_run_again, report.stated) == ((), ())
    assert (ended / "ledger.db").read_bytes() == before


def test_a_result_that_comes_out_otherwise_is_named_before_what_follows_from_it(
    copy: Copy, tmp_path: Path
) -> None:
    report = recomputed(copy.home, "accepted", tmp_path, "local", Oracle())
    first, *others = report.differences
    assert first.step == "result of work 0 of attempt 0, run again"
    assert "candidate of attempt 0" in [each.step for each in others]


@pytest.mark.parametrize(("at_least", "good"), [(5.0, True), (9.0, False)])
def test_what_cannot_be_had_again_said_so_before_and_is_compared_by_its_certificate(
    copy: Copy, tmp_path: Path, at_least: float, good: bool
) -> None:
    """Recorded 9, certified; again 6: that reaches a target of 5 as well, and none of 9."""
    with with_machine(copy.home, "local", Oracle(irreproducible=LOT)) as runtime:
        outcome = solve(runtime, made("lot", at_least))
    assert (outcome.status, outcome.decisions[0].irreproducible) == ("accepted", LOT)
    assert copy.replayed("lot").same
    report = recomputed(copy.home, "lot", tmp_path, "local", Oracle(LOT, position=7, number=6.0))
    assert report.same is good
    found = "CERTIFIED 6: no worse" if good else "BOUNDED 6: WORSE"
    assert report.stated == (f"attempt 0, ai/two_looks: {LOT}; recorded CERTIFIED 9, now {found}",)
    steps = [each.step for each in report.differences]
    assert steps == ([] if good else ["certificate of attempt 0, run again"])


def test_an_attempt_that_failed_is_replayed_as_the_failure_that_it_was(copy: Copy, tmp_path: Path) -> None:
    with with_machine(copy.home, "local", Oracle(state=JobState.FAILED)) as runtime:
        outcome = solve(runtime, made("failed", 9))
    assert (outcome.status, outcome.attempts[0].status) == ("abstained", "failed")
    assert copy.replayed("failed").same
    assert recomputed(copy.home, "failed", tmp_path, "local", Oracle(state=JobState.FAILED)).same
    first, *_ = recomputed(copy.home, "failed", tmp_path / "2", "local", Oracle()).differences
    assert (first.step, first.what) == ("result of work 0 of attempt 0, run again", "state")


def test_work_that_its_time_limit_ended_is_taken_from_the_record(copy: Copy, tmp_path: Path) -> None:
    report = recomputed(copy.home, "accepted", tmp_path, "local", Oracle(state=JobState.TIMED_OUT))
    assert report.same
    assert len(report.not_run_again) == 2
    assert "here its time limit ended it" in report.not_run_again[0]


def test_work_that_the_machine_here_does_not_take_is_taken_from_the_record(
    copy: Copy, tmp_path: Path
) -> None:
    report = recomputed(copy.home, "accepted", tmp_path, "local", Full())
    assert (report.same, report.run_again) == (True, 0)
    assert "was not taken by local: its disk is full" in report.not_run_again[0]


@pytest.mark.parametrize(
    ("usd", "status", "rule"), [(5.0, "accepted", "order"), (0.5, "refused", "floor_price")]
)
def test_a_case_on_a_machine_whose_cores_have_a_price_is_replayed_and_not_run_again(
    copy: Copy, tmp_path: Path, usd: float, status: str, rule: str
) -> None:
    with with_machine(copy.home, "local", PricedOracle()) as runtime:
        outcome = solve(runtime, made("priced", 9, wall_s=600, usd=usd))
    assert (outcome.status, outcome.decisions[0].rule) == (status, rule)
    report = copy.replayed("priced")
    assert report.same
    assert "budget.usd_left" in report.facts_taken
    asked = PricedOracle()
    again = recomputed(copy.home, "priced", tmp_path, "local", asked)
    assert (again.same, again.run_again, asked.asked) == (True, 0, [])


def test_a_case_recorded_with_other_ranks_asks_for_the_same_work_again(
    copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the settings here say of ranks is for cases that begin here."""
    problem = made("ranks", 9).problem
    policy = "{policy: scan, summary: s, tiers: [hpc], backends: {mpi_program: mpi}, methods: {toy: [scan]}}"
    monkeypatch.setenv("TIERWISE_RANKS", "3")
    settings.cache_clear()
    with with_machine(copy.home, "mpi", Oracle(name="mpi")) as runtime:
        assert solve(runtime, prepare(problem, parse_policy(policy), "ranks")).status == "accepted"
        (done,) = runtime.ledger.works("ranks", 0)
    assert done.work.resources.ranks == 3
    monkeypatch.delenv("TIERWISE_RANKS")
    settings.cache_clear()
    assert settings().ranks == 2
    assert copy.replayed("ranks").differences == ()


def paid_case() -> Case:
    problem = Problem.model_validate(
        {
            "family": "toy",
            "instance": {"numbers": [3, 1, 4, 1, 5, 9, 2, 6], "reach": 3},
            "target": {"metric": "number", "at_least": 9},
            "budget": {"qpu_s": 10, "usd": 20},
            "data_class": "public",
        }
    )
    return prepare(problem, parse_policy(PAID), "paid")


@pytest.mark.parametrize("granted", [True, False])
def test_paid_work_is_replayed_and_never_sent_again(tmp_path: Path, granted: bool) -> None:
    """Held for a person first; approved it is sent once, denied never."""
    service = ModelService()
    home = tmp_path / "home"
    with opened(home) as runtime:
        runtime.settings = Settings(home=home, settle_s=0, poll_s=0.01)
        runtime._backends["aer"] = ModelBackend(service)
        assert solve(runtime, paid_case()).status == "held"
        (question,) = runtime.ledger.approvals("paid")
        runtime.ledger.answer(question.approval_id, granted=granted, by="eve", reason="", now=runtime.clock())
        outcome = solve(runtime, paid_case())
        assert outcome.status.final
        assert len(service.jobs) == int(granted)
        assert replay(runtime.ledger, runtime.store, "paid").same
    report = recomputed(home, "paid", tmp_path / "other", "aer", ModelBackend(service))
    assert (report.same, report.run_again, report.works) == (True, 0, 1)
    assert "work 0 of attempt 0, on aer: " in report.not_run_again[0]
    assert len(service.jobs) == int(granted)
