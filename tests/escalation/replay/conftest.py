"""Cases that have ended, each in its way, on real records, worked out by real worker processes."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from escalation.engine.case import Case
from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.engine.runtime import Runtime
from escalation.inputs.settings import Settings
from escalation.model.problem import Problem, Target
from escalation.policy.policy import parse_policy
from escalation.replay.replay import replay
from escalation.replay.report import Replay
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
from records.views.report import render
from tests.escalation.untracked import Untracked

POLICY = """\
policy: little
summary: for tests
tiers: [ai]
backends: {local_call: local, mpi_program: mpi, circuit_batch: aer}
gates:
  - id: short
    tier: ai
    because: A long list takes long.
    when: {fact: toy.length, at_most: MOST}
  - id: time
    tier: ai
    because: It has to end in time.
    when: {fact: budget.wall_s_left, at_least: 1 s}
tests:
  - {name: short, tier: ai, facts: {toy.length: 2, budget.wall_s_left: 9}, expect: open}
"""
Endings = dict[str, str]


def made(case_id: str, at_least: float, most: int = 9, **budget: float) -> Case:
    """A case of the toy family, two looks at eight numbers, the largest 9."""
    problem = Problem.model_validate(
        {
            "family": "toy",
            "instance": {"numbers": [3, 1, 4, 1, 5, 9, 2, 6]},
            "target": Target(metric="number", at_least=at_least),
            "budget": budget or {"wall_s": 600},
            "seed": 7,
        }
    )
    return prepare(problem, parse_policy(POLICY.replace("MOST", str(most))), case_id)


@contextmanager
def opened(home: Path) -> Iterator[Runtime]:
    settings = Settings(home=home)
    store = FileStore(settings.store)
    runtime = Runtime(settings, SqlLedger(settings.ledger, store), store, Untracked(), render)
    try:
        yield runtime
    finally:
        runtime.close()


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of three cases: `accepted`, `abstained` and `refused`."""
    home = tmp_path_factory.mktemp("ended")
    with opened(home) as runtime:
        for case in (made("accepted", 5), made("abstained", 99), made("refused", 5, most=3)):
            assert solve(runtime, case).status == case.case_id
    return home


@dataclass(frozen=True)
class Copy:
    """A copy of a home, to be changed behind its ledger's back."""

    home: Path

    def change(self, place: str, case_id: str, to: Callable[[Any], Any]) -> None:
        """Changes what the case's first row has in a `table.column` of JSON."""
        table, _, column = place.partition(".")
        where = f"case_id = ?{_FIRST[table]}"
        with sqlite3.connect(self.home / "ledger.db") as connection:
            (text,) = connection.execute(f"SELECT {column} FROM {table} WHERE {where}", (case_id,)).fetchone()
            changed = json.dumps(to(json.loads(text)))
            assert changed != text
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (changed, case_id))

    def replayed(self, case_id: str) -> Replay:
        with opened(self.home) as runtime:
            return replay(runtime.ledger, runtime.store, case_id)


_FIRST = {
    "cases": "",
    "decisions": " AND number = 0",
    "attempts": " AND number = 0",
    "intents": " AND attempt = 0 AND ordinal = 0",
}


@pytest.fixture
def copy(ended: Path, tmp_path: Path) -> Copy:
    shutil.copytree(ended, tmp_path / "home")
    return Copy(tmp_path / "home")
