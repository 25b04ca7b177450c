"""Every registered family's sample is solved, exported, verified, mutated: without a line by the family."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.engine.runtime import Runtime
from escalation.inputs.settings import Settings
from escalation.model.problem import Problem, Target, Tier
from escalation.policy.policy import parse_policy
from escalation.ports.registry import families, family
from records.export.exporting import bag
from records.export.opening import open_export
from records.export.verifying import findings
from records.export.writing import write
from records.ledger.ledger import SqlLedger
from records.signing.keys import make_key
from records.store.files import FileStore
from records.views.report import render
from tests.escalation.untracked import Untracked
from tests.records.export.mutations import mutated

POLICY = """\
policy: samples
summary: What every family can do on this machine.
tiers: [hpc]
backends: {local_call: local, mpi_program: mpi, circuit_batch: aer, expectation_batch: aer}
family_gates: all
methods: {%s: [%s]}
"""
SEED = 20261127
MUTATIONS = 40


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    settings = Settings(home=tmp_path / "home")
    store = FileStore(settings.store)
    made = Runtime(settings, SqlLedger(settings.ledger, store), store, Untracked(), render)
    yield made
    made.close()


@pytest.mark.parametrize("name", sorted(families()))
def test_the_export_of_a_familys_sample_holds_and_shows_every_mutation(
    name: str, runtime: Runtime, tmp_path: Path
) -> None:
    found, chance = families()[name], Random(SEED)
    problem = Problem(
        family=name,
        instance=dict(found.sample),
        target=Target.model_validate(dict(found.sample_target)),
        data_class="public",
        seed=SEED,
    )
    first = next(method.name for method in family(name).methods() if method.tier is Tier.HPC)
    solve(runtime, prepare(problem, parse_policy(POLICY % (name, first)), "sample", tmp_path))
    key, other = make_key(runtime.settings), make_key(Settings(home=tmp_path / "other"))
    ledger = runtime.ledger
    assert isinstance(ledger, SqlLedger)
    ledger.make_checkpoint()
    now = datetime.now(UTC)
    _, files = bag(ledger, runtime.store, runtime.settings, "sample", key=key, now=now)
    assert list(findings(files, key.public)) == []
    for _ in range(MUTATIONS):
        what, changed = mutated(files, chance, other)
        assert next(findings(changed, key.public), None) is not None, what
    write(files, tmp_path / "out.zip")
    with open_export(tmp_path / "out.zip") as (opened, store):
        assert opened.attempts("sample") == ledger.attempts("sample")
        assert opened.digests() == frozenset(store.digests())
