"""What `policy check` remarks on: conditions that nothing meets, hardware, limits beyond the site's."""

import pytest

from escalation.inputs.site import Site
from escalation.policy.policy import load_policy, parse_policy
from escalation.policy.remarks.remarks import remarks

HEAD = """\
policy: mine
summary: for tests
tiers: [hpc, ai, quantum]
backends: {local_call: local, mpi_program: mpi, circuit_batch: aer, expectation_batch: aer}
"""
HARDWARE = HEAD.replace("aer", "ibm_runtime:ibm_boston")


def said(text: str, site: Site = Site()) -> list[str]:  # noqa: B008
    return list(remarks(parse_policy(text).policy, site))


def gate(when: str, name: str = "g") -> str:
    return f"  - {{id: {name}, tier: quantum, because: As tests want it., when: {when}}}\n"


@pytest.mark.parametrize(
    ("when", "why"),
    [
        (
            "{fact: quote.expected_fidelity, above: 1}",
            "quote.expected_fidelity cannot be above 1: it lies from 0 to 1",
        ),
        (
            "{all: [{fact: quote.usd, at_least: 5 USD}, {fact: quote.usd, below: 5 USD}]}",
            "quote.usd cannot be at least 5 USD and below 5 USD",
        ),
        (
            "{all: [{fact: quote.usd, above: {fact: budget.usd_left}}, "
            "{any: [{fact: quote.usd, at_most: {fact: budget.usd_left}}, {fact: quote.usd, below: 0 USD}]}]}",
            "quote.usd cannot be above budget.usd_left and at most budget.usd_left; "
            "quote.usd cannot be above budget.usd_left and below 0 USD",
        ),
        (
            "{all: [{fact: quote.usd, at_most: {fact: budget.usd_left}}, {fact: quote.usd, above: 5 USD}, "
            "{fact: budget.usd_left, at_most: 5 USD}]}",
            "quote.usd cannot be at most budget.usd_left and above 5 USD",
        ),
        (
            "{fact: problem.stage, equals: trial}",
            "problem.stage cannot be trial: it is one of retrospective, silent, assisted, live",
        ),
        (
            "{all: [{fact: device.available, equals: true}, {fact: device.available, equals: false}]}",
            "device.available cannot be yes and no",
        ),
    ],
)
def test_a_gate_that_nothing_opens_is_told_with_the_reason(when: str, why: str) -> None:
    assert said(HEAD + "gates:\n" + gate(when)) == [
        f"condition g is never met, so quantum is never tried: {why}"
    ]


@pytest.mark.parametrize(
    "when",
    [
        "{fact: quote.expected_fidelity, at_least: 1}",
        "{all: [{fact: quote.usd, at_least: 5 USD}, {fact: quote.usd, at_most: 5 USD}]}",
        "{any: [{fact: quote.expected_fidelity, above: 1}, {fact: device.available, equals: true}]}",
        "{all: [{fact: quote.usd, at_least: {fact: budget.usd_left}}, "
        "{fact: quote.usd, at_most: {fact: budget.usd_left}}]}",
        "{fact: problem.stage, one_of: [trial, live]}",
    ],
)
def test_what_some_facts_meet_is_no_matter(when: str) -> None:
    assert said(HEAD + "gates:\n" + gate(when)) == []


def test_gates_that_exclude_each_other_are_told_together() -> None:
    gates = gate("{fact: quote.qubits, at_most: 4}", "few") + gate("{fact: quote.qubits, above: 8}", "many")
    (one,) = said(HEAD + "gates:\n" + gates)
    assert one == (
        "the conditions of quantum (few and many) are never met together, so it is never tried: "
        "quote.qubits cannot be at most 4 and above 8"
    )


def test_an_acceptance_that_nothing_meets_is_told() -> None:
    rule = (
        "{id: a, tier: quantum, because: As tests want it., when: {fact: controls.worst_p_value, below: 0}}"
    )
    (one,) = said(HEAD + f"acceptance: [{rule}]\n")
    assert one.startswith("acceptance a is never met, so no answer of quantum is accepted: ")


def test_a_fact_that_other_families_lack_closes_their_tier() -> None:
    (one,) = said(HEAD + "gates:\n" + gate("{fact: toy.length, at_least: 4}"))
    assert one.startswith("condition g is not met for any problem of ")
    assert "optimisation" in one
    assert one.endswith(": they have no toy.length")
    alone = gate("{fact: toy.length, at_least: 4}").replace("tier:", "families: [toy], tier:")
    either = gate("{any: [{fact: toy.length, at_least: 4}, {fact: quote.usd, at_most: 5 USD}]}")
    assert said(HEAD + "gates:\n" + alone) == said(HEAD + "gates:\n" + either) == []


def test_hardware_without_approvals_or_that_the_site_forbids_is_told() -> None:
    found = said(HARDWARE)
    assert found == [
        "ibm_runtime:ibm_boston is hardware, and this site allows none: nothing is sent there",
        "ibm_runtime:ibm_boston is hardware, and the policy has no approvals: "
        "whether a person is asked is left to the site",
    ]


def test_limits_beyond_the_sites_are_told() -> None:
    site = Site(hardware_allowed=True, unasked_usd=10.0, limit_usd=100.0)
    unless = "{fact: quote.usd, at_most: LIMIT USD}"
    asks = f"{{id: money, tier: quantum, because: A person decides., unless: {unless}}}"
    text = HARDWARE + f"budget: {{usd: 1000}}\napprovals: [{asks}]\n"
    assert said(text.replace("LIMIT", "50"), site) == [
        "budget: 1000 USD is more than the site's limit in the ledger, 100 USD, which counts",
        "approval money: asks nobody up to 50 USD, and the site asks about more than 10 USD "
        "on hardware, which counts",
    ]
    assert said(text.replace("LIMIT", "10").replace("1000", "100"), site) == []
    assert "about every job" in said(text.replace("LIMIT", "50"), Site(hardware_allowed=True))[0]


@pytest.mark.parametrize("name", ["default", "practice", "rehearsal"])
def test_the_policies_that_ship_leave_nothing_to_remark(name: str) -> None:
    assert list(remarks(load_policy(name).policy, Site())) == []
