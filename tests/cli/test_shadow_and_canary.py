"""What a person sees of a shadow policy and of a canary."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.engine.runtime import Runtime
from escalation.inputs.settings import Settings
from escalation.model.problem import Problem, Target
from escalation.ports.configuration import settings
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
from records.views.report import render
from tests.cli.conftest import Said
from tests.escalation.engine.test_shadow_and_canary import POLICY
from tests.escalation.untracked import Untracked

Call = Callable[..., Said]


@pytest.fixture
def watched(home: Path, tmp_path: Path) -> str:
    """A case that a stricter policy watched and another that ran under it; returns that policy's file."""
    strict = tmp_path / "strict.yaml"
    strict.write_text(
        POLICY.replace("policy: default", "policy: strict").replace("at_least: 4", "at_least: 7")
    )
    acting = tmp_path / "acting.yaml"
    acting.write_text(POLICY)
    target = Target(metric="number", at_least=9)
    problem = Problem(family="toy", instance={"numbers": [9] * 6, "reach": 3}, target=target)
    for case_id, own in (
        ("shadowed", Settings(home=home, shadow_policy=str(strict))),
        ("canary", Settings(home=home, canary_policy=str(strict), canary_share=1.0)),
    ):
        store = FileStore(own.store)
        runtime = Runtime(own, SqlLedger(own.ledger, store), store, Untracked(), render)
        solve(runtime, prepare(problem, acting, case_id))
        runtime.close()
    return str(strict)


def test_explain_says_what_the_shadow_would_have_decided(call: Call, watched: str) -> None:
    said = call("explain", "shadowed").out
    assert "The shadow policy strict: refuse (long_enough is not met)." in said
    assert "The shadow policy strict: the same." in said


def test_both_policies_are_shown_side_by_side(
    call: Call, watched: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIERWISE_CANARY_POLICY", watched)
    monkeypatch.setenv("TIERWISE_CANARY_SHARE", "5%")
    settings.cache_clear()
    said = call("policy", "canary", "--json")
    found = json.loads(said.out)
    assert (said.code, found["policy"], found["share"], found["ended"]) == (0, "strict", 0.05, None)
    assert (found["canary"]["cases"], found["canary"]["bad"]) == (1, 1)
    told = call("policy", "canary").out
    assert "gets 5 % of the cases of default" in told


def test_without_a_canary_there_is_nothing_to_show(call: Call, home: Path) -> None:
    said = call("policy", "canary")
    assert (said.code, said.out) == (0, "no canary: TIERWISE_CANARY_POLICY names none\n")


@pytest.mark.parametrize("share", ["5 percent", "120%", "-1"])
def test_a_share_that_is_none_is_one_line(
    call: Call, home: Path, monkeypatch: pytest.MonkeyPatch, share: str
) -> None:
    monkeypatch.setenv("TIERWISE_CANARY_SHARE", share)
    settings.cache_clear()
    said = call("policy", "canary")
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert "TIERWISE_CANARY_SHARE" in said.err


def test_a_shadow_policy_that_cannot_be_read_is_said_once_before_cases_are_solved(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem, policy, shadow = (tmp_path / name for name in ("p.json", "acting.yaml", "shadow.yaml"))
    target = Target(metric="number", at_least=9)
    asked = Problem(family="toy", instance={"numbers": [9] * 6, "reach": 3}, target=target)
    problem.write_text(asked.model_dump_json(exclude_none=True))
    policy.write_text(POLICY)
    shadow.write_text(POLICY)
    monkeypatch.setenv("TIERWISE_SHADOW_POLICY", str(shadow))
    settings.cache_clear()
    solving = "solve", str(problem), str(problem), "--policy", str(policy), "--engine", "plain", "--quiet"
    assert call(*solving).err == ""
    shadow.write_text("gates: {}")
    done = call(*solving)
    assert done.code == 0
    assert done.err.startswith("remark: TIERWISE_SHADOW_POLICY: ")
    assert (str(shadow) in done.err, done.err.count("\n")) == (True, 1)
