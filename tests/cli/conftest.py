"""A case with one piece of paid work on a real ledger, and the command line beside it in this process."""

import io
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escalation.engine.case import Case
from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.engine.question import Terms, payload_question
from escalation.engine.steps import Item
from escalation.inputs.settings import Settings
from escalation.model.amounts import Caps
from escalation.model.blob import Blob
from escalation.model.case import Outcome, WorkKey
from escalation.model.decision import Closed
from escalation.model.errors import Paused
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.problem import Problem, Target, Tier
from escalation.model.quote import Quote
from escalation.model.submission import Submission
from escalation.policy.policy import parse_policy
from escalation.policy.rules import SubmissionRules
from escalation.ports.configuration import settings
from escalation.submission.context import SubmissionContext
from escalation.submission.drive import Pace, drive
from escalation.testing.model_backend import ModelBackend
from escalation.testing.model_service import ModelService
from records.ledger.ledger import SqlLedger
from records.runtime import open_runtime
from records.store.files import FileStore

COIN = "OPENQASM 3.0;\nbit[1] meas;\nqubit[1] q;\nmeas[0] = measure q[0];\n"
NONE = io.BytesIO()
np.save(NONE, np.zeros((1, 0)))
WORK = CircuitBatch((Pub(COIN, Blob(NONE.getvalue()), (), 16),))
LITTLE = """\
policy: little
summary: for tests
tiers: [ai]
backends: {local_call: local, mpi_program: mpi, circuit_batch: aer}
"""
KEY = WorkKey("c", 0, 0)


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


class Terminal(io.StringIO):
    """Standard input with somebody at it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def home(new_home: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    made = new_home(tmp_path / "home")
    monkeypatch.setenv("TIERWISE_HOME", str(made))
    monkeypatch.setenv("COLUMNS", "200")
    settings.cache_clear()
    yield made
    settings.cache_clear()


@pytest.fixture
def call(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Said]:
    """Runs a command as `tierwise` does; `typed` is typed at a terminal; None is no terminal, but `piped`."""

    def run(*args: str, typed: str | None = None, piped: str = "") -> Said:
        from tierwise import main

        monkeypatch.setattr(sys, "argv", ["tierwise", *args])
        monkeypatch.setattr(sys, "stdin", io.StringIO(piped) if typed is None else Terminal(typed))
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        return Said(code, *capsys.readouterr())

    return run


@dataclass
class Desk:
    """One case with one submission against a service in memory."""

    case: Case
    settings: Settings
    asks: bool = False
    service: ModelService = field(default_factory=ModelService)
    leave_after: float = 60.0

    def __post_init__(self) -> None:
        self.store = FileStore(self.settings.store)
        self.ledger = SqlLedger(self.settings.ledger, self.store)
        self.ledger.open_case(self.case.info)

    def run(self) -> str:
        """Drives the submission as far as it goes; returns what it waits for."""
        self.ledger.intend(KEY, WORK, "model")
        row = self.ledger.want_submission(KEY, WORK.digest, "model", time.time())
        try:
            drive(self._context(), row, Pace(lambda progress: None))
        except Paused as pause:
            return str(pause)
        return ""

    @property
    def row(self) -> Submission:
        found = self.ledger.find_submission(KEY)
        assert found is not None
        return found

    def _context(self) -> SubmissionContext:
        return SubmissionContext(
            ledger=self.ledger,
            store=self.store,
            backend=ModelBackend(self.service),
            work=WORK,
            rules=SubmissionRules(wait_s=self.leave_after),
            settings=self.settings,
            clock=time.time,
            stop=threading.Event(),
            limit=Caps(qpu_s=10, usd=20),
            question=self._question if self.asks else None,
        )

    def _question(self, row: Submission) -> Any:
        asks = (Closed(gate="paid_work", tier=Tier.QUANTUM, because="A person decides on money.", misses=()),)
        item = Item(KEY, WORK, "model", Quote(), None, "quantum/dice", asks, "ai ended BOUNDED")
        return payload_question(self.case, item, row, Terms(time.time(), 24.0))


@pytest.fixture
def desk(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []
    opened: dict[str, ModelService] = {}
    monkeypatch.setattr("cli.jobs.open_machine", lambda spec: ModelBackend(opened[spec]))

    def make(**changes: Any) -> Desk:
        problem = Problem(
            family="toy",
            instance={"numbers": [3, 1, 4], "reach": 3},
            target=Target(metric="number", at_least=9),
            budget=Caps(wall_s=100, qpu_s=10, usd=20),
            data_class="public",
        )
        quick = Settings(home=home, settle_s=0, poll_s=0.01, doubt_s=0.05, usage_s=5)
        made.append(Desk(prepare(problem, case_id="c"), quick, **changes))
        opened["model"] = made[-1].service
        return made[-1]

    yield make
    for each in made:
        each.ledger.close()


@pytest.fixture
def solved(home: Path) -> Outcome:
    """A toy case that was accepted, under the id `c`."""
    problem = Problem(
        family="toy", instance={"numbers": [3, 1, 9]}, target=Target(metric="number", at_least=9), seed=4
    )
    with open_runtime() as runtime:
        return solve(runtime, prepare(problem, parse_policy(LITTLE), "c"))
