"""A site with a key, and cases of the toy family of every kind on its records."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from escalation.engine.drive import solve
from escalation.engine.listening import Silent
from escalation.engine.opening import prepare
from escalation.engine.runtime import Runtime
from escalation.inputs.settings import Settings
from escalation.model.case import Outcome
from escalation.model.decision import Decision
from escalation.model.problem import Problem, Target
from escalation.policy.policy import parse_policy
from escalation.testing.model_backend import ModelBackend
from escalation.testing.model_service import ModelService
from records.export.exporting import bag
from records.ledger.ledger import SqlLedger
from records.signing.keys import SigningKey, make_key
from records.store.files import FileStore
from records.views.report import render
from tests.escalation.untracked import Untracked

NUMBERS = (3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0)
NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
POLICY = """\
policy: export
summary: for tests
tiers: [hpc, ai, quantum]
backends: {local_call: local, mpi_program: mpi, circuit_batch: aer}
gates:
  - {id: time, tier: ai, because: It may take long., when: {fact: budget.wall_s_left, at_least: 0.5 s}}
  - id: width
    tier: quantum
    because: Few qubits alone.
    when: {any: [{fact: quote.qubits, at_most: 2}, {fact: problem.stage, one_of: [live]}]}
acceptance:
  - id: early
    tier: ai
    because: Not everybody is to look.
    when: {all: [{fact: attempt.count, below: 5}, {fact: attempt.failed, equals: false}]}
"""
QUANTUM = POLICY.replace("hpc, ai, quantum", "quantum")
SCAN = POLICY.replace("hpc, ai, quantum", "hpc")
LOOKS = POLICY.replace("hpc, ai, quantum", "ai, quantum")
PAID = """\
policy: paid
summary: The quantum tier alone, and a person decides on money.
tiers: [quantum]
backends: {circuit_batch: aer}
approvals:
  - {id: money, tier: quantum, because: A person decides on money., unless: {fact: quote.usd, at_most: 1 USD}}
submission: {wait_s: 5}
"""
FOUR = {"numbers": [3, 1, 9, 2], "reach": 1}
CASES = (
    "accepted",
    "simulated",
    "refused",
    "fell-short",
    "abstained",
    "failed",
    "taken-up",
    "held",
    "paid",
    "denied",
)


class Stopping(Silent):
    """Ends a case at its first decision, as an error in a program or Ctrl-C does."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def decided(self, decision: Decision) -> None:
        raise self.error


@dataclass
class Site:
    """A site's records and key."""

    settings: Settings
    runtime: Runtime
    key: SigningKey

    @property
    def ledger(self) -> SqlLedger:
        ledger = self.runtime.ledger
        assert isinstance(ledger, SqlLedger)
        return ledger

    @property
    def store(self) -> FileStore:
        store = self.runtime.store
        assert isinstance(store, FileStore)
        return store

    def solve(
        self, case_id: str = "c", policy: str = LOOKS, *, error: BaseException | None = None, **changes: Any
    ) -> Outcome:
        """Solves a toy case to its end."""
        given: dict[str, Any] = {
            "family": "toy",
            "instance": {"numbers": list(NUMBERS), "reach": 3},
            "target": Target(metric="number", at_least=4.0),
            "budget": {"wall_s": 100.0, "qpu_s": 10.0, "usd": 20.0},
            "data_class": "public",
            "seed": 7,
        }
        case = prepare(Problem.model_validate(given | changes), parse_policy(policy), case_id)
        return solve(self.runtime, case, Silent() if error is None else Stopping(error))

    def answer(self, case_id: str, *, granted: bool) -> None:
        """Answers what the case asks a person."""
        (asked,) = self.ledger.approvals(case_id)
        at = asked.asked_at + 1
        self.ledger.answer(asked.approval_id, granted=granted, by="ada", reason="", now=at)

    def bag(self, case_id: str = "c") -> dict[str, bytes]:
        """The files of the case's export."""
        self.ledger.make_checkpoint()
        return bag(self.ledger, self.store, self.settings, case_id, key=self.key, now=NOW)[1]


@pytest.fixture(scope="session")
def make_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Site]]:
    made: list[Site] = []

    def make(*, service: ModelService | None = None, **changes: Any) -> Site:
        home = tmp_path_factory.mktemp("site")
        settings = Settings(home=home, poll_s=0.01, settle_s=0, **changes)
        store = FileStore(settings.store)
        runtime = Runtime(settings, SqlLedger(settings.ledger, store), store, Untracked(), render)
        if service is not None:
            runtime._backends["aer"] = ModelBackend(service)
        made.append(Site(settings, runtime, make_key(settings)))
        return made[-1]

    yield make
    for each in made:
        each.runtime.close()


@pytest.fixture(scope="session")
def site(make_site: Callable[..., Site]) -> Site:
    """A site with a case of every kind, see `CASES`; the last three asked a person."""
    made, nine = make_site(), Target(metric="number", at_least=9.0)
    assert made.solve("accepted", POLICY).tier == "hpc"
    assert made.solve("simulated", QUANTUM, instance=FOUR, target=nine).tier == "quantum"
    assert made.solve("refused", LOOKS, budget={"wall_s": 0.1}).status == "refused"
    assert made.solve("fell-short", target=Target(metric="number", at_least=99.0)).status == "abstained"
    assert made.solve("abstained", SCAN, instance=FOUR, target=nine).status == "abstained"
    for case_id, error in (("failed", ValueError("a fault")), ("taken-up", KeyboardInterrupt())):
        with pytest.raises(type(error)):
            made.solve(case_id, error=error)
    assert made.solve("taken-up").status == "accepted"
    made.runtime._backends["aer"] = ModelBackend(ModelService())
    for case_id in ("held", "paid", "denied"):
        assert made.solve(case_id, PAID, target=nine).status == "held"
    made.answer("paid", granted=True)
    assert made.solve("paid", PAID, target=nine).status == "accepted"
    made.answer("denied", granted=False)
    assert made.solve("denied", PAID, target=nine).status == "abstained"
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out"
