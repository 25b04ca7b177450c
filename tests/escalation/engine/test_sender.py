"""Work that somebody sent and another finds: followed while it may run, else lost and made anew."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from escalation.engine.opening import prepare
from escalation.engine.performing import perform
from escalation.engine.running import Running
from escalation.engine.runtime import Runtime
from escalation.engine.steps import Item
from escalation.model.calibration import Calibration, DeviceKind
from escalation.model.case import WorkKey
from escalation.model.clock import ProcessIdentity, this_process
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.problem import Problem, Target
from escalation.model.quote import Quote
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.policy.policy import parse_policy
from escalation.ports.machines import DurableBackend, Progress

WORK = LocalCall("problems.toy.work:look", {"numbers": [1, 2], "seed": 1, "pause_s": 0})
GOOD = RawResult(JobState.DONE, {"position": 5, "number": 9.0})


class Endless:
    """Work that another sent runs for ever, as far as its handle says; what is sent here ends well."""

    name, kind, scratch = "local", DeviceKind.CLASSICAL, None

    def __init__(self, state: JobState = JobState.RUNNING) -> None:
        self.state, self.waited = state, list[float]()
        self.sent, self.cancelled = list[Work](), list[Any]()

    def estimate(self, work: Work) -> Quote:
        return Quote()

    def calibration(self) -> Calibration | None: ...

    def available(self) -> bool:
        return True

    def queue_s(self) -> float:
        return 0.0

    def submit(self, work: Work, folder: Path) -> dict[str, Any]:
        self.sent.append(work)
        return {"job": "mine"}

    def wait(self, handle: Mapping[str, Any], timeout_s: float) -> Progress:
        if handle["job"] == "mine":
            return Progress(JobState.DONE)
        self.waited.append(timeout_s)
        return Progress(self.state if len(self.waited) < 3 else JobState.DONE)

    def result(self, handle: Mapping[str, Any]) -> RawResult:
        return replace(GOOD, provenance={"from": handle["job"]})

    def cancel(self, handle: Mapping[str, Any]) -> None:
        self.cancelled.append(handle["job"])

    def close(self) -> None: ...


@pytest.fixture
def found(runtime: Runtime, policy_text: str) -> Callable[[Endless, Mapping[str, Any]], RawResult]:
    """Takes a case up in which somebody sent work; returns the work's result."""
    problem = Problem(
        family="toy", instance={"numbers": [3, 1], "reach": 1}, target=Target(metric="number", at_least=9)
    )
    case = prepare(problem, parse_policy(policy_text), case_id="c")
    runtime.ledger.open_case(case.info)

    def take_up(machine: Endless, sender: Mapping[str, Any]) -> RawResult:
        runtime._backends["local"] = machine
        item = Item(WorkKey("c", 0, 0), WORK, "local", Quote(), None, "hpc/look")
        runtime.ledger.intend(item.key, item.work, item.backend)
        runtime.ledger.submitted(item.key, {"job": "theirs", **sender})
        return perform(Running(runtime, case), item)

    return take_up


def sender(**changes: Any) -> dict[str, Any]:
    return {"sender": {**this_process().to_json(), "host": "node7", **changes}}


@pytest.mark.parametrize(
    ("of", "said"),
    [
        ({"boot": "another"}, "on node7, which sent it, cannot be seen from here, and has lost the case"),
        ({"namespace": 1}, "on node7, which sent it, cannot be seen from here, and has lost the case"),
        ({"started": 1}, "on node7, which sent it, is gone"),
    ],
)
def test_work_of_a_process_that_is_not_here_is_lost_and_made_anew(
    runtime: Runtime, found: Any, of: Mapping[str, Any], said: str
) -> None:
    machine = Endless()
    result = found(machine, sender(**of))
    assert result.provenance == {"from": "mine"}
    assert machine.waited == [0.0]  # asked once, and not waited for
    assert machine.cancelled == ["theirs"]
    assert [said in lost.error for lost in result.lost] == [True]
    kinds = [event["kind"] for event in runtime.ledger.events("c") if event["kind"].startswith("work.")]
    assert kinds == ["work.wanted", "work.submitted", "work.lost", "work.submitted", "work.settled"]


def test_work_that_nobody_says_to_have_sent_is_lost_too(found: Any) -> None:
    assert [lost.error for lost in found(Endless(), {}).lost] == ["lost: nobody knows who sent it"]


def test_work_that_ended_before_its_sender_went_is_taken(found: Any) -> None:
    machine = Endless(JobState.DONE)
    assert found(machine, sender(boot="another")).provenance == {"from": "theirs"}
    assert machine.sent == []


class Lasting(Endless):
    """The same, where work survives its sender."""

    def submit(self, work: Work, folder: Path, tag: str) -> dict[str, Any]:  # type: ignore[override]
        raise AssertionError("expected what was sent to be followed")

    def find(self, tag: str) -> None: ...


def test_work_that_survives_its_sender_is_followed_from_anywhere(found: Any) -> None:
    machine = Lasting()
    assert isinstance(machine, DurableBackend)
    assert found(machine, sender(boot="another")).provenance == {"from": "theirs"}
    assert len(machine.waited) == 3


@pytest.fixture
def other() -> Iterator[Mapping[str, Any]]:
    """Another process of this machine."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield {"sender": ProcessIdentity.of(child.pid).to_json()}
    child.communicate(b"\n")


def test_work_of_another_process_that_is_seen_to_live_is_followed(
    found: Any, other: Mapping[str, Any]
) -> None:
    machine = Endless()
    assert found(machine, other).provenance == {"from": "theirs"}
    assert len(machine.waited) == 3


def test_who_lives_and_ends_nothing_is_not_waited_for_beyond_the_time_limit(
    found: Any, other: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("escalation.engine.sender.PATIENCE_S", -WORK.resources.wall_s - 1.0)
    result = found(Endless(), other)
    assert result.provenance == {"from": "mine"}
    assert ["has lost the case, and ends nothing" in lost.error for lost in result.lost] == [True]
