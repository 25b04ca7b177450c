"""A runtime on records of its own, and the world of paid work, whose rest `reconcile` looks after."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from escalation.engine.case import Case
from escalation.engine.opening import prepare
from escalation.engine.runtime import Runtime
from escalation.engine.steps import Item
from escalation.inputs.settings import Settings
from escalation.model.amounts import Bounds, Caps
from escalation.model.case import WorkKey
from escalation.model.problem import Problem, Target
from escalation.model.quote import Quote
from escalation.policy.policy import parse_policy
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
from records.views.report import render
from tests.escalation.engine.played import WORK, Played
from tests.escalation.submission.conftest import make_world, world
from tests.escalation.untracked import Untracked

__all__ = ["make_world", "runtime", "world"]


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """Nothing is tracked, and whoever needs a machine puts it in."""
    settings = Settings(home=tmp_path)
    store = FileStore(settings.store)
    made = Runtime(settings, SqlLedger(settings.ledger, store), store, Untracked(), render)
    yield made
    made.close()


@pytest.fixture
def case(policy_text: str) -> Case:
    problem = Problem(
        family="toy",
        instance={"numbers": [3, 1, 4, 1, 5, 9, 2, 6], "reach": 3},
        target=Target(metric="number", at_least=9),
        budget=Caps(wall_s=100, qpu_s=10, usd=20),
    )
    return prepare(problem, parse_policy(policy_text), case_id="c")


@pytest.fixture
def item(runtime: Runtime, case: Case) -> Callable[[Played], Item]:
    runtime.ledger.open_case(case.info)

    def make(backend: Played) -> Item:
        runtime._backends["local"] = backend
        quote = Quote(amounts=Bounds(qpu_s=10, usd=20))
        return Item(WorkKey("c", 0, 0), WORK, "local", quote, 40.0, "quantum/dice")

    return make
