"""A policy that extends another is one policy: put together, hashed, recorded and shown as a whole."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from escalation.engine.opening import prepare, prepare_again
from escalation.inputs.document import Document, dumped
from escalation.inputs.settings import ROOT
from escalation.model.errors import PolicyError
from escalation.model.problem import Problem, Target, Tier
from escalation.policy.policy import LoadedPolicy, load_policy, parse_policy
from escalation.policy.policy_tests import require_passing, run_tests
from escalation.ports.registry import families
from records.store.files import FileStore

HEAD = "policy: child\nsummary: for tests\n"
ROWS = """
  - id: enough_rows
    tier: ai
    because: Trees need rows to learn from.
    when: {fact: data.minority_rows, at_least: 50 rows}
"""


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def gates(loaded: LoadedPolicy) -> Mapping[str, Any]:
    return {gate.id: gate for gate in loaded.policy.gates}


def test_a_child_says_only_what_is_its_own(tmp_path: Path) -> None:
    text = HEAD + "extends: default\nbudget: {usd: 5}\nsubmission: {wait_s: 60}\ngates:" + ROWS
    child, parent = load_policy(written(tmp_path, child=text) / "child.yaml"), load_policy("default")
    assert child.policy.policy == "child"
    assert (child.policy.budget.usd, child.policy.budget.qpu_s) == (5, 600)  # 600: policies/default.yaml
    assert (child.policy.submission.wait_s, child.policy.submission.approval_h) == (60, 24)
    assert list(gates(child)) == [*gates(parent), "enough_rows"]
    assert child.policy.backends == parent.policy.backends
    assert child.policy.tests == ()  # tests are of the file that they stand in


def test_a_change_has_a_reason_and_is_shown_with_both_lines(tmp_path: Path) -> None:
    change = (
        "changes:\n  - rule: fidelity\n    because: Our circuits are short.\n"
        "    when: {fact: quote.expected_fidelity, at_least: 0.5}\n"
        "  - rule: paid_work\n    because: Small sums are ours to spend.\n"
        "    unless: {fact: quote.usd, at_most: 2 USD}\n"
    )
    loaded = load_policy(written(tmp_path, child=HEAD + "extends: default\n" + change) / "child.yaml")
    assert gates(loaded)["fidelity"].when.at_least == 0.5
    assert loaded.policy.approvals[0].unless.at_most == "2 USD"  # type: ignore[union-attr]
    default = (ROOT / "policies/default.yaml").read_text().splitlines()
    line = default.index("  - id: fidelity") + 1
    assert loaded.origins["fidelity"] == f"policies/default.yaml:{line}, changed in child.yaml:5"
    assert f"# from {loaded.origins['fidelity']}\n" in loaded.text


def test_a_parent_may_stand_beside_and_extend_another(tmp_path: Path) -> None:
    base = "policy: base\nsummary: s\nextends: default\ngates:" + ROWS
    top = HEAD + "extends: base.yaml\nwaivers: [{gate: enough_rows, because: a good reason}]\n"
    loaded = load_policy(written(tmp_path, base=base, top=top) / "top.yaml")
    assert loaded.origins["enough_rows"] == "base.yaml:5"
    assert set(loaded.policy.waived) == {"enough_rows"}


BASE = HEAD + "extends: default\n"
WAIVER = "waivers: [{gate: price, because: a good reason}]\n"
CHANGE = BASE + "changes: [{rule: RULE, because: a good reason, FIELD: {fact: quote.usd, at_most: 1 USD}}]\n"


def changing(rule: str, field: str = "when") -> str:
    return CHANGE.replace("RULE", rule).replace("FIELD", field)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "extends: b.yaml\n", "b.yaml:3: extends: a circle, a.yaml → b.yaml → a.yaml"),
        (HEAD + "extends: a.yaml\n", "a.yaml:3: extends: a circle, a.yaml → a.yaml"),
        (HEAD + "extends: defualt\n", "a.yaml:3: extends: unknown policy 'defualt': expected one of def"),
        (HEAD + "extends: none.yaml\n", "a.yaml:3: extends: unknown policy 'none.yaml'"),
        (HEAD + "extends: ../a.yaml\n", "a.yaml:3: extends: expected one of default"),
        (HEAD + "extends: [default]\n", "a.yaml:3: extends: expected a text"),
        (HEAD + "extends: torn.yaml\n", "torn.yaml:3: expected YAML"),
        (HEAD + "extends: misspelt.yaml\n", "misspelt.yaml:3: sumary: unknown field"),
        ("policy: a\nextends: default\n", "a.yaml:1: summary: expected, but missing"),
        (BASE + "gates:" + ROWS + ROWS[1:], "a.yaml:9: gates.1.id: 'enough_rows' is used twice; the other"),
        (BASE + "gates:" + ROWS.replace("enough_rows", "price"), "a.yaml:5: gates.0.id: 'price'"),
        (BASE + "family_gates: [toi]\n", "a.yaml:4: family_gates: unknown family 'toi'"),
        (BASE + "gates: {}\n", "a.yaml:4: gates: expected a list of rules, got an empty mapping"),
        (BASE + "changes: price\n", "a.yaml:4: changes: expected a list of changes, got 'price'"),
        (changing("nix"), "a.yaml:4: changes.0.rule: no rule 'nix' is inherited"),
        (changing("price", "unless"), "a.yaml:4: changes.0: 'price' is one of the gates: expected `when`"),
        (changing("price").replace("1 USD", "1 h"), "a.yaml:4: changes.0.when: quote.usd has the unit USD"),
        (changing("price").replace("because: a good reason, ", ""), "a.yaml:4: changes.0.because: expected"),
        (BASE + WAIVER + "backends: {circuit_batch: 'ibm_runtime:ibm_fez'}", "a.yaml:4: waivers: not"),
    ],
)  # fmt: skip
def test_what_cannot_be_put_together_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    written(
        tmp_path,
        a=text,
        b=HEAD + "extends: a.yaml\n",
        torn="policy: b\ntiers: [hpc\n",
        misspelt="policy: b\nextends: default\nsumary: s\n",
    )
    with pytest.raises(PolicyError) as error:
        load_policy(tmp_path / "a.yaml")
    said = str(error.value).replace(f"{tmp_path}/", "")
    assert said.startswith(message)
    assert "\n" not in said


def test_a_text_extends_only_what_ships() -> None:
    assert len(parse_policy(HEAD + "extends: default\n").policy.gates) >= 7
    with pytest.raises(
        PolicyError, match=r"^p:3: extends: expected one of default, practice, rehearsal, got"
    ):
        parse_policy(HEAD + "extends: base.yaml\n", "p")


@pytest.mark.parametrize("name", ["default", "rehearsal", "practice"])
def test_the_resolved_text_is_the_same_policy_again(name: str) -> None:
    loaded = load_policy(name)
    again = parse_policy(loaded.text, name)
    assert again.policy.digest == loaded.policy.digest
    assert again.text == loaded.text
    assert again.origins == loaded.origins
    assert [*gates(again), "beats_null", "paid_work"] == list(again.origins)
    assert str(ROOT) not in loaded.text  # a record is read on other machines


@pytest.mark.parametrize(
    "value",
    [
        "no",
        "1e3",
        "007",
        "8:30",
        "~",
        "0x1f",
        "a: b",
        "# x",
        "",
        " x ",
        "ä\u2028b",
        "<<",
        "1.",
        "é\n\tx",
        "-",
    ],
)
def test_what_is_written_is_what_is_read(value: str) -> None:
    data = {"a": [value, {value: value}], "b": 1e300, "c": 1.5, "d": None, "e": True, "f": -7}
    assert Document("d", dumped(data)).data == data


def test_a_case_keeps_the_resolved_text_and_goes_on_with_it(tmp_path: Path) -> None:
    problem = Problem(family="toy", instance={"numbers": [1, 2]}, target=Target(metric="number", at_least=1))
    case = prepare(problem, "rehearsal")
    assert "extends" not in case.info.policy_text
    assert "# from policies/default.yaml:" in case.info.policy_text
    again = prepare_again(case.info, FileStore(tmp_path))
    assert (again.info.policy_digest, again.info.policy_text) == (
        case.info.policy_digest,
        case.info.policy_text,
    )


def test_gates_of_a_family_are_for_its_problems_alone() -> None:
    policy = load_policy("default").policy
    for name in families():
        own = {gate.id for gate in policy.gates_of(Tier.QUANTUM, name) if gate.families is not None}
        others = {gate.id for gate in policy.gates if gate.families is not None and name not in gate.families}
        assert not own & others
        assert all(gate.families == (name,) for gate in policy.gates_of(Tier.QUANTUM, name) if gate.families)
    assert not any(gate.families for gate in policy.gates_of(Tier.QUANTUM, None))


def test_a_policy_that_takes_no_gates_in_has_none_of_a_familys(policy_text: str) -> None:
    assert parse_policy(policy_text).families == ()
    some = parse_policy("family_gates: [optimisation]\n" + policy_text)
    assert some.families == ("optimisation",)
    assert {gate.families for gate in some.policy.gates} == {None, ("optimisation",)}


@pytest.fixture
def own_gates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the toy family's gates are read from."""
    from escalation.ports.registry import FamilyDescriptor

    file = tmp_path / "gates.yaml"
    toy = FamilyDescriptor.gates_file.fget  # type: ignore[attr-defined]
    monkeypatch.setattr(
        FamilyDescriptor, "gates_file", property(lambda self: file if self.name == "toy" else toy(self))
    )
    return file


GATE = """gates:
  - id: long
    tier: hpc
    because: Short lists need none.
    when: {fact: toy.length, above: 2}
"""


def test_a_failing_test_of_a_familys_gates_refuses_every_policy_that_takes_them_in(own_gates: Path) -> None:
    own_gates.write_text(
        GATE + "tests: [{name: short, tier: hpc, facts: {toy.length: 1}, expect: open}]\n", encoding="utf-8"
    )
    with pytest.raises(
        PolicyError,
        match=r"^problems/toy/gates.yaml: test 'short': expected tried .* got not tried: long not met",
    ):
        require_passing(load_policy("default"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gates: []\nrules: []\n", "problems/toy/gates.yaml:2: rules: unknown field"),
        (GATE.replace("toy.length", "toy.lenght"), "problems/toy/gates.yaml:5: gates.0.when: unknown fact"),
        (GATE.replace("long", "price"), "problems/toy/gates.yaml:2: gates.0.id: 'price' is used twice"),
        (GATE + "    families: [toy]\n", "problems/toy/gates.yaml:6: gates.0.families: unknown field"),
    ],
)
def test_gates_that_do_not_hold_together_name_their_own_line(
    own_gates: Path, text: str, message: str
) -> None:
    own_gates.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError) as error:
        load_policy("default")
    assert str(error.value).startswith(message)


def test_a_family_without_its_file_of_gates_is_refused(own_gates: Path) -> None:
    with pytest.raises(PolicyError, match="no such file"):
        load_policy("default")


def test_tests_of_a_child_look_at_the_whole() -> None:
    text = HEAD + (
        "extends: default\ntests:\n  - {name: noise, tier: quantum, facts: {quote.expected_fidelity: 0.1}, "
        "expect: closed, by: [data_may_leave]}\n"
    )
    (finding,) = run_tests(parse_policy(text).policy)
    assert finding.passed
