"""Random lives of a hand-off: workers, crashes, zombies, faults, persons, time; never paid twice or unasked.

A real ledger, the engine's own steps, and a service in memory that keeps to what the protocol assumes: a
closed batch rejects a POST, and what was accepted is listed within the settling time. Everything else may
happen, at any call of ledger, store or service. The default run is short and always the same;
`pytest tests/records/test_handoff_machine.py --hypothesis-profile=long` takes other ways each time.
"""

import itertools
import os
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import create_engine, text

from escalation.case import CaseInfo, WorkKey
from escalation.errors import BackendError, BadInput, TierwiseError
from escalation.handoff import person
from escalation.handoff.handing import Handing
from escalation.handoff.model import Approval, ApprovalState, Handoff, Limit, Period, RemoteJob
from escalation.handoff.states import HandoffState
from escalation.handoff.steps import STEPS
from escalation.identity import digest_json
from escalation.policy import HandoffRules
from escalation.problem import Budget, Problem, Target
from escalation.settings import Settings
from escalation.testing.model_service import CHARGE_S, ModelBackend, ModelService
from escalation.work import JobState, LocalCall
from records.ledger import SqlLedger
from records.store import FileStore

S = HandoffState
CASE = "c"
KEYS = (WorkKey(CASE, 0, 0), WorkKey(CASE, 0, 1))
ASKED_ABOUT = KEYS[1]
WORKS = {key: LocalCall("a:b", {"n": key.ordinal}) for key in KEYS}
ROOM = Budget(qpu_s=7.0)
"""Not enough for two caps of 4 s, enough for a bill of 3 s and a cap."""
PROJECT_ROOM = Limit(project="p", period=Period.TOTAL, usd=12.8)
SETTLE_S, PATIENCE_S = 60.0, 60.0
FAULTS = {
    "send": ("before", "after", "late", "later", "never"),
    "open_fence": ("before", "after"),
    "close_fence": ("before", "after", "down"),
    "find": ("before", "down"),
    "look": ("before",),
    "fetch": ("before", "garbage"),
    "usage": ("before",),
    "calibration_for": ("before",),
    "cancel_job": ("before",),
}


IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""No power cut is tested here, so that there need be no waiting for disks."""


class Killed(BaseException):
    """What SIGKILL is to a process."""


@dataclass
class Clock:
    """Time that passes when the test says so."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


@dataclass
class TimedService(ModelService):
    """The model service by the clock: jobs are listed, run and charged after seconds, not after calls."""

    clock: Clock = field(default_factory=Clock)
    lag_s: float = 0.0
    late_s: float = 0.0
    queue_s: float = 0.0
    bill_s: float = 0.0
    accepted_at: dict[str, float] = field(default_factory=dict)
    under_way: list[tuple[float, Sequence[str], str]] = field(default_factory=list)

    def word(self, verb: str) -> str:
        self.arrive()
        return super().word(verb)

    def arrive(self) -> None:
        """POSTs whose senders gave up reach the service, which takes them if their batch is open."""
        for each in list(self.under_way):
            at_s, tags, fence = each
            if at_s <= self.clock.now:
                self.under_way.remove(each)
                if self.fences.get(fence):
                    self.accept(tags, fence)

    def accept(self, tags: Sequence[str], fence: str) -> RemoteJob:
        made = super().accept(tags, fence)
        self.accepted_at[made.job_id] = self.clock.now
        return made

    def post_late(self, tags: Sequence[str], fence: str) -> None:
        self.under_way.append((self.clock.now + self.late_s, tags, fence))

    def listed(self) -> list[RemoteJob]:
        return [job for name, job in self.jobs.items() if self._age(name) >= self.lag_s]

    def poll(self, job_id: str) -> RemoteJob:
        job = self.jobs[job_id]
        if not job.state.final and self._age(job_id) >= self.queue_s:
            self.jobs[job_id] = job.model_copy(update={"state": JobState.DONE})
        return self.jobs[job_id]

    def usage(self, job_id: str) -> float | None:
        if self._age(job_id) < self.queue_s + self.bill_s:
            return None
        return 0.0 if self.jobs[job_id].state is JobState.CANCELLED else CHARGE_S

    def with_tag(self, tag: str) -> list[RemoteJob]:
        return [job for job in self.jobs.values() if tag in job.tags]

    def _age(self, job_id: str) -> float:
        return self.clock.now - self.accepted_at[job_id]


class Gate:
    """Where a worker is killed, or stalls until somebody lets it go on: at call number `at`."""

    def __init__(self, mode: str, at: int) -> None:
        self._mode, self._at, self._calls = mode, at, itertools.count()
        self.halted = threading.Event()
        self._go_on = threading.Event()
        self._dies = False

    def pass_by(self) -> None:
        if self._mode == "run" or next(self._calls) != self._at:
            return
        if self._mode == "stall":
            self.halted.set()
            assert self._go_on.wait(PATIENCE_S)
        if self._mode == "kill" or self._dies:
            raise Killed

    def open(self, dies: bool) -> None:
        self._dies = dies
        self._go_on.set()


class Gated:
    """Passes calls on, through a gate before and after each."""

    def __init__(self, real: Any, gate: Gate) -> None:
        self._real, self._gate = real, gate

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if not callable(found):
            return found

        def call(*args: Any, **named: Any) -> Any:
            self._gate.pass_by()
            done = found(*args, **named)
            self._gate.pass_by()
            return done

        return call


class World:
    """What all workers share: the ledger's database, the store, the service, the clock."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.service = TimedService(clock=self.clock)
        self.settings = Settings(home=folder, settle_s=SETTLE_S, poll_s=1, project="p")
        self.store = FileStore(self.settings.store)
        self.ledger = SqlLedger(self.settings.ledger, self.store)
        self.ledger.set_limit(PROJECT_ROOM)
        self.engine = create_engine(self.settings.ledger)
        self._questions = itertools.count()

    def begin(self) -> None:
        problem = Problem(family="toy", instance={}, target=Target(metric="m", at_least=1))
        digests = {name: digest_json(name) for name in ("problem_digest", "instance_digest", "policy_digest")}
        about = {"instance": {}, "policy_name": "p", "policy_text": "p", "environment": {}}
        self.ledger.open_case(
            CaseInfo.model_validate({"case_id": CASE, "problem": problem, **digests, **about})
        )
        for key, work in WORKS.items():
            self.ledger.intend(key, work, "model")
            self.ledger.want_handoff(key, work.digest, "model", self.clock())
        self.ledger.let_go(CASE)

    def question(self, row: Handoff) -> Approval:
        assert row.price is not None
        names = {
            "case_id": CASE,
            "attempt": 0,
            "ordinal": row.ordinal,
            "approval_id": f"q{next(self._questions)}",
        }
        binds: dict[str, Any] = {"subject": row.payload, "policy": "p", "cap": row.price.cap, "shown": {}}
        now = self.clock()
        return Approval.model_validate({**names, **binds, "asked_at": now, "expires_at": now + 3600})

    def believe_dead(self) -> None:
        """Whoever holds the case's lease does not answer any more, and is taken for dead."""
        with self.engine.begin() as connection:
            connection.execute(text("UPDATE leases SET started_s = started_s - 60"))

    def close(self) -> None:
        self.ledger.close()
        self.engine.dispose()


class Worker:
    """A process that drives hand-offs a step at a time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._thread: threading.Thread | None = None
        self._gate = Gate("run", 0)
        self._start()

    @property
    def stalled(self) -> bool:
        return self._thread is not None

    def step(self, key: WorkKey, mode: str = "run", at: int = 0) -> float:
        """Takes the next step of a hand-off; returns the seconds until another makes sense."""
        if self.stalled or not self._lease():
            return 0.0
        self._gate = Gate(mode, at)
        if mode != "stall":
            return self._take(key)
        thread = threading.Thread(target=self._take, args=(key,), daemon=True)
        thread.start()
        while thread.is_alive() and not self._gate.halted.wait(0.002):
            thread.join(0.002)
        if self._gate.halted.is_set():
            self._thread = thread
        return 0.0

    def go_on(self, dies: bool = False) -> None:
        """Lets a stalled worker go on with its step, or kills it where it stands."""
        if self._thread is not None:
            self._gate.open(dies)
            self._thread.join(PATIENCE_S)
            assert not self._thread.is_alive()
            self._thread = None

    def crash(self) -> None:
        """Kills the worker; another process takes its place."""
        self.go_on(dies=True)
        self._ledger.close()
        self._start()

    def close(self) -> None:
        self.go_on(dies=True)
        self._ledger.close()

    def _start(self) -> None:
        self._ledger = SqlLedger(self.world.settings.ledger, self.world.store)
        self._holds = False
        self._since = self.world.clock()

    def _lease(self) -> bool:
        if not self._holds:
            with suppress(BadInput):
                self._ledger.take_over(CASE)
                self._holds = True
        return self._holds

    def _take(self, key: WorkKey) -> float:
        try:
            handing = self._handing(key)
            row = handing.ledger.find_handoff(key)
            assert row is not None
            if row.state.final or row.state is S.PARKED:
                return 0.0
            return STEPS[row.state][1](handing, row).nap_s
        except Killed:
            self._ledger.close()
            self._start()
        except BadInput:  # the lease is somebody else's, or the hand-off was moved meanwhile
            self._holds = False
            self._ledger.close()
            self._start()
        except BackendError as error:
            if not error.retry:
                raise
        return 1.0

    def _handing(self, key: WorkKey) -> Handing:
        return Handing(
            ledger=Gated(self._ledger, self._gate),
            store=Gated(self.world.store, self._gate),
            backend=Gated(ModelBackend(self.world.service), self._gate),
            work=WORKS[key],
            rules=HandoffRules(),
            settings=self.world.settings,
            clock=self.world.clock,
            stop=threading.Event(),
            limit=ROOM,
            since=self._since,
            question=self.world.question if key == ASKED_ABOUT else None,
        )


keys = st.sampled_from(KEYS)
workers = st.integers(0, 2)
ENDS: Counter[HandoffState] = Counter()
"""How the hand-offs of all runs ended."""


class HandoffMachine(RuleBasedStateMachine):
    """Rules are what may happen next; invariants hold after each."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="tierwise-machine-", dir=IN_MEMORY)
        self.world = World(Path(self.folder.name))
        self.world.begin()
        self.workers = [Worker(self.world) for _ in range(3)]

    @property
    def ledger(self) -> SqlLedger:
        return self.world.ledger

    def row(self, key: WorkKey) -> Handoff:
        found = self.ledger.find_handoff(key)
        assert found is not None
        return found

    @initialize(
        lag_s=st.sampled_from([0.0, 20.0, SETTLE_S - 1]),
        late_s=st.sampled_from([5.0, 100.0, 2000.0]),
        queue_s=st.sampled_from([0.0, 10.0, 400.0]),
        bill_s=st.sampled_from([0.0, 30.0, 2000.0]),
    )
    def is_like_that(self, lag_s: float, late_s: float, queue_s: float, bill_s: float) -> None:
        service = self.world.service
        service.lag_s, service.late_s, service.queue_s, service.bill_s = lag_s, late_s, queue_s, bill_s

    @rule(who=workers, key=keys, times=st.integers(1, 6))
    def works(self, who: int, key: WorkKey, times: int) -> None:
        for _ in range(times):
            self.world.clock.now += self.workers[who].step(key)

    @rule(who=workers, key=keys, at=st.integers(0, 15))
    def is_killed_at_work(self, who: int, key: WorkKey, at: int) -> None:
        self.workers[who].step(key, "kill", at)

    @rule(who=workers, key=keys, at=st.integers(0, 15))
    def stalls_and_is_taken_for_dead(self, who: int, key: WorkKey, at: int) -> None:
        self.workers[who].step(key, "stall", at)
        self.world.believe_dead()

    @rule(who=workers)
    def goes_on_as_if_nothing_had_happened(self, who: int) -> None:
        self.workers[who].go_on()

    @rule(who=workers)
    def crashes(self, who: int) -> None:
        self.workers[who].crash()

    @rule(seconds=st.sampled_from([1.0, 10.0, 61.0, 301.0, 700.0, 4000.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.clock.now += seconds

    @rule(fault=st.sampled_from([(verb, word) for verb, words in FAULTS.items() for word in words]))
    def something_will_fail(self, fault: tuple[str, str]) -> None:
        self.world.service.faults.setdefault(fault[0], []).append(fault[1])

    @rule()
    def the_service_recovers(self) -> None:
        self.world.service.faults.clear()

    @rule(granted=st.booleans())
    def a_person_answers(self, granted: bool) -> None:
        for asked in self.ledger.approvals():
            with suppress(BadInput):
                now = self.world.clock()
                self.ledger.answer(asked.approval_id, granted=granted, by="Ada", reason="no", now=now)

    @rule(key=keys, what=st.sampled_from(["park", "look", "adopt", "cancel"]))
    def a_person_acts(self, key: WorkKey, what: str) -> None:
        row, who = self.row(key), person.Person("Ada", self.world.clock())
        backend = ModelBackend(self.world.service)
        acts: dict[str, Callable[[], Any]] = {
            "park": lambda: person.park(self.ledger, row, who),
            "look": lambda: person.look(self.ledger, row, who),
            "adopt": lambda: self._adopt(row, who),
            "cancel": lambda: person.cancel(self.ledger, row, who, lambda name: backend),
        }
        with suppress(TierwiseError):
            acts[what]()

    def _adopt(self, row: Handoff, who: person.Person) -> None:
        for job in self.world.service.with_tag(row.tag)[:1]:
            person.adopt(self.ledger, ModelBackend(self.world.service), row, job.job_id, who)

    @invariant()
    def nothing_is_paid_twice_or_unasked(self) -> None:
        self._check_jobs()
        self._check_budgets()

    def _check_jobs(self) -> None:
        used = [each.key for each in self.ledger.approvals() if each.state is ApprovalState.USED]
        for row in self.ledger.handoffs():
            jobs = self.world.service.with_tag(row.tag)
            assert len(jobs) <= 1
            assert not jobs or row.state is not S.REFUSED
            assert not jobs or row.key != ASKED_ABOUT or used == [ASKED_ABOUT]

    def _check_budgets(self) -> None:
        reserved, spent = self.ledger.spending("p", Period.TOTAL, 0.0)
        assert ROOM.qpu_s is not None
        assert reserved.qpu_s + spent.qpu_s <= ROOM.qpu_s
        assert PROJECT_ROOM.usd is not None
        assert reserved.usd + spent.usd <= PROJECT_ROOM.usd
        charged_s = CHARGE_S * len(self.world.service.paid)
        assert charged_s <= reserved.qpu_s + spent.qpu_s  # what runs is paid for out of a budget

    def teardown(self) -> None:
        try:
            self._bring_to_an_end()
            for worker in self.workers:  # whoever still stalls comes too late
                worker.go_on()
            self.world.clock.now += 10_000
            self.world.service.arrive()
            self.nothing_is_paid_twice_or_unasked()
            self._check_ends()
            self.ledger.verify()
        finally:
            for worker in self.workers:
                worker.close()
            self.world.close()
            self.folder.cleanup()

    def _bring_to_an_end(self) -> None:
        """The service is well again, and somebody looks after everything: all of it must come to an end."""
        self.world.service.faults.clear()
        self.world.believe_dead()
        last = Worker(self.world)
        for _ in range(400):
            rows = [row for row in map(self.row, KEYS) if not row.state.final]
            if not rows:
                break
            for row in rows:
                if row.state is S.PARKED:
                    person.look(self.ledger, row, person.Person("Ada", self.world.clock()))
                elif row.state is S.ASKED:
                    self.a_person_answers(True)
                self.world.clock.now += 20.0 + last.step(row.key)
        last.close()
        assert [row.state for row in map(self.row, KEYS) if not row.state.final] == []

    def _check_ends(self) -> None:
        for row in map(self.row, KEYS):
            ENDS[row.state] += 1
            jobs = self.world.service.with_tag(row.tag)
            if row.state is S.DONE:
                assert [job.job_id for job in jobs] == [row.job_id]
                assert self.ledger.find_result(row.key, WORKS[row.key]) is not None


SHORT = settings(
    max_examples=20,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    print_blob=False,
    database=None,
    phases=[Phase.generate],
)


def test_no_life_of_a_hand_off_pays_twice_or_unasked_and_every_one_ends() -> None:
    long = settings.get_current_profile_name() == "long"
    run_state_machine_as_test(HandoffMachine, settings=settings() if long else SHORT)
    assert set(ENDS) == {S.DONE, S.REFUSED, S.CANCELLED}
