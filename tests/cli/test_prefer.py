"""A case under a policy that prefers among devices, solved, explained, replayed, exported, tried anew."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.engine.runtime import Runtime
from escalation.inputs.settings import Settings
from escalation.model.problem import Problem, Target
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
from records.views.report import render
from tests.cli.conftest import Said
from tests.escalation.policy.test_devices import POLICY
from tests.escalation.untracked import Untracked

Call = Callable[..., Said]
MINE = POLICY.replace("least: quote.usd", "least: quote.wall_s").replace(
    "{fact: device.available, equals: true}", "{fact: quote.shots, at_most: 100000}"
)


@pytest.fixture
def solved(home: Path, tmp_path: Path) -> Path:
    """The policy of a case that was solved under it."""
    path = tmp_path / "mine.yaml"
    path.write_text(MINE)
    own = Settings(home=home)
    store = FileStore(own.store)
    runtime = Runtime(own, SqlLedger(own.ledger, store), store, Untracked(), render)
    instance = {"numbers": [3, 1, 4, 1, 5, 9, 2, 6], "reach": 3}
    target = Target(metric="number", at_least=99)
    problem = Problem(family="toy", instance=instance, target=target, data_class="public")
    solve(runtime, prepare(problem, path, "c"))
    runtime.close()
    return path


def test_work_runs_where_the_decision_says_and_all_that_looks_back_agrees(
    call: Call, solved: Path, home: Path, tmp_path: Path
) -> None:
    own = Settings(home=home)
    ledger = SqlLedger(own.ledger, FileStore(own.store))
    decision, attempt = ledger.decisions("c")[0], ledger.attempt_records("c")[0]
    ledger.close()
    assert [each.backend for each in decision.considered] == ["statevector_mpi", "aer"]
    (taken,) = (each.backend for each in decision.considered if each.chosen)
    assert taken == decision.backend == attempt.backend
    told = " ".join(call("explain", "c").out.split())
    assert f"of 2 devices {taken} is preferred (least quote.wall_s: " in told
    again = call("replay", "c")
    assert again.code == 0, again.out
    assert call("policy", "replay", str(solved)).code == 0
    assert call("keys", "make").code == 0
    assert call("export", "c", "--out", str(tmp_path / "out")).code == 0
    checked = call("verify", str(tmp_path / "out"))
    assert (checked.code, "all fits" in checked.out) == (0, True)


def test_another_preference_is_not_guessed(call: Call, solved: Path) -> None:
    solved.write_text(MINE.replace("least: quote.wall_s", "most: quote.wall_s"))
    said = call("policy", "replay", str(solved), "--json")
    found = json.loads(said.out)
    assert said.code == 3
    assert found["cannot_tell"]["missing"] == [
        {"fact": "quantum/dice: which of its devices would be preferred", "count": 1}
    ]
