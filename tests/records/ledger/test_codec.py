"""Work, results and candidates come back from JSON and store as they were."""

import io
import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.model.amounts import Amounts
from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from escalation.model.errors import CorruptRecord
from escalation.model.identity import canonical_json
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.kinds.expectation_batch import EstimatorPub, ExpectationBatch
from escalation.model.kinds.local_call import LocalCall
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.resources import Resources
from escalation.model.result import RawResult
from escalation.model.work import Work
from records.ledger.codec import (
    candidate_blobs,
    candidate_from_json,
    result_blobs,
    result_from_json,
    work_from_json,
)
from records.store.files import FileStore

names = st.text(st.characters(codec="utf-8"), max_size=8)
numbers = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | numbers | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
mappings = st.dictionaries(names, json_values, max_size=3)
blobs = st.builds(Blob, st.binary(max_size=40))
files = st.dictionaries(names, blobs, max_size=3)
positive = st.floats(0, 1e6)
resources = st.builds(
    Resources,
    st.integers(1, 64),
    st.integers(1, 8),
    st.floats(0, 1e6, exclude_min=True),
    st.integers(1, 10**6),
)
candidates = st.recursive(
    st.builds(Candidate, mappings, files, st.just({}), mappings),
    lambda inner: st.builds(
        Candidate, mappings, files, st.dictionaries(names, inner, min_size=1, max_size=2), mappings
    ),
    max_leaves=4,
)
results = st.builds(
    RawResult,
    state=st.sampled_from([state for state in JobState if state.final]),
    values=mappings,
    files=files,
    error=st.none() | names,
    usage=st.builds(Amounts, wall_s=positive, cpu_s=positive, qpu_s=positive, usd=positive),
    provenance=mappings,
    evidence=files,
)


@st.composite
def circuits(draw: Any) -> tuple[str, Blob, tuple[str, ...]]:
    """A circuit's text, sets of values of its parameters, and their names."""
    named = draw(st.lists(names.filter(bool), max_size=3, unique=True))
    values, text = io.BytesIO(), draw(names.filter(str.strip))
    np.save(values, np.full((draw(st.integers(1, 3)), len(named)), draw(numbers)))
    return text, Blob(values.getvalue()), tuple(named)


pubs = st.builds(
    lambda circuit, shots: Pub(circuit[0], circuit[1], circuit[2], shots), circuits(), st.integers(1, 10**6)
)
observables = st.dictionaries(st.text("IXYZ", min_size=3, max_size=3), numbers, min_size=1, max_size=3)
estimator_pubs = st.builds(
    lambda circuit, *asked: EstimatorPub(*circuit, *asked),
    circuits(),
    st.lists(observables, min_size=1, max_size=2).map(tuple),
    st.floats(1e-5, 1.0),
)
works = st.one_of(
    st.builds(LocalCall, names, mappings, files, resources),
    st.builds(MpiProgram, names, mappings, files, resources),
    st.builds(
        CircuitBatch,
        st.lists(pubs, min_size=1, max_size=2).map(tuple),
        mappings,
        st.integers(0, 2**32),
        resources,
    ),
    st.builds(
        ExpectationBatch,
        st.lists(estimator_pubs, min_size=1, max_size=2).map(tuple),
        mappings,
        st.integers(0, 2**32),
        resources,
    ),
)


@pytest.fixture(scope="module")
def kept() -> Iterator[FileStore]:
    with tempfile.TemporaryDirectory() as folder:
        yield FileStore(Path(folder))


def _put(store: FileStore, data: Iterable[bytes]) -> None:
    for one in data:
        store.put(one)


@settings(max_examples=60, deadline=None)
@given(candidate=candidates)
def test_a_candidate_comes_back_with_its_nested_controls(kept: FileStore, candidate: Candidate) -> None:
    _put(kept, candidate_blobs(candidate))
    text = canonical_json(candidate.to_json())
    assert candidate_from_json(json.loads(text), kept) == candidate


@settings(max_examples=60, deadline=None)
@given(result=results)
def test_a_result_comes_back_with_evidence_and_provenance(kept: FileStore, result: RawResult) -> None:
    _put(kept, result_blobs(result))
    assert result_from_json(json.loads(canonical_json(result.to_json())), kept) == result


@settings(max_examples=60, deadline=None)
@given(work=works)
def test_work_comes_back_as_the_same_kind_with_the_same_digest(kept: FileStore, work: Work) -> None:
    _put(kept, work.blobs())
    back = work_from_json(json.loads(canonical_json(work.to_json())), kept)
    assert back == work
    assert back.digest == work.digest


def test_work_of_an_unknown_kind_is_a_corrupt_record(kept: FileStore) -> None:
    with pytest.raises(CorruptRecord, match="expected work of a known kind, got 'spell'"):
        work_from_json({"kind": "spell", "resources": Resources().to_json()}, kept)


def test_a_candidate_whose_bytes_are_gone_is_a_corrupt_record(kept: FileStore) -> None:
    candidate = Candidate(files={"model": Blob(b"never put anywhere")})
    with pytest.raises(CorruptRecord, match="got no file"):
        candidate_from_json(candidate.to_json(), kept)
