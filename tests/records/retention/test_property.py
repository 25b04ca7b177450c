"""Whatever cases, periods, holds and shared files: what is owed is there, and replays as before."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.engine.runtime import Runtime
from escalation.inputs.settings import Settings
from escalation.model.problem import DataClass, Problem
from escalation.model.pruned import BytesOf
from escalation.policy.policy import parse_policy
from escalation.replay.replay import replay
from records.ledger.ledger import SqlLedger
from records.retention.pruning import prune
from records.retention.rule import Retention
from records.store.files import FileStore
from records.views.report import render
from tests.escalation.untracked import Untracked
from tests.records.retention.conftest import AT_ONCE, age

POLICY = """\
policy: property
summary: for tests
tiers: [{tier}]
backends: {{local_call: local, mpi_program: mpi, circuit_batch: aer}}
"""
CASES = {
    "a": ("quantum", 3, DataClass.PUBLIC),
    "b": ("quantum", 3, DataClass.DEIDENTIFIED),
    "c": ("quantum", 4, DataClass.PUBLIC),
    "d": ("ai", 3, DataClass.IDENTIFIABLE),
    "e": ("ai", 3, DataClass.PUBLIC),
}
"""By id: the tier, the largest number, the class of the data. The circuits of `a` and `b` are the same."""


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with five cases, all of whose files are three days old."""
    home = tmp_path_factory.mktemp("solved")
    with _runtime(home) as runtime:
        for case_id, (tier, most, data_class) in CASES.items():
            problem = Problem.model_validate(
                {
                    "family": "toy",
                    "instance": {"numbers": [1, 2, most], "reach": 1},
                    "target": {"metric": "number", "at_least": 2.0},
                    "data_class": data_class,
                    "seed": 7,
                }
            )
            case = prepare(problem, parse_policy(POLICY.format(tier=tier)), case_id)
            assert solve(runtime, case).status.final
    age(FileStore(home / "store"))
    return home


def _runtime(home: Path) -> Any:
    stated = Settings(home=home, hardware_allowed=False)
    store = FileStore(stated.store)
    return closing(Runtime(stated, SqlLedger(stated.ledger, store), store, Untracked(), render))


@pytest.fixture
def copied(solved: Path) -> Iterator[Any]:
    """Makes copies of the home, each for one example."""
    with tempfile.TemporaryDirectory() as folder:

        def copy(name: int) -> Path:
            return Path(shutil.copytree(solved, Path(folder) / str(name)))

        yield copy


_NAMES = iter(range(10**9))
PERIODS = st.dictionaries(st.sampled_from(list(DataClass)), st.sampled_from([AT_ONCE, 9.0]))
HOLDS = st.sets(st.sampled_from(sorted(CASES)), max_size=3)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(rounds=st.lists(st.tuples(PERIODS, HOLDS), min_size=1, max_size=2))
def test_what_is_kept_replays_as_before_and_nothing_owed_is_gone(copied: Any, rounds: Any) -> None:
    home = copied(next(_NAMES))
    store = FileStore(home / "store")
    before = {digest: store.get(digest) for digest in store.digests()}
    with closing(SqlLedger(f"sqlite:///{home / 'ledger.db'}", store)) as ledger:
        rows = {case_id: ledger.case(case_id) for case_id in CASES}
        gone: set[str] = set()
        for periods, holds in rounds:
            held = {case_id for case_id in CASES if ledger.legal_hold(case_id)}
            for case_id in holds - held:
                ledger.hold(case_id, "inquiry", "ben")
            for case_id in held - holds:
                ledger.release(case_id, "over", "ben")
            prune(ledger, store, Retention(periods), by="ada")
            gone |= {
                case_id
                for case_id, (_, _, data_class) in CASES.items()
                if periods.get(data_class) == AT_ONCE and case_id not in holds
            }
        named = ledger.named_bytes().cases
        owed = {digest for case_id in CASES.keys() - gone for digest in named[case_id].named}
        assert set(store.digests()) == owed
        assert all(store.get(digest) == before[digest] for digest in owed)
        assert {case_id: ledger.case(case_id) for case_id in CASES} == rows
        assert ledger.findings() == ()
        assert ledger.digests() == owed
        for case_id in CASES:
            again = replay(ledger, store, case_id)
            needed = {each for each, what in named[case_id].named.items() if what is not BytesOf.REPORT}
            if needed <= owed:
                assert again.same
            else:
                assert (again.differences, again.ledger, bool(again.pruned)) == ((), "", True)
