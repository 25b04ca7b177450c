"""A kind of work is declared in one place, and everything that speaks of kinds knows it from then on."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from escalation.model import work as declared
from escalation.model.blob import Blob
from escalation.model.demand import Demand
from escalation.model.errors import PolicyError
from escalation.model.identity import canonical_json, digest_json
from escalation.model.kinds.local_call import LocalCall
from escalation.model.resources import Resources
from escalation.model.work import Get, Json, Work, kinds
from escalation.policy.policy import parse_policy
from escalation.policy.rungs import backend_for
from escalation.ports import registry
from escalation.ports.registry import BackendDescriptor
from escalation.testing.works import Sample, sample
from records.ledger.codec import work_from_json
from records.store.files import FileStore

POLICY = """\
policy: annealed
summary: sends couplings away
tiers: [hpc]
backends:
  anneal: annealer
"""


@pytest.fixture
def anneal(monkeypatch: pytest.MonkeyPatch) -> type[Work]:
    """A kind that only this test knows."""
    monkeypatch.setattr(declared, "_DECLARED", dict(kinds()))

    @dataclass(frozen=True)
    class Anneal(Work):
        kind: ClassVar[str] = "anneal"
        sample: ClassVar[str] = "escalation.testing.works:local_call"
        couplings: Blob
        reads: int
        resources: Resources = Resources()

        def to_json(self) -> dict[str, Any]:
            return {
                "kind": self.kind,
                "couplings": self.couplings.digest,
                "reads": self.reads,
                "resources": self.resources.to_json(),
            }

        @classmethod
        def from_json(cls, data: Json, resources: Resources, get: Get) -> "Anneal":
            return cls(Blob(get(data["couplings"])), data["reads"], resources)

        def blobs(self) -> Iterator[bytes]:
            yield self.couplings.data

        def demand(self) -> Demand:
            return Demand(shots=self.reads)

    return Anneal


def annealer(kind: type[Work]) -> BackendDescriptor:
    return BackendDescriptor(
        name="annealer", backend="nowhere:Nothing", accepts=(kind.kind,), summary="an annealer"
    )


def make(kind: Any, reads: int = 10) -> Work:
    made: Work = kind(Blob(b"couplings"), reads, Resources(wall_s=60.0))
    return made


def test_a_kind_declared_anywhere_comes_back_from_the_store_with_its_identity(
    anneal: type[Work], tmp_path: Path
) -> None:
    work, store = make(anneal), FileStore(tmp_path)
    for data in work.blobs():
        store.put(data)
    text = canonical_json(work.to_json())
    back = work_from_json(json.loads(text), store)
    assert back == work
    assert back.digest == work.digest == digest_json(json.loads(text))
    assert make(anneal, reads=11).digest != work.digest
    assert back.within(5.0).resources.wall_s == 5.0
    assert back.demand() == Demand(shots=10)


def test_a_policy_sends_a_declared_kind_to_a_backend_that_accepts_it(
    anneal: type[Work], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = registry._backends()
    known = {**found.known, "annealer": annealer(anneal)}
    monkeypatch.setattr(registry, "_backends", lambda: replace(found, known=known))
    assert backend_for(parse_policy(POLICY).policy, make(anneal).kind) == "annealer"
    with pytest.raises(PolicyError, match="'annealer' runs anneal, not local_call"):
        parse_policy(POLICY.replace("anneal: annealer", "local_call: annealer"))
    with pytest.raises(PolicyError, match=r"'local' runs local_call, not anneal"):
        parse_policy(POLICY.replace("annealer", "local"))


def test_the_contract_suite_finds_the_sample_of_a_declared_kind(anneal: type[Work]) -> None:
    assert isinstance(sample(anneal.kind), Sample)


def test_a_policy_that_names_a_kind_nobody_declared_is_refused_with_its_line() -> None:
    with pytest.raises(PolicyError, match=r"policy:5.*unknown kind of work 'anneal': expected one"):
        parse_policy(POLICY)


def test_two_kinds_of_a_name_are_refused() -> None:
    with pytest.raises(TypeError, match="Impostor: the kind 'local_call' is LocalCall's already"):

        class Impostor(LocalCall):
            kind: ClassVar[str] = "local_call"
