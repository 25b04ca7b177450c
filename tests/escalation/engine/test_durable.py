"""Work that outlives who submitted it: named before it is sent, adopted, never sent twice."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from escalation.engine.case import Case
from escalation.engine.executing import execute
from escalation.engine.opening import prepare
from escalation.engine.running import Running
from escalation.engine.runtime import Runtime
from escalation.engine.steps import Item
from escalation.model.calibration import Calibration, DeviceKind
from escalation.model.case import WorkKey
from escalation.model.errors import BackendError, Faulted, Interrupted
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.problem import Problem, Target
from escalation.model.quote import Quote
from escalation.model.report import CHECKPOINT
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.policy.policy import parse_policy
from escalation.ports.machines import DurableBackend, Progress
from records.ledger.ledger import SqlLedger

WORK = LocalCall("problems.toy.work:look", {"numbers": [1, 2], "seed": 1, "pause_s": 0})
KEY = WorkKey("c", 0, 0)


class Died(Exception):
    """Stands for kill -9: after an error of no known kind nothing of the work is ended either."""


class Batch:
    """A machine that keeps what it was sent, and ends it as it is told to."""

    name, kind = "batch", DeviceKind.CLASSICAL
    scratch: Path | None = None

    def __init__(self, *ends: JobState | type[BaseException]) -> None:
        self.ends = list(ends)
        self.sent: list[str] = []
        self.cancelled: list[str] = []
        self.on_submit: Callable[[], None] = lambda: None
        self.on_wait: Callable[[], None] = lambda: None

    def estimate(self, work: Work) -> Quote:
        return Quote()

    def calibration(self) -> Calibration | None:
        return None

    def available(self) -> bool:
        return True

    def queue_s(self) -> float:
        return 0.0

    def submit(self, work: Work, folder: Path, tag: str) -> dict[str, Any]:
        self.sent.append(tag)
        self.on_submit()
        return {"folder": str(folder), "tag": tag, "job": len(self.sent)}

    def find(self, tag: str) -> dict[str, Any] | None:
        return None

    def wait(self, handle: Mapping[str, Any], timeout_s: float) -> Progress:
        self.on_wait()
        end = self.ends[0]
        if isinstance(end, JobState):
            return Progress(end)
        raise self.ends.pop(0)  # type: ignore[misc]

    def result(self, handle: Mapping[str, Any]) -> RawResult:
        state = self.ends.pop(0)
        assert isinstance(state, JobState)
        return RawResult(state, error=None if state is JobState.DONE else "told so")

    def cancel(self, handle: Mapping[str, Any]) -> None:
        self.cancelled.append(handle["tag"])

    def close(self) -> None: ...


@pytest.fixture
def running(runtime: Runtime, policy_text: str) -> Running:
    problem = Problem(
        family="toy", instance={"numbers": [3, 1], "reach": 3}, target=Target(metric="number", at_least=9)
    )
    case: Case = prepare(problem, parse_policy(policy_text), case_id="c")
    runtime.ledger.open_case(case.info)
    runtime.ledger.intend(KEY, WORK, "batch")
    return Running(runtime, case)


ITEM = Item(KEY, WORK, "batch", Quote(), None, "hpc/look")


def test_the_tag_is_in_the_ledger_before_anything_is_sent_and_the_next_driver_follows_it(
    running: Running,
) -> None:
    ledger, batch = running.runtime.ledger, Batch(JobState.DONE)
    assert isinstance(batch, DurableBackend)
    noted: list[Mapping[str, Any] | None] = []

    def die() -> None:
        noted.append(ledger.find_handle(KEY))
        raise Died

    batch.on_submit = die
    with pytest.raises(Died):
        execute(running, ITEM, batch)
    assert noted[0] is not None
    assert noted[0]["tag"] == batch.sent[0] == KEY.tag(ledger.name(), WORK.digest, 0)
    assert Path(noted[0]["folder"]).is_dir()
    assert execute(running, ITEM, batch).ok
    assert (len(batch.sent), batch.cancelled) == (1, [])


def test_every_try_has_a_tag_of_its_own_that_batch_systems_take(running: Running) -> None:
    batch = Batch(JobState.FAULT, JobState.FAULT, JobState.DONE)
    result = execute(running, ITEM, batch)
    assert (result.ok, len(result.lost)) == (True, 2)
    assert len(set(batch.sent)) == 3
    assert all(len(tag) == 15 and tag.replace("-", "").isalnum() and tag[0].isalpha() for tag in batch.sent)


def test_another_ledger_with_a_case_of_that_id_neither_adopts_its_jobs_nor_takes_up_its_checkpoint(
    running: Running, tmp_path: Path, policy_text: str
) -> None:
    """Two homes of one cluster: the jobs' names are the only thing that a batch system knows them by."""
    ledgers = [running.runtime.ledger, SqlLedger(f"sqlite:///{tmp_path}/other.db", running.runtime.store)]
    batch, found = Batch(*6 * [JobState.DONE]), list[bytes | None]()
    shared = batch.scratch = tmp_path / "shared"

    def look() -> None:
        newest = max(shared.rglob("0-0-*"), key=lambda folder: folder.stat().st_mtime_ns)
        checkpoint = newest / CHECKPOINT
        found.append(checkpoint.read_bytes() if checkpoint.exists() else None)
        checkpoint.write_bytes(b"half of it")

    batch.on_submit = look
    for ledger in ledgers:
        runtime = replace(running.runtime, ledger=ledger)
        other = Running(runtime, running.case)
        if ledger is not ledgers[0]:
            ledger.open_case(running.case.info)
            ledger.intend(KEY, WORK, "batch")
        assert execute(other, ITEM, batch).ok
    assert len(set(batch.sent)) == 2
    assert found == [None, None]
    ledgers[1].close()


def test_a_driver_that_is_stopped_cancels_and_one_that_lost_its_case_does_not(running: Running) -> None:
    batch = Batch(JobState.RUNNING)
    batch.on_wait = running.runtime.stop.set
    with pytest.raises(Interrupted):
        execute(running, ITEM, batch)
    assert batch.cancelled == batch.sent
    left = Batch(JobState.RUNNING)
    running.runtime.stop.leave()
    with pytest.raises(Interrupted):
        execute(running, ITEM, left)
    assert left.cancelled == []


def test_a_driver_that_is_stopped_in_the_middle_of_sending_cancels(running: Running) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    batch = Batch(JobState.RUNNING)
    batch.on_submit = stop
    with pytest.raises(KeyboardInterrupt):
        execute(running, ITEM, batch)
    assert batch.cancelled == batch.sent


def test_work_that_the_machine_does_not_take_is_on_record_and_sent_when_the_machine_is_put_right(
    running: Running,
) -> None:
    def refuse() -> None:
        raise BackendError("batch refused the job: no such\nreservation")

    ledger, batch = running.runtime.ledger, Batch(JobState.DONE)
    batch.on_submit = refuse
    with pytest.raises(Faulted, match=r"not taken by batch: .*no such reservation.*TIERWISE_RANKS.*--case c"):
        execute(running, ITEM, batch)
    assert (len(batch.sent), ledger.find_handle(KEY), batch.cancelled) == (1, None, [])
    assert ledger.events("c")[-1]["kind"] == "work.refused"
    batch.on_submit = lambda: None
    assert execute(running, ITEM, batch).ok


def test_work_that_somebody_cancelled_on_the_machine_is_not_sent_again_unasked(running: Running) -> None:
    batch = Batch(JobState.CANCELLED, JobState.DONE)
    with pytest.raises(Faulted, match=r"by somebody: told so. That is a person's decision.*--case c"):
        execute(running, ITEM, batch)
    assert len(batch.sent) == 1
    assert execute(running, ITEM, batch).ok  # taken up again by a person
    assert len(set(batch.sent)) == 2
