"""What differs between two policies, each difference with the way it leans."""

import pytest

from escalation.policy.differences.implication import Lean
from escalation.policy.differences.policies import policy_diff
from escalation.policy.policy import parse_policy
from tests.escalation.conftest import POLICY


def told(*changes: tuple[str, str]) -> list[tuple[str, str, Lean | None]]:
    text = POLICY
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    found = policy_diff(parse_policy(POLICY).policy, parse_policy(text).policy)
    return [(each.about, each.words, each.lean) for each in found.differences]


EXTRA = "  - {id: extra, tier: TIER, because: For this very test., when: WHEN}\n"
FIDELITY = "{fact: quote.expected_fidelity, at_least: 0.5}"


def gate(tier: str, when: str) -> tuple[str, str]:
    return "acceptance:\n", EXTRA.replace("TIER", tier).replace("WHEN", when) + "acceptance:\n"


@pytest.mark.parametrize(
    ("change", "about", "words", "lean"),
    [
        (
            ("at_least: 0.5", "at_least: 0.3"),
            "condition fidelity",
            "quote.expected_fidelity at least 0.5 → at least 0.3",
            Lean.LOOSER,
        ),
        (
            ("at_most: 24 h", "at_most: 12 h"),
            "condition age",
            "device.calibration_age_h at most 24 h → at most 12 h",
            Lean.STRICTER,
        ),
        (
            ("at_most: 0.05", "at_most: 0.01"),
            "acceptance beats_null",
            "controls.worst_p_value at most 0.05 → at most 0.01",
            Lean.STRICTER,
        ),
        (
            ("at_most: 10 USD", "at_most: 50 USD"),
            "approval paid",
            "quote.usd at most 10 USD → at most 50 USD",
            Lean.LOOSER,
        ),
        (
            gate("ai", "{fact: attempt.count, at_least: 1}"),
            "condition extra",
            "is new and asks for attempt.count at least 1",
            Lean.STRICTER,
        ),
        (
            ("tests:\n", "budget: {usd: 5}\ntests:\n"),
            "budget usd",
            "no cap → 5.00 USD",
            Lean.STRICTER,
        ),
        (
            ("tests:\n", "submission: {max_fidelity_loss: 0.2}\ntests:\n"),
            "submission max_fidelity_loss",
            "0.1 → 0.2",
            Lean.LOOSER,
        ),
        (
            ("tests:\n", "waivers:\n  - {gate: age, because: A rehearsal only.}\ntests:\n"),
            "condition age",
            "is not required off hardware any more",
            Lean.LOOSER,
        ),
        (
            ("circuit_batch: aer", "circuit_batch: ibm_runtime:fake_boston"),
            "backend of circuit_batch",
            "aer (ideal simulator) → ibm_runtime:fake_boston (calibrated rehearsal)",
            Lean.OTHERWISE,
        ),
        (("    tier: quantum\n    because: Below", "    tier: ai\n    because: Below"),
         "condition fidelity", "is about ai, no longer about quantum", Lean.OTHERWISE),
    ],
)  # fmt: skip
def test_a_difference_is_told_with_its_lean(
    change: tuple[str, str], about: str, words: str, lean: Lean
) -> None:
    assert (about, words, lean) in told(change)


@pytest.mark.parametrize(
    "change",
    [
        ("because: Below this it is noise.", "because: Noise is no answer."),
        ("id: fidelity", "id: fidelity_of_the_worst"),
        ("at_most: 24 h", "at_most: 24.0 h"),
        ("summary: for tests", "summary: for other tests"),
        ("name: all is well", "name: all is fine"),
        gate("quantum", FIDELITY),
        gate("quantum", "{any: [{fact: attempt.count, at_least: 1}, " + FIDELITY + "]}"),
    ],
)
def test_other_words_decide_nothing(change: tuple[str, str]) -> None:
    found = told(change)
    assert [lean for *_, lean in found if lean is not None] == []
    assert len(found) == (0 if "24.0" in change[1] else 1)


def test_a_policy_is_no_different_from_itself_extended() -> None:
    default = parse_policy("policy: default\nsummary: s\nextends: default\n").policy
    from escalation.policy.policy import load_policy

    assert not policy_diff(load_policy("default").policy, default).deciding


def test_fewer_rungs_share_the_allowed_error_and_the_tier_is_named() -> None:
    found = told(
        ("tiers: [hpc, ai, quantum]", "tiers: [hpc, quantum]"),
    )
    assert ("tier ai", "is not tried any more", Lean.STRICTER) in found
    assert ("α of toy", "is shared among 2 steps of the ladder, before among 3", Lean.LOOSER) in found


def test_two_changes_that_lean_apart_leave_the_tier_open_for_other_facts() -> None:
    text = POLICY.replace("at_least: 0.5", "at_least: 0.3").replace("at_most: 24 h", "at_most: 12 h")
    found = policy_diff(parse_policy(POLICY).policy, parse_policy(text).policy)
    assert found.overall == {"hpc": Lean.SAME, "ai": Lean.SAME, "quantum": Lean.OTHERWISE}
