"""A case with one piece of paid work, on a real ledger, against a service in memory."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from escalation.engine.opening import prepare
from escalation.inputs.settings import Settings
from escalation.model.amounts import Amounts, Bounds, Caps
from escalation.model.case import CaseInfo, WorkKey
from escalation.model.clock import Instant
from escalation.model.kinds.local_call import LocalCall
from escalation.model.problem import Problem, Target
from escalation.model.quote import Quote
from escalation.model.result import RawResult
from escalation.model.submission import Approval, Submission
from escalation.policy.policy import parse_policy
from escalation.policy.rules import SubmissionRules
from escalation.ports.machines import Progress
from escalation.submission.context import SubmissionContext
from escalation.submission.drive import Pace, drive
from escalation.submission.steps import next_step
from escalation.testing.model_backend import STRATEGIES
from escalation.testing.model_service import ModelService
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore

WORK = LocalCall("problems.toy.work:look", {"numbers": [1, 2], "seed": 1, "pause_s": 0})
KEY = WorkKey("c", 0, 0)


class Clock:
    """Time that passes only when somebody waits; a wait is over at once.

    `set_by` is by how much somebody has set the time of day, `boot` changes with a reboot.
    """

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.set_by = 0.0
        self.boot = "boot"

    def __call__(self) -> float:
        self.now += 0.001
        return self.now + self.set_by

    def instant(self) -> Instant:
        return Instant(self.boot, self.now)


class Waiter(threading.Event):
    """A stop event whose waiting moves the clock on instead of taking time."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        self.clock.now += timeout or 0.0
        return self.is_set()


@dataclass
class World:
    """One submission and everything around it; `crash` leaves what a dead process leaves."""

    info: CaseInfo
    settings: Settings
    service: ModelService = field(default_factory=ModelService)
    rules: SubmissionRules = field(default_factory=SubmissionRules)
    limit: Caps = field(default_factory=lambda: Caps(qpu_s=10, usd=20))
    quote: Quote | None = field(default_factory=lambda: Quote(amounts=Bounds(qpu_s=3, usd=6)))
    approval: bool = False
    strategy: str = "fence"
    clock: Clock = field(default_factory=Clock)
    told: list[Progress] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = FileStore(self.settings.store)
        self.start()

    def start(self) -> None:
        """A new process takes the case up."""
        self.ledger = SqlLedger(self.settings.ledger, self.store)
        self.ledger.open_case(self.info)
        self.stop = Waiter(self.clock)
        self.backend = STRATEGIES[self.strategy](self.service)

    def crash(self) -> None:
        """The process is gone: its lease with it, and nothing else was tidied up."""
        self.ledger.close()

    def context(self, **wrapped: Any) -> SubmissionContext:
        parts: dict[str, Any] = {
            "ledger": self.ledger,
            "store": self.store,
            "backend": self.backend,
            "question": self.question if self.approval else None,
        }
        return SubmissionContext(
            work=WORK,
            rules=self.rules,
            settings=self.settings,
            clock=self.clock,
            stop=self.stop,
            limit=self.limit,
            since=self.clock.instant(),
            instant=self.clock.instant,
            quote=self.quote,
            **(parts | wrapped),
        )

    def question(self, row: Submission) -> Approval:
        assert row.payload is not None
        assert row.price is not None
        now = self.clock()
        return Approval(
            approval_id=f"q{int(now)}",
            case_id="c",
            attempt=0,
            ordinal=0,
            subject=row.payload,
            policy=self.info.policy_digest,
            cap=row.price.cap,
            shown={},
            asked_at=now,
            expires_at=now + 3600,
        )

    def run(self, **wrapped: Any) -> RawResult:
        return self.drive(self.context(**wrapped))

    def drive(self, context: SubmissionContext) -> RawResult:
        return drive(context, self.wanted(context), Pace(self.told.append))

    def step(self, context: SubmissionContext) -> Submission:
        """Takes the next step alone."""
        row = self.wanted(context)
        return next_step(context, row)[1](context, row).row

    def wanted(self, context: SubmissionContext) -> Submission:
        context.ledger.intend(KEY, WORK, "model")
        return context.ledger.want_submission(KEY, WORK.digest, "model", self.clock())

    @property
    def row(self) -> Submission:
        found = self.ledger.find_submission(KEY)
        assert found is not None
        return found

    @property
    def spent(self) -> Amounts:
        return self.ledger.spent("c")


@pytest.fixture
def make_world(tmp_path: Path, policy_text: str) -> Iterator[Callable[..., World]]:
    made: list[World] = []
    problem = Problem(
        family="toy",
        instance={"numbers": [3, 1, 4], "reach": 3},
        target=Target(metric="number", at_least=9),
        budget=Caps(wall_s=100, qpu_s=10, usd=20),
    )
    case = prepare(problem, parse_policy(policy_text), case_id="c")

    def make(**changes: Any) -> World:
        world = World(case.info, Settings(home=tmp_path / str(len(made)), settle_s=60, poll_s=1), **changes)
        made.append(world)
        return world

    yield make
    for world in made:
        world.ledger.close()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()
