from collections.abc import Callable

import pytest

from escalation.policy.policy import parse_policy
from escalation.policy.rules import Policy

POLICY = """\
policy: little
summary: for tests
tiers: [hpc, ai, quantum]
backends:
  local_call: local
  mpi_program: mpi
  circuit_batch: aer
gates:
  - id: fidelity
    tier: quantum
    because: Below this it is noise.
    when: {fact: quote.expected_fidelity, at_least: 0.5}
  - id: age
    tier: quantum
    because: Devices drift in a day.
    when: {fact: device.calibration_age_h, at_most: 24 h}
  - id: price
    tier: quantum
    because: It has to be paid.
    when: {fact: quote.usd, at_most: {fact: budget.usd_left}}
acceptance:
  - id: beats_null
    tier: quantum
    because: Dice do as well.
    when: {fact: controls.worst_p_value, at_most: 0.05}
approvals:
  - id: paid
    tier: quantum
    because: A person decides on money.
    unless: {fact: quote.usd, at_most: 10 USD}
tests:
  - name: all is well
    tier: quantum
    facts: {quote.expected_fidelity: 0.9, device.calibration_age_h: 1, quote.usd: 0, budget.usd_left: 5}
    expect: open
"""


@pytest.fixture(scope="session")
def policy_text() -> str:
    return POLICY


@pytest.fixture(scope="session")
def policy() -> Policy:
    return parse_policy(POLICY).policy


@pytest.fixture(scope="session")
def policy_with() -> Callable[[str, str], Policy]:
    def make(old: str, new: str) -> Policy:
        assert old in POLICY
        return parse_policy(POLICY.replace(old, new)).policy

    return make
