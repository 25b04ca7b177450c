"""A shadow policy is asked and never heard; a canary gets its share of the cases until its guard ends it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.engine.runtime import Runtime
from escalation.inputs.settings import Settings
from escalation.model.case import CaseStatus, Outcome
from escalation.model.errors import CaseConflict
from escalation.model.problem import Problem, Target
from escalation.policy.canary.choice import is_canary
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
from records.views.report import render
from tests.escalation.untracked import Untracked

POLICY = """\
policy: default
summary: One tier of this machine, for a table of this length.
tiers: [ai]
backends: {local_call: local}
gates:
  - {id: long_enough, tier: ai, because: Nobody searches less., when: {fact: toy.length, at_least: 4}}
"""
STRICT = POLICY.replace("policy: default", "policy: strict").replace("at_least: 4", "at_least: 7")
Site = Callable[..., Runtime]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A runtime whose settings have these changes; all are on the same records."""
    made: list[Runtime] = []

    def make(**changes: Any) -> Runtime:
        settings = Settings(home=tmp_path, **changes)
        store = FileStore(settings.store)
        made.append(Runtime(settings, SqlLedger(settings.ledger, store), store, Untracked(), render))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def policies(tmp_path: Path) -> tuple[str, str]:
    """The acting policy, and one that refuses a table of six numbers."""
    for name, text in (("acting", POLICY), ("strict", STRICT)):
        (tmp_path / f"{name}.yaml").write_text(text)
    return str(tmp_path / "acting.yaml"), str(tmp_path / "strict.yaml")


def ran(runtime: Runtime, policy: str, case_id: str = "c") -> Outcome:
    target = Target(metric="number", at_least=9)
    problem = Problem(family="toy", instance={"numbers": [9] * 6, "reach": 3}, target=target)
    return solve(runtime, prepare(problem, policy, case_id))


def test_a_shadow_is_asked_at_each_decision_and_changes_none(site: Site, policies: tuple[str, str]) -> None:
    acting, strict = policies
    plain, shadowed = site(), site(shadow_policy=strict)
    without, beside = ran(plain, acting, "without"), ran(shadowed, acting, "beside")
    assert beside.status is CaseStatus.ACCEPTED
    assert [each.digest for each in beside.decisions] == [each.digest for each in without.decisions]
    first, second = shadowed.ledger.shadows("beside")
    assert (first["policy"], first["verdict"], first["now"]) == ("strict", "changed", "refuse")
    assert [(each["rule"], each["effect"]) for each in first["why"]] == [("long_enough", "closes")]
    assert (second["decision"], second["verdict"]) == (1, "same")
    assert plain.ledger.shadows("without") == []
    assert beside.report is not None
    assert b"refuse (long_enough is not met)" in shadowed.store.get(beside.report)
    shadowed.ledger.check("beside")


def test_a_free_fact_that_no_decision_looked_at_is_looked_up_for_a_shadow(
    site: Site, policies: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / "bare.yaml").write_text(POLICY.partition("gates:")[0].replace("default", "bare"))
    runtime = site(shadow_policy=policies[1])
    ran(runtime, str(tmp_path / "bare.yaml"))
    assert runtime.ledger.shadows("c")[0]["now"] == "refuse"


def test_a_fact_of_the_machine_is_not_asked_for_on_a_shadows_behalf(
    site: Site, policies: tuple[str, str], tmp_path: Path
) -> None:
    asks = "  - {id: idle, tier: ai, because: No waiting., when: {fact: device.queue_s, at_most: 5 s}}\n"
    (tmp_path / "idle.yaml").write_text(POLICY + asks)
    runtime = site(shadow_policy=str(tmp_path / "idle.yaml"))
    ran(runtime, policies[0])
    found = runtime.ledger.shadows("c")[0]
    assert (found["verdict"], found["missing"]) == ("cannot tell", ["ai/two_looks: device.queue_s"])


@pytest.mark.parametrize("text", ["no: policy", None])
def test_a_shadow_that_cannot_be_read_harms_nothing_and_says_so(
    site: Site, policies: tuple[str, str], tmp_path: Path, text: str | None
) -> None:
    broken = tmp_path / f"broken{text is None}.yaml"
    if text is not None:
        broken.write_text(text)
    runtime = site(shadow_policy=str(broken))
    assert ran(runtime, policies[0]).status is CaseStatus.ACCEPTED
    assert "failed" in runtime.ledger.shadows("c")[0]


def test_a_ledger_that_takes_no_shadow_harms_nothing(
    site: Site, policies: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError("No space left on device")

    runtime = site(shadow_policy=policies[1])
    monkeypatch.setattr(SqlLedger, "note_shadow", full)
    assert ran(runtime, policies[0]).status is CaseStatus.ACCEPTED


def test_a_case_of_the_share_runs_under_the_canary_and_keeps_it(
    site: Site, policies: tuple[str, str]
) -> None:
    acting, strict = policies
    half = {"canary_policy": strict, "canary_share": 0.5}
    names = [f"case-{number}" for number in range(8)]
    runtime = site(**half)
    statuses = {name: ran(runtime, acting, name).status for name in names}
    drawn = {name: is_canary(name, 0.5) for name in names}
    assert set(drawn.values()) == {True, False}
    for name in names:
        info = runtime.ledger.case(name).info
        assert info.policy_name == ("strict" if drawn[name] else "default")
        assert statuses[name] is (CaseStatus.REFUSED if drawn[name] else CaseStatus.ACCEPTED)
    again = site(canary_policy=strict, canary_share=0.0)  # the share has changed: what is on record has not
    assert {name: ran(again, acting, name).status for name in names} == statuses
    with pytest.raises(CaseConflict, match="belongs to another policy"):
        ran(site(), acting, next(name for name in names if drawn[name]))


def test_a_canary_stands_in_for_the_policy_that_is_named_alone(site: Site, policies: tuple[str, str]) -> None:
    runtime = site(canary_policy=policies[1], canary_share=1.0, canary_of="another")
    assert ran(runtime, policies[0]).status is CaseStatus.ACCEPTED


def test_a_canary_that_cannot_be_read_leaves_the_acting_policy(
    site: Site, policies: tuple[str, str], tmp_path: Path
) -> None:
    runtime = site(canary_policy=str(tmp_path / "none.yaml"), canary_share=1.0)
    assert ran(runtime, policies[0]).status is CaseStatus.ACCEPTED


def test_the_guard_ends_a_canary_that_refuses_and_says_so_once(site: Site, policies: tuple[str, str]) -> None:
    acting, strict = policies
    runtime = site(canary_policy=strict, canary_share=0.5)
    case, ledger = prepared(acting), runtime.ledger
    digest = prepared(strict).policy.digest
    ran(runtime, acting, next(f"first-{n}" for n in range(99) if is_canary(f"first-{n}", 0.5)))
    for number in range(60):  # as if they had been solved: the canary's refused, the others accepted
        name = f"past-{number}"
        refused = number % 2 == 0
        info = (prepared(strict) if refused else case).info.model_copy(update={"case_id": name})
        ledger.open_case(info)
        status = CaseStatus.REFUSED if refused else CaseStatus.ACCEPTED
        ledger.close_case(name, status, Outcome(case_id=name, status=status))
    later = [f"later-{n}" for n in range(99) if is_canary(f"later-{n}", 0.5)][:3]
    assert [ran(runtime, acting, name).status for name in later] == [CaseStatus.ACCEPTED] * 3
    ended = [event for event in ledger.events() if event["kind"] == "canary.ended"]
    assert [event["body"]["digest"] for event in ended] == [digest]
    assert (
        "31 of 31 cases of the canary failed, were refused or are held, 0 of 30"
        in ended[0]["body"]["because"]
    )
    assert ledger.findings() == ()  # type: ignore[attr-defined]


def prepared(policy: str) -> Any:
    target = Target(metric="number", at_least=9)
    problem = Problem(family="toy", instance={"numbers": [9] * 6, "reach": 3}, target=target)
    return replace(prepare(problem, policy))
