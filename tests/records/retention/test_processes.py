"""Prunings that are killed at every step, that run beside each other, and beside cases: real processes."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from records.ledger.retention import PRUNED
from tests.records.retention.conftest import Keeper

FORKING = """
import json, os, signal, sys
from pathlib import Path
from escalation.model.case import CaseInfo
from escalation.model.problem import DataClass
from records.ledger.ledger import SqlLedger
from records.retention.pruning import prune
from records.retention.rule import Retention
from records.store.files import FileStore

url, folder, info = sys.argv[1], sys.argv[2], CaseInfo.model_validate_json(sys.argv[3])

def pruning(at):
    left = [at]
    def count():
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
    def counted(owner, name):
        real = getattr(owner, name)
        def step(*arguments, **named):
            count()
            made = real(*arguments, **named)
            count()
            return made
        setattr(owner, name, step)
    for owner, name in ((SqlLedger, "prune"), (SqlLedger, "make_checkpoint"), (FileStore, "remove")):
        counted(owner, name)
    real = Path.rename
    def moved(*arguments):
        real(*arguments)
        count()  # it is aside, and not gone
    Path.rename = moved
    prune(SqlLedger(url, FileStore(Path(folder))), FileStore(Path(folder)), ALL, by="ada")

ALL = Retention(dict.fromkeys(DataClass, 1e-9))

def opening(count):
    store = FileStore(Path(folder))
    ledger = SqlLedger(url, store)
    for number in range(count):
        digest = store.put(b"one table")
        new = {"case_id": f"new-{number}", "files": {"t.csv": digest}}
        ledger.open_case(info.model_copy(update=new))
        assert store.get(digest) == b"one table", number

for line in sys.stdin:
    children = []
    for what, number in json.loads(line):
        if not (child := os.fork()):
            {"prune": pruning, "open": opening}[what](number)
            os._exit(0)
        children.append(child)
    print(json.dumps([os.waitpid(child, 0)[1] for child in children]), flush=True)
"""
NEVER = 10**6
Run = Callable[..., list[int]]


@pytest.fixture
def run(spawn: Callable[..., Any], url: str, keeper: Keeper, make_info: Callable[..., Any]) -> Iterator[Run]:
    """Runs processes at once, each `prune` killed at a step or `open` cases; returns how each ended."""
    parent = spawn(FORKING, url, keeper.store.folder, make_info("n").model_dump_json())

    def run(*what: tuple[str, int]) -> list[int]:
        parent.stdin.write(json.dumps(what) + "\n")
        parent.stdin.flush()
        ended: list[int] = json.loads(parent.stdout.readline())
        return [os.waitstatus_to_exitcode(each) for each in ended]

    yield run
    parent.communicate(timeout=60)


def test_a_pruning_that_is_killed_at_any_step_leaves_the_truth_and_is_ended_by_the_next(
    keeper: Keeper, run: Run, url: str
) -> None:
    steps = (*range(10), 20, NEVER)  # two words to the ledger, a checkpoint, removals in three steps each
    for at in steps if "sqlite" in url else (1, 3, 5, 7, NEVER):  # after a word, both, the checkpoint, a move
        cases = [f"c{at}-1", f"c{at}-2"]
        for case_id in cases:
            keeper.case(case_id, data=f"table {at}".encode())
        keeper.age()
        assert run(("prune", at)) == [0 if at == NEVER else -signal.SIGKILL]
        assert keeper.findings() == []  # whatever is gone was said to go
        assert keeper.prune().notes == []
        assert keeper.there() == set()
        assert not list(keeper.store.folder.glob("??/??/.*"))
        told = [each for case_id in cases for each in keeper.ledger.prunings(case_id)]
        assert sum(len(each.files) for each in told) == 12  # each file once, of each case
    assert keeper.findings() == []


def test_prunings_beside_each_other_say_each_file_once(keeper: Keeper, run: Run) -> None:
    for number in range(6):
        keeper.case(f"c{number}", data=b"one table")
    keeper.age()
    assert run(("prune", NEVER), ("prune", NEVER), ("prune", NEVER)) == [0, 0, 0]
    assert keeper.there() == set()
    assert [keeper.kinds(f"c{number}").count(PRUNED) for number in range(6)] == [1] * 6
    assert keeper.findings() == []


def test_cases_that_are_opened_on_a_pruned_table_meanwhile_have_it(keeper: Keeper, run: Run) -> None:
    for number in range(5):
        keeper.case(f"old-{number}", data=b"one table")
    keeper.age()
    assert run(("open", 20), *[("prune", NEVER)] * 3) == [0, 0, 0, 0]
    keeper.prune()
    assert keeper.findings() == []
    new = [record for record in keeper.ledger.cases() if record.info.case_id.startswith("new-")]
    assert len(new) == 20
