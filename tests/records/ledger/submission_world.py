"""A world for random lives of a submission: a service by the clock, a ledger, workers that die stall."""

import itertools
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from escalation.inputs.settings import Settings
from escalation.model.amounts import Caps
from escalation.model.case import CaseInfo, WorkKey
from escalation.model.clock import Instant
from escalation.model.errors import BackendError, BadInput
from escalation.model.identity import digest_json
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.problem import Problem, Target
from escalation.model.submission import Approval, Limit, Period, RemoteJob, Submission
from escalation.model.submission_states import SubmissionState
from escalation.policy.rules import SubmissionRules
from escalation.ports.paid import PaidBackend
from escalation.submission.context import SubmissionContext
from escalation.submission.steps import next_step
from escalation.testing.model_backend import STRATEGIES
from escalation.testing.model_service import CHARGE_S, ModelService, Slot
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore

S = SubmissionState
CASE = "c"
KEYS = (WorkKey(CASE, 0, 0), WorkKey(CASE, 0, 1))
ASKED_ABOUT = KEYS[1]
WORKS = {key: LocalCall("a:b", {"n": key.ordinal}) for key in KEYS}
ROOM = Caps(qpu_s=7.0)
"""Not enough for two caps of 4 s, enough for a bill of 3 s and a cap."""
PROJECT_ROOM = Limit(project="p", period=Period.TOTAL, caps=Caps(usd=12.8))
SETTLE_S, PATIENCE_S = 60.0, 60.0


class Killed(BaseException):
    """What SIGKILL is to a process."""


@dataclass
class Clock:
    """Time that passes when the test says so."""

    now: float = 1_000_000.0
    set_by: float = 0.0
    boot: int = 0

    def __call__(self) -> float:
        """The time of day, which anybody may set."""
        self.now += 0.001
        return self.now + self.set_by

    def instant(self) -> Instant:
        """The clock that nobody can set; after a reboot it begins anew."""
        return Instant(f"boot-{self.boot}", self.now)


@dataclass
class TimedService(ModelService):
    """The model service by the clock: jobs are listed, run and charged after seconds, not after calls."""

    clock: Clock = field(default_factory=Clock)
    lag_s: float = 0.0
    late_s: float = 0.0
    queue_s: float = 0.0
    bill_s: float = 0.0
    accepted_at: dict[str, float] = field(default_factory=dict)
    under_way: list[tuple[float, Sequence[str], Slot, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now = lambda: self.clock.now

    def word(self, verb: str) -> str:
        self.arrive()
        return super().word(verb)

    def arrive(self) -> None:
        """POSTs whose senders gave up reach the service, which takes them if its promise allows it."""
        for each in list(self.under_way):
            at_s, tags, slot, name = each
            if at_s <= self.clock.now:
                self.under_way.remove(each)
                with suppress(BackendError):
                    self.post(tags, slot, name)

    def accept(self, tags: Sequence[str], batch: str | None = None, job_id: str | None = None) -> RemoteJob:
        made = super().accept(tags, batch, job_id)
        self.accepted_at[made.job_id] = self.clock.now
        return made

    def post_late(self, tags: Sequence[str], slot: Slot, name: str) -> None:
        self.under_way.append((self.clock.now + self.late_s, tags, slot, name))

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
    """Where a worker is killed, or stalls until somebody lets it go on.

    Args:
        mode: `run` (through all gates), `kill` or `stall`.
        at: the how manyeth gate that is, or `before NAME`, `after NAME` of a call.
    """

    def __init__(self, mode: str, at: int | str) -> None:
        self._mode, self._at, self._passed = mode, at, itertools.count()
        self.halted = threading.Event()
        self._go_on = threading.Event()
        self._dies = False

    def pass_by(self, where: str) -> None:
        if self._mode == "run" or self._at not in (next(self._passed), where):
            return
        if self._mode == "stall":
            self.halted.set()
            assert self._go_on.wait(PATIENCE_S)
            self._mode = "run"
        if self._mode == "kill" or self._dies:
            raise Killed

    def open(self, dies: bool) -> None:
        self._dies = dies
        self._go_on.set()


class Gated:
    """Passes a worker's calls on, through its gate before and after each."""

    def __init__(self, real: Any, worker: "Worker") -> None:
        self._real, self._worker = real, worker

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if not callable(found):
            return found

        def call(*args: Any, **named: Any) -> Any:
            self._worker.gate.pass_by(f"before {name}")
            try:
                return found(*args, **named)
            finally:  # also where it failed, which then may never be noticed
                self._worker.gate.pass_by(f"after {name}")

        return call


class World:
    """What all workers share: the ledger's database, the store, the service, the clock."""

    def __init__(self, folder: Path, strategy: str) -> None:
        self.clock = Clock()
        self.strategy = strategy
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
            self.ledger.want_submission(key, work.digest, "model", self.clock())
        self.ledger.let_go(CASE)

    def machine(self) -> PaidBackend:
        return STRATEGIES[self.strategy](self.service)

    def question(self, row: Submission) -> Approval:
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
            connection.execute(text("UPDATE leases SET started = started - 6000"))

    def close(self) -> None:
        self.ledger.close()
        self.engine.dispose()


class Worker:
    """A process that drives submissions a step at a time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._ledger = SqlLedger(world.settings.ledger, world.store)
        self._thread: threading.Thread | None = None
        self.gate = Gate("run", 0)
        self._begin_anew()

    @property
    def stalled(self) -> bool:
        return self._thread is not None

    def step(self, key: WorkKey, mode: str = "run", at: int | str = 0) -> float:
        """Takes the next step of a submission; returns the seconds until another makes sense."""
        if self.stalled or not self._lease():
            return 0.0
        self.gate = Gate(mode, at)
        if mode != "stall":
            return self._take(key)
        thread = threading.Thread(target=self._take, args=(key,), daemon=True)
        thread.start()
        while thread.is_alive() and not self.gate.halted.wait(0.002):
            thread.join(0.002)
        if self.gate.halted.is_set():
            self._thread = thread
        return 0.0

    def go_on(self, dies: bool = False) -> None:
        """Lets a stalled worker go on with its step, or kills it where it stands."""
        if self._thread is not None:
            self.gate.open(dies)
            self._thread.join(PATIENCE_S)
            assert not self._thread.is_alive()
            self._thread = None

    def crash(self) -> None:
        """Kills the worker; another process takes its place."""
        self.go_on(dies=True)
        self._begin_anew()

    def close(self) -> None:
        self.go_on(dies=True)
        self._ledger.close()

    def _begin_anew(self) -> None:
        """A ledger that was closed has no leases and no connections: another process's looks the same."""
        self._ledger.close()
        self._holds = False
        self._contexts = {key: self._context(key) for key in KEYS}

    def _lease(self) -> bool:
        if not self._holds:
            with suppress(BadInput):
                self._ledger.take_over(CASE)
                self._holds = True
        return self._holds

    def _take(self, key: WorkKey) -> float:
        try:
            context = self._contexts[key]
            row = context.ledger.find_submission(key)
            assert row is not None
            if row.state.final or row.state is S.PARKED:
                return 0.0
            return next_step(context, row)[1](context, row).nap_s
        except (Killed, BadInput):  # also when the lease is somebody else's: such a process ends
            self._begin_anew()
        except BackendError as error:
            if not error.retry:
                raise
        return 1.0

    def _context(self, key: WorkKey) -> SubmissionContext:
        return SubmissionContext(
            ledger=Gated(self._ledger, self),
            store=Gated(self.world.store, self),
            backend=Gated(self.world.machine(), self),
            work=WORKS[key],
            rules=SubmissionRules(),
            settings=self.world.settings,
            clock=self.world.clock,
            stop=threading.Event(),
            limit=ROOM,
            since=self.world.clock.instant(),
            instant=self.world.clock.instant,
            question=self.world.question if key == ASKED_ABOUT else None,
        )
