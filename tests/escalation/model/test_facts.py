"""What a fact may be: bounded on both sides, and unknown beyond, which closes every gate that asks for it."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from escalation.model.calibration import Calibration, GateCalibration, QubitCalibration
from escalation.model.facts import COUNT, SHARE, FactSpec, FactType
from escalation.model.identity import canonical_json, digest_bytes
from escalation.model.job_state import JobState
from escalation.model.submission import RemoteJob
from escalation.policy.checks import known_facts
from escalation.policy.conditions import COMPARISONS, Threshold, misses
from escalation.policy.core_facts import CORE_FACTS
from escalation.ports.fact_providers import FactProvider
from escalation.ports.registry import families, family

NUMBERS = sorted(name for name, spec in known_facts().items() if spec.type is FactType.NUMBER)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def evaluated(spec: FactSpec, value: object) -> float | None:
    """The fact's value where the provider says so."""
    fact = FactProvider(spec, lambda _: value).evaluate(None)  # type: ignore[arg-type, return-value]
    assert fact.value is None or not fact.note
    return fact.value  # type: ignore[return-value]


def test_every_provider_is_named_so_that_a_reader_finds_it() -> None:
    providers = [*CORE_FACTS, *(each for name in families() for each in family(name).facts())]
    named = [f"{each.compute.__module__}:{each.compute.__qualname__}" for each in providers]
    assert [name for name in named if "<" in name] == []
    assert len(set(named)) == len(named)
    assert "escalation.policy.core_facts:quoted_usd" in named


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [nan, inf, -inf, 10**400, -(10**400), True, "3"])
def test_what_is_no_finite_number_is_unknown(name: str, value: object) -> None:
    assert evaluated(known_facts()[name], value) is None


@pytest.mark.parametrize("name", [name for name in NUMBERS if name != "attempt.value"])
def test_every_number_has_a_least_and_a_most_and_is_unknown_beyond(name: str) -> None:
    spec = known_facts()[name]
    assert spec.within is not None
    least, most = spec.within
    assert least == 0.0  # ages, sizes, counts, prices, shares: none is ever below
    assert evaluated(spec, -1e-9) is None
    assert evaluated(spec, least) == least
    assert evaluated(spec, most) == most
    if most < 1e300:
        assert evaluated(spec, most * 1.001) is None


@pytest.mark.parametrize(
    "name",
    ["quote.expected_fidelity", "controls.worst_p_value", "problem.confidence", "data.missing_fraction"],
)
def test_a_share_is_at_most_one(name: str) -> None:
    assert known_facts()[name].within == SHARE


@given(st.sampled_from(COMPARISONS[:4]), st.floats(allow_nan=False, allow_infinity=False))
def test_no_comparison_is_met_by_a_number_out_of_range(comparison: str, limit: float) -> None:
    spec = FactSpec(name="a.b", type=FactType.NUMBER, within=COUNT, doc="")
    threshold = Threshold.model_validate({"fact": "a.b", comparison: limit})
    for wild in (nan, inf, -inf, -1.0, 1e300):
        fact = FactProvider(spec, lambda _, wild=wild: wild).evaluate(None)  # type: ignore[arg-type, misc]
        assert misses(threshold, lambda _, fact=fact: fact)  # type: ignore[misc]


@pytest.mark.parametrize("within", [None, SHARE])
def test_a_number_has_a_range_and_nothing_else_has(within: tuple[float, float] | None) -> None:
    kind = FactType.NUMBER if within is None else FactType.FLAG
    with pytest.raises(ValidationError, match="expected a range of a number"):
        FactSpec(name="a.b", type=kind, within=within, doc="")


@pytest.mark.parametrize(
    ("ahead", "age_h"),
    [
        (timedelta(hours=-30), 30.0),
        (timedelta(0), 0.0),
        (timedelta(minutes=4), 0.0),  # clocks differ by minutes
        (timedelta(minutes=6), None),
        (timedelta(days=400), None),
    ],
)
def test_the_age_of_a_calibration_that_is_yet_to_come_is_unknown(
    ahead: timedelta, age_h: float | None
) -> None:
    found = Calibration(device="d", num_qubits=1, calibrated_at=NOON + ahead)
    assert found.age_h(NOON.timestamp()) == age_h


@pytest.fixture
def _in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose own zone is nine hours off."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_in_tokyo")
def test_a_time_without_a_zone_is_in_utc() -> None:
    naive = NOON.replace(tzinfo=None)
    east = NOON.astimezone(timezone(timedelta(hours=9)))
    for given_as in (naive, NOON, east, naive.isoformat(), "2026-11-26T12:00:00Z"):
        calibration = Calibration.model_validate({"device": "d", "num_qubits": 1, "calibrated_at": given_as})
        assert calibration.age_h(NOON.timestamp()) == 0.0
        job = RemoteJob.model_validate({"job_id": "j", "state": JobState.DONE, "created_at": given_as})
        assert job.created_at == NOON


def test_what_a_device_cannot_have_is_not_reported() -> None:
    qubit = QubitCalibration(qubit=0, t1_s=-1e-4, t2_s=inf, readout_error=-0.2)
    assert (qubit.t1_s, qubit.t2_s, qubit.readout_error) == (None, None, None)
    gate = GateCalibration(gate="cz", qubits=(0, 1), error=1.5, duration_s=nan)
    assert (gate.error, gate.duration_s) == (None, None)
    assert GateCalibration(gate="cz", qubits=(0, 1), error=1.0).error == 1.0


def test_a_calibration_is_its_json_and_a_copy_that_differs_another() -> None:
    found = Calibration(device="d", num_qubits=1, qubits=(QubitCalibration(qubit=0, t1_s=1e-4),))
    assert found.canonical == canonical_json(found.to_json())
    assert found.digest == digest_bytes(found.canonical) == found.digest
    other = found.model_copy(update={"device": "e"})
    assert other.digest == Calibration.model_validate(other.to_json()).digest != found.digest
    # what is worked out once is no part of the object
    assert Calibration.model_validate(dict(found)) == found == found.model_copy()
    assert "_digest" not in found.to_json()
