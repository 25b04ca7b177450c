from pathlib import Path

import pytest

from escalation.engine.opening import prepare
from escalation.inputs.settings import ROOT
from escalation.model.errors import PolicyError
from escalation.model.problem import Problem, Target
from escalation.policy.extending import find_policy
from escalation.policy.policy import load_policy, parse_policy
from escalation.policy.policy_tests import require_passing, run_tests

SHIPPED = sorted((ROOT / "policies").glob("*.yaml"))
HARD_GATES = {
    "data_may_leave", "not_simulable", "fidelity", "calibration_age", "qpu_seconds", "price", "device_up",
}  # fmt: skip


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_policies_hold_together_and_pass_their_own_tests(path: Path) -> None:
    loaded = load_policy(path)
    assert loaded.policy.tests
    require_passing(loaded)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_policies_have_every_hard_gate_on_quantum(path: Path) -> None:
    policy = load_policy(path).policy
    assert {gate.id for gate in policy.gates if gate.tier == "quantum"} >= HARD_GATES


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("quote.expected_fidelity, at", "quote.expected_fidelty, at", "did you mean quote.expected_fid"),
        ("at_most: 24 h", "at_most: 24 s", "has the unit h, got '24 s'"),
        ("at_most: 24 h", "at_most: 24", "has the unit h, got 24"),
        ("at_most: 24 h", "at_most: soon", "got at_most: 'soon'"),
        ("at_most: 24 h", "at_most: 1.2.3 h", "got at_most: '1.2.3 h'"),
        ("at_most: 24 h", "at_most: 1e999 h", "got at_most: '1e999 h'"),
        ("at_least: 0.5", "at_least: true", "expected a number, got True"),
        ("{fact: quote.usd, at_most: 10 USD}", "cheap", "expected a condition"),
        ("at_most: 24 h", "at_most: !hours 24", "expected a plain value, got '24' read as !hours"),
        ("at_most: 24 h", "at_most: .inf", "expected a plain value, got '.inf' read as float"),
        ("at_least: 0.5", "equals: true", "quote.expected_fidelity is a number, got True"),
        ("at_least: 0.5", "at_least: 0.5, below: 1", "expected exactly one of at_least"),
        ("at_least: 0.5", "at_leats: 0.5", "unknown field"),
        ("{fact: budget.usd_left}", "{fact: budget.qpu_s_left}", "is a number in USD, but its limit"),
        ("    because: Below this it is noise.\n", "", "because: expected, but missing"),
        ("because: Below this it is noise.", "because: ''", "because: string should have at least 8"),
        ("id: age", "id: fidelity", "'fidelity' is used twice"),
        ("tiers: [hpc, ai, quantum]", "tiers: [ai, hpc]", "in the order hpc, ai, quantum"),
        ("circuit_batch: aer", "circuit_batch: air", "unknown backend 'air'"),
        ("circuit_batch: aer", "circuit_batch: local", "runs local_call, not circuit_batch"),
        ("tests:", "waivers: [{gate: fidelty, because: a good reason}]\ntests:", "got 'fidelty'"),
        ("tests:", "methods: {toy: [scann]}\ntests:", "unknown method 'scann'"),
        ("facts: {quote.expected_fidelity", "facts: {quote.fidelity", "unknown fact 'quote.fidelity'"),
        ("quote.usd: 0,", "quote.usd: '0',", "quote.usd is a number in USD, got '0'"),
        ("quote.usd: 0,", "quote.usd: true,", "quote.usd is a number in USD, got True"),
        ("fidelity: 0.9", "fidelity: 9", "quote.expected_fidelity lies from 0 to 1, got 9"),
        ("    expect: open", "    family: toi\n    expect: open", "unknown family 'toi': expected one of"),
        ("policy: little", "policies: little", "policy: expected, but missing"),
    ],
)
def test_a_policy_that_does_not_hold_together_is_refused_with_its_line(
    policy_text: str, old: str, new: str, message: str
) -> None:
    assert old in policy_text
    text = policy_text.replace(old, new)
    marker = new.splitlines()[0] if new else "  - id: fidelity"
    line = text[: text.rindex(marker)].count("\n") + 1
    with pytest.raises(PolicyError) as error:
        parse_policy(text, "p.yaml")
    assert message in str(error.value)
    assert str(error.value).startswith(f"p.yaml:{line}: "), str(error.value)
    assert "\n" not in str(error.value)


def test_a_waiver_on_hardware_is_refused(policy_text: str) -> None:
    text = policy_text.replace("circuit_batch: aer", "circuit_batch: ibm_runtime:ibm_fez")
    parse_policy(text)
    waiver = "waivers: [{gate: age, because: it is old but fine}]\ntests:"
    with pytest.raises(PolicyError, match="not allowed on hardware"):
        parse_policy(text.replace("tests:", waiver))


def test_failing_policy_tests_are_bad_input_before_anything_runs(policy_text: str, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(policy_text.replace("expect: open", "expect: closed"))
    problem = Problem(family="toy", instance={"numbers": [1, 2]}, target=Target(metric="number", at_least=1))
    with pytest.raises(
        PolicyError, match=r"test 'all is well': expected not tried \(`expect: closed`\), got tried;"
    ):
        prepare(problem, path)


def test_policy_tests_name_the_rule_that_closes(policy_text: str) -> None:
    text = policy_text.replace("quote.expected_fidelity: 0.9", "quote.expected_fidelity: 0.1").replace(
        "expect: open", "expect: closed\n    by: [fidelity]"
    )
    (finding,) = run_tests(parse_policy(text).policy)
    assert finding.passed
    (finding,) = run_tests(parse_policy(text.replace("[fidelity]", "[age]")).policy)
    assert not finding.passed


def test_policies_are_found_by_name_or_path(tmp_path: Path) -> None:
    assert find_policy("default") == ROOT / "policies" / "default.yaml"
    with pytest.raises(PolicyError, match=r"unknown policy 'defualt': expected a file or one of .*default"):
        find_policy("defualt")
    with pytest.raises(PolicyError, match="no such file"):
        load_policy(tmp_path / "none.yaml")


def test_the_hash_of_a_policy_ignores_comments_but_not_limits(policy_text: str) -> None:
    plain = parse_policy(policy_text).policy.digest
    assert parse_policy("# a comment\n" + policy_text).policy.digest == plain
    assert parse_policy(policy_text.replace("24 h", "25 h")).policy.digest != plain
