"""That the same data were asked before is said in the outcome and its report, and is the same ever after."""

from dataclasses import replace
from pathlib import Path

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.engine.runtime import Runtime
from escalation.model.case import Outcome
from escalation.model.problem import Problem, Target
from escalation.policy.policy import parse_policy
from escalation.replay.replay import replay

POLICY = """\
policy: default
summary: One tier of this machine.
tiers: [ai]
backends: {local_call: local}
"""


def ask(runtime: Runtime, case_id: str, seed: int) -> Outcome:
    target = Target(metric="number", at_least=5)
    problem = Problem(family="toy", instance={"numbers": [3, 1, 5]}, target=target, seed=seed)
    case = prepare(problem, parse_policy(POLICY), case_id)
    told = case.info.model_copy(
        update={"data_digest": "d" * 64}
    )  # as a family whose data come by chance tells
    return solve(runtime, replace(case, info=told))


def test_a_second_question_to_the_same_data_is_told_in_outcome_and_report(runtime: Runtime) -> None:
    assert ask(runtime, "first", 2).remarks == ()
    second = ask(runtime, "second", 3)
    [remark] = second.remarks
    assert "asked once before in this ledger, with other seeds" in remark
    assert second.record is not None
    assert remark in Path(second.record).read_text()
    assert ask(runtime, "second", 3).remarks == (remark,)  # as it was closed
    assert ask(runtime, "third", 2).remarks == (remark,)


def test_a_replay_says_what_was_known_then(runtime: Runtime) -> None:
    for case_id, seed in (("first", 2), ("second", 3), ("third", 4)):
        ask(runtime, case_id, seed)
    assert replay(runtime.ledger, runtime.store, "second").differences == ()
