"""Single cases, each checkable by hand: what changes, by which rule and margin, and what nobody can tell."""

from dataclasses import replace
from typing import Any

import pytest

from escalation.model.amounts import Amounts
from escalation.model.certificate import Certificate, CertificateStatus, Control
from escalation.model.problem import DataClass, Problem, Target
from escalation.policy.backtest.comparing import Compared, DecisionChange, Gone, compare
from escalation.policy.backtest.parts import Backtest, parts
from escalation.policy.backtest.past_case import PastCase
from escalation.policy.backtest.plans import Plans
from escalation.policy.backtest.reasons import Effect
from escalation.policy.backtest.tally import Tally
from escalation.policy.policy import parse_policy
from escalation.policy.rules import Policy
from escalation.testing.decided_cases import Came, DecidedCase, decided_case

OLD = """\
policy: old
summary: for tests
tiers: [hpc, ai, quantum]
backends: {local_call: local, mpi_program: mpi, circuit_batch: aer}
gates:
  - {id: fidelity, tier: quantum, because: It is noise., when: {fact: quote.expected_fidelity, at_least: 0.5}}
  - {id: up, tier: quantum, because: It is down., when: {fact: device.available, equals: true}}
acceptance:
  - {id: null, tier: quantum, because: Dice do it., when: {fact: controls.worst_p_value, at_most: 0.05}}
approvals:
  - {id: paid, tier: quantum, because: A person pays., unless: {fact: quote.usd, at_most: 10 USD}}
""".replace("id: null", "id: beats_null")
FACTS = {"quote.expected_fidelity": 0.6, "device.available": True, "quote.usd": 0.0}


def policy(*changes: tuple[str, str], more: str = "") -> Policy:
    text = OLD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return parse_policy(text + more).policy


def bounded(alpha: float | None = None) -> Came:
    certificate = Certificate(
        status=CertificateStatus.BOUNDED, kind="k", value=8.0, alpha=alpha, verifier="v"
    )
    return Came(certificate, Amounts(wall_s=2.0, cpu_s=3.0))


def certified(p_value: float) -> Came:
    control = Control(name="null", value=1.0, difference=1.0, p_value=p_value)
    certificate = Certificate(
        status=CertificateStatus.CERTIFIED, kind="k", value=11.0, verifier="v", controls=(control,)
    )
    return Came(certificate, Amounts(wall_s=5.0, usd=2.5), certified=True)


def past(facts: dict[str, Any], dice: Came, hpc: Came | None = None, text: str = OLD) -> PastCase:
    problem = Problem(
        family="toy", instance={}, target=Target(metric="number", at_least=10), data_class=DataClass.PUBLIC
    )
    came = {"scan": hpc or bounded(), "two_looks": bounded(), "dice": dice}
    return decided_case(DecidedCase(parse_policy(text), problem, came, FACTS | facts))


def compared(case: PastCase, new: Policy) -> list[Compared]:
    return list(compare(case, Plans(new)))


def test_a_stricter_limit_closes_what_was_tried_and_saves_what_it_cost() -> None:
    case = past({}, certified(0.01))
    found = compared(case, policy(("at_least: 0.5", "at_least: 0.7")))
    assert [each.verdict for each in found] == ["same", "same", "changed", "cannot tell"]
    changed = found[2]
    assert str(changed.was) == "attempt quantum/dice on aer"
    assert str(changed.now) == "abstain"
    (reason,) = changed.reasons
    assert (reason.rule, reason.effect, reason.rung) == ("fidelity", Effect.CLOSES, "quantum/dice")
    assert reason.miss is not None
    assert reason.miss.margin == pytest.approx(-0.1)
    assert changed.saved == Amounts(wall_s=5.0, usd=2.5)
    assert found[3].gone is Gone.AFTER_CHANGE


def test_behind_a_gate_that_opens_another_may_never_have_been_looked_at() -> None:
    case = past({"quote.expected_fidelity": 0.4, "quote.usd": 31.0}, certified(0.01))
    (*_, last) = compared(
        case, policy(("at_least: 0.5", "at_least: 0.3"), ("at_most: 10 USD", "at_most: 50 USD"))
    )
    assert last.verdict is DecisionChange.UNTOLD
    assert last.missing == ("quantum/dice: device.available",)


def test_where_the_other_gates_were_looked_at_a_looser_limit_is_told() -> None:
    before = OLD.replace("{fact: device.available, equals: true}", "{fact: quote.usd, at_most: 100 USD}")
    case = past({"quote.expected_fidelity": 0.4, "quote.usd": 31.0}, certified(0.01), text=before)
    new = parse_policy(before.replace("at_least: 0.5", "at_least: 0.3")).policy
    (*_, last) = compared(case, new)
    assert (str(last.was), str(last.now)) == ("abstain", "attempt quantum/dice on aer, held for a person")
    assert [(each.rule, each.effect) for each in last.reasons] == [("fidelity", Effect.CLOSED)]
    assert last.reasons[0].miss is not None
    assert last.reasons[0].miss.margin == pytest.approx(0.1)
    assert (last.saved, last.gone, last.at_most_usd) == (None, Gone.NEVER_TRIED, 31.0)


def test_a_gate_on_a_fact_that_nobody_looked_up_cannot_be_told() -> None:
    more = "  - {id: queue, tier: ai, because: No waiting., when: {fact: device.queue_s, at_most: 5 s}}\n"
    new = policy(("acceptance:\n", f"{more}acceptance:\n"))
    found = compared(past({}, certified(0.01)), new)
    assert [each.verdict for each in found] == ["same", "cannot tell", "cannot tell", "cannot tell"]
    assert [each.gone for each in found[1:]] == [Gone.FACT, Gone.AFTER_UNTOLD, Gone.AFTER_UNTOLD]
    assert found[1].missing == ("ai/two_looks: device.queue_s",)


UNSEEN = "  - {id: queue, tier: ai, because: No waiting., when: {fact: device.queue_s, at_most: 5 s}}\n"


def test_a_change_is_certain_where_what_was_tried_is_closed_and_what_is_tried_instead_is_not_told() -> None:
    """The first rung is not in the new policy; whether the next is open nobody looked up then."""
    new = policy(("tiers: [hpc, ai, quantum]", "tiers: [ai, quantum]"), ("gates:\n", f"gates:\n{UNSEEN}"))
    case = past({}, certified(0.01))
    found = compared(case, new)
    assert [each.verdict for each in found] == ["changed"] + ["cannot tell"] * 3
    first = found[0]
    assert (str(first.was), first.now, first.gone) == ("attempt hpc/scan on mpi", None, Gone.FACT)
    assert first.missing == ("ai/two_looks: device.queue_s",)
    assert [(each.rule, each.effect) for each in first.reasons] == [("methods", Effect.MISSING)]
    assert [each.gone for each in found[1:]] == [Gone.AFTER_CHANGE] * 3
    tally = Tally()
    tally.add_case(found)
    assert tally.changes == {("attempt hpc/scan", "to what cannot be told"): 1}
    assert tally.cases == {"changed": 1}


def test_an_answer_that_is_no_more_accepted_changes_though_what_follows_is_not_told() -> None:
    """The answer of the last rung but one is turned down; of the rung after it nothing is on record."""
    case = past({}, certified(0.01), hpc=certified(0.2))
    [first, accepted] = compared(case, policy())
    assert (str(first.verdict), str(accepted.was)) == ("same", "accept hpc/scan on mpi")
    strict = (
        "  - {id: sure, tier: hpc, because: No trust., when: {fact: controls.worst_p_value, at_most: 0.1}}\n"
    )
    new = policy(("acceptance:\n", f"acceptance:\n{strict}"), ("gates:\n", f"gates:\n{UNSEEN}"))
    (_, now) = compared(case, new)
    assert (now.verdict, now.now, now.missing) == ("changed", None, ("ai/two_looks: device.queue_s",))
    assert [(each.rule, each.effect) for each in now.reasons] == [("sure", Effect.REJECTS)]


def test_a_fact_that_was_looked_up_and_unknown_is_no_gap_in_the_record() -> None:
    case = past({"quote.expected_fidelity": None}, certified(0.01))
    (*_, last) = compared(case, policy(("at_least: 0.5", "at_least: 0.1")))
    assert (last.verdict, str(last.now)) == (DecisionChange.SAME, "abstain")


def test_what_follows_from_the_problem_is_told_though_nobody_looked_it_up() -> None:
    more = "  - {id: live, tier: quantum, because: Not yet., when: {fact: problem.stage, equals: live}}\n"
    found = compared(past({}, certified(0.01)), policy(("acceptance:\n", f"{more}acceptance:\n")))
    assert [(each.rule, each.effect) for each in found[2].reasons] == [("live", Effect.CLOSES)]


def test_acceptance_that_asks_more_ends_otherwise_at_no_other_cost() -> None:
    found = compared(past({}, certified(0.04)), policy(("at_most: 0.05", "at_most: 0.01")))
    last = found[-1]
    assert (str(last.was), str(last.now)) == ("accept quantum/dice on aer", "abstain")
    assert [(each.rule, each.effect) for each in last.reasons] == [("beats_null", Effect.REJECTS)]
    assert last.saved == Amounts()


def test_an_answer_that_is_not_accepted_any_more_goes_on_for_that_reason_alone() -> None:
    rule = "  - {id: alone, tier: hpc, because: One is none., when: {fact: attempt.count, at_least: 2}}\n"
    case = past({}, certified(0.01), hpc=certified(0.01))
    first, last = compared(case, policy(("approvals:\n", f"{rule}approvals:\n")))
    assert (first.verdict, str(last.was)) == (DecisionChange.SAME, "accept hpc/scan on mpi")
    assert str(last.now) == "attempt ai/two_looks on local"
    assert [(each.rule, each.effect) for each in last.reasons] == [("alone", Effect.REJECTS)]
    before = parse_policy(OLD.replace("approvals:\n", f"{rule}approvals:\n")).text
    again = compared(past({}, certified(0.01), hpc=certified(0.01), text=before), policy())
    assert (str(again[1].was), str(again[1].now)) == (str(last.now), str(last.was))
    assert [(each.rule, each.effect) for each in again[1].reasons] == [("alone", Effect.REJECTED)]


def test_an_attempt_that_is_no_longer_held_costs_what_it_did() -> None:
    found = compared(
        past({"quote.usd": 20.0}, certified(0.01)), policy(("at_most: 10 USD", "at_most: 30 USD"))
    )
    held = found[2]
    assert (held.was.held, held.now is not None and held.now.held) == (True, False)
    assert [(each.rule, each.effect) for each in held.reasons] == [("paid", Effect.ASKED)]
    assert held.saved == Amounts()


def test_a_certificate_at_another_share_of_alpha_is_another_certificate() -> None:
    fewer = policy(("tiers: [hpc, ai, quantum]", "tiers: [hpc, ai]"))
    drawn = compared(past({}, certified(0.01), hpc=bounded(alpha=0.05 / 3)), fewer)
    assert [each.gone for each in drawn] == [None, Gone.ALPHA, Gone.ALPHA, Gone.ALPHA]
    proved = compared(past({}, certified(0.01), hpc=bounded()), fewer)
    assert [(each.rule, each.effect) for each in proved[2].reasons] == [("methods", Effect.MISSING)]


def test_on_another_backend_what_was_found_of_a_rung_counts_no_more() -> None:
    moved = policy(("circuit_batch: aer", "circuit_batch: ibm_runtime:fake_boston"))
    found = compared(past({}, certified(0.01)), moved)
    assert found[2].missing == ("quantum/dice: device.available", "quantum/dice: quote.expected_fidelity")


@pytest.mark.parametrize(
    ("budget", "verdicts", "gone"),
    [
        ("{cpu_s: 100}", ["same"] * 4, None),
        ("{cpu_s: 5}", ["same", "same", "cannot tell", "cannot tell"], Gone.BUDGET),
        ("{wall_s: 100}", ["same"] * 4, None),
        ("{wall_s: 8}", ["cannot tell"] * 4, Gone.ELAPSED),
        ("{usd: 1}", ["same", "same", "same", "cannot tell"], Gone.BUDGET),
    ],
)
def test_another_budget_is_told_as_far_as_the_record_knows_what_was_spent(
    budget: str, verdicts: list[str], gone: Gone | None
) -> None:
    found = compared(past({}, certified(0.01)), policy(more=f"budget: {budget}\n"))
    assert ([each.verdict for each in found], next((each.gone for each in found if each.gone), None)) == (
        verdicts,
        gone,
    )


def test_a_budget_that_an_attempt_used_up_ends_the_case() -> None:
    case = past({}, certified(0.01), text=OLD + "budget: {cpu_s: 3}\n")
    assert [str(each.was) for each in compared(case, policy())] == ["attempt hpc/scan on mpi", "abstain"]
    last = compared(case, policy(more="budget: {cpu_s: 100}\n"))[-1]
    assert (last.verdict, last.gone) == (DecisionChange.UNTOLD, Gone.ELAPSED)


def test_a_family_that_is_gone_leaves_all_untold() -> None:
    case = past({}, certified(0.01))
    gone = replace(case, info_text=case.info_text.replace('"family":"toy"', '"family":"gone"'))
    found = compared(gone, policy())
    assert {each.gone for each in found} == {Gone.POLICY}
    assert found[0].missing == ("the family gone is not installed",)


def test_the_digest_is_the_same_however_many_processes() -> None:
    one = past({}, certified(0.01))
    many = [replace(one, case_id=f"c{number}") for number in range(2300)]
    new = policy(("at_least: 0.5", "at_least: 0.7"))
    found = []
    for workers in (1, 2):
        total = Backtest()
        for part in parts(iter(many), new, workers):
            total.add(part)
        found.append(total.summary(new))
    assert found[0] == found[1]
    assert found[0]["cases"]["changed"] == 2300
    assert found[0]["cost"]["saved"] == {"wall_s": 11500.0, "usd": 5750.0}
    assert found[0]["changed"] == {"count": 2300, "share": 0.25}
