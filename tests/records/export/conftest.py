"""A site with a key, and cases of the toy family on its records."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.engine.runtime import Runtime
from escalation.inputs.settings import Settings
from escalation.model.case import Outcome
from escalation.model.problem import Problem, Target
from escalation.policy.policy import parse_policy
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
  - {id: time, tier: hpc, because: It may take long., when: {fact: budget.wall_s_left, at_least: 50 s}}
  - {id: width, tier: quantum, because: Few qubits alone., when: {fact: quote.qubits, at_most: 2}}
"""
QUANTUM = POLICY.replace("hpc, ai, quantum", "hpc, quantum")
FOUR = {"numbers": [3, 1, 9, 2], "reach": 1}


@dataclass
class Site:
    """A site's records and key."""

    settings: Settings
    runtime: Runtime
    key: SigningKey
    policy: str = POLICY
    solved: list[str] = field(default_factory=list)

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

    def solve(self, case_id: str = "c", at_least: float = 4.0, policy: str = "", **changes: Any) -> Outcome:
        """Solves a toy case to its end."""
        given: dict[str, Any] = {
            "family": "toy",
            "instance": {"numbers": list(NUMBERS), "reach": 3},
            "target": Target(metric="number", at_least=at_least),
            "budget": {"wall_s": 100.0},
            "data_class": "public",
            "seed": 7,
        }
        problem = Problem.model_validate(given | changes)
        return solve(self.runtime, prepare(problem, parse_policy(policy or self.policy), case_id))

    def bag(self, case_id: str = "c") -> dict[str, bytes]:
        """The files of the case's export."""
        return bag(self.ledger, self.store, self.settings, case_id, key=self.key, now=NOW)[1]


@pytest.fixture(scope="module")
def make_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Site]]:
    made: list[Site] = []

    def make(**changes: Any) -> Site:
        settings = Settings(home=tmp_path_factory.mktemp("site"), **changes)
        store = FileStore(settings.store)
        runtime = Runtime(settings, SqlLedger(settings.ledger, store), store, Untracked(), render)
        made.append(Site(settings, runtime, make_key(settings)))
        return made[-1]

    yield make
    for each in made:
        each.runtime.close()


@pytest.fixture(scope="module")
def site(make_site: Callable[..., Site]) -> Site:
    """A site at which case `c` was accepted at once, and `q` at last, on a simulator."""
    made = make_site()
    assert made.solve().status == "accepted"
    assert made.solve("q", at_least=9.0, policy=QUANTUM, instance=FOUR).tier == "quantum"
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out"
