"""Why a case ended as it did, in words."""

from typing import Any

import pytest

from escalation.engine.reasons import cut, why, why_in_short
from escalation.model.amounts import Amounts, Caps
from escalation.model.attempt import Attempt, AttemptStatus
from escalation.model.case import CaseStatus, Outcome
from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.decision import Action, Closed, Decision
from escalation.model.problem import Target, Tier
from escalation.model.quote import Quote

SHORT = Certificate(status=CertificateStatus.BOUNDED, kind="k", value=4.0, verifier="toy/1")
SIMULABLE = Closed(
    gate="not_simulable", tier=Tier.QUANTUM, because="A laptop can hold it; 2^40 are 16 TiB.", misses=()
)


def attempt(tier: Tier, **changes: Any) -> Attempt:
    given: dict[str, Any] = {"status": AttemptStatus.NOT_CERTIFIED, "certificate": SHORT} | changes
    return Attempt(
        number=0, tier=tier, method="scan", backend="mpi", device_kind="classical", seed=1, quote=Quote(),
        **given,
    )  # fmt: skip


def ended(*attempts: Attempt, rule: str = "order", because: str = "Because", **changes: Any) -> Outcome:
    last = Decision(
        number=1, action=Action.ABSTAIN, rule=rule, because=because, closed=changes.pop("closed", ())
    )
    status = changes.pop("status", CaseStatus.ABSTAINED)
    return Outcome(
        case_id="c", status=status, target=Target(metric="number", at_least=9), attempts=attempts,
        decisions=(last,), **changes,
    )  # fmt: skip


def test_what_fell_short_is_named_with_what_it_reached_and_what_kept_the_next_tier_out() -> None:
    found = ended(
        attempt(Tier.HPC), attempt(Tier.AI), value=4.0, certificate=SHORT, tier=Tier.AI, closed=(SIMULABLE,)
    )
    assert why(found) == (
        "The target is not reached by hpc or ai: 4 reached, at least 9 asked for. "
        "Not tried: quantum. A laptop can hold it; 2^40 are 16 TiB"
    )
    assert why_in_short(found, 60) == "4, not at least 9"


def test_where_nothing_was_tried_the_first_condition_is_the_reason() -> None:
    found = ended(closed=(SIMULABLE,), status=CaseStatus.REFUSED)
    assert why(found) == "Not tried: quantum. A laptop can hold it; 2^40 are 16 TiB"
    assert why_in_short(found, 60) == "a laptop can hold it"


def test_a_budget_that_is_used_up_is_told_in_the_units_that_people_use() -> None:
    up = Caps(wall_s=60).used_up(Amounts(wall_s=75.4))
    assert up == "75.4 of the 60 elapsed seconds that were allowed"
    found = ended(rule="budget", because=f"The budget is used up: {up}", status=CaseStatus.REFUSED)
    assert why(found) == f"The budget is used up: {up}"
    assert why_in_short(found, 60) == "the budget is used up"


def test_a_tier_that_failed_did_not_fall_short() -> None:
    lost = attempt(Tier.HPC, status=AttemptStatus.FAILED, certificate=None, error="out of memory")
    found = ended(lost, failures=("hpc/scan FAILED: out of memory",), closed=(SIMULABLE,))
    assert why(found).startswith("Hpc/scan FAILED: out of memory. Not tried: quantum.")
    assert why_in_short(found, 20) == "hpc/scan FAILED…"


@pytest.mark.parametrize(
    ("status", "short"),
    [
        (CaseStatus.HELD, "a person must decide"),
        (CaseStatus.WAITING, "its job is not done yet"),
        (CaseStatus.INTERRUPTED, "stopped before its end"),
    ],
)
def test_a_case_that_pauses_says_what_it_waits_for(status: CaseStatus, short: str) -> None:
    found = ended(status=status, paused="a person must approve c/0/0 first")
    assert why(found) == "A person must approve c/0/0 first"
    assert why_in_short(found, 60) == short


@pytest.mark.parametrize(
    ("said", "most", "shown"),
    [
        ("all of it.", 20, "all of it"),
        ("two words, three", 11, "two words…"),
        ("incomprehensibilities", 8, "incompr…"),
    ],
)
def test_a_text_is_cut_between_words(said: str, most: int, shown: str) -> None:
    assert cut(said, most) == shown
