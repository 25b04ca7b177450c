"""What is used, quoted and allowed: sums, minima and comparisons by hand; what absence means in each type."""

import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from escalation.inputs.settings import ROOT
from escalation.model.amounts import Amounts, Bounds, Caps
from escalation.model.metered import CHARGED, METERED
from escalation.model.quote import Quote
from escalation.model.submission import Limit, Period, Price

values = st.floats(min_value=0.001, max_value=1e6)
amounts = st.fixed_dictionaries({}, optional={each.name: values for each in METERED}).map(Amounts.of)


def test_what_is_absent_is_none_of_it_where_used_and_quoted_and_unlimited_where_allowed() -> None:
    assert (Amounts().usd, Bounds().usd, Caps().usd) == (0.0, 0.0, None)
    assert Amounts(usd=0) == Amounts()
    assert Caps(usd=0) != Caps()
    assert Caps(usd=None) == Caps()
    assert Bounds(usd=None) != Bounds()


def test_amounts_add_resource_by_resource() -> None:
    total = Amounts(wall_s=1, gpu_s=2, usd=0.5) + Amounts(gpu_s=3, node_h=4)
    assert total == Amounts(wall_s=1, gpu_s=5, node_h=4, usd=0.5)
    assert total.but(gpu_s=0).times(2) == Amounts(wall_s=2, node_h=8, usd=1)


def test_a_decimal_total_has_no_binary_noise() -> None:
    assert Amounts.total([Amounts(usd=0.1)] * 3) == Amounts(usd=0.3)
    assert sum([Amounts(usd=0.1)] * 2, Amounts(usd=0.1)).usd != 0.3


@given(amounts, amounts)
def test_amounts_are_ordered_in_part(a: Amounts, b: Amounts) -> None:
    assert a <= a + b
    assert (a <= b) == all(a[each.name] <= b[each.name] for each in METERED)


def test_of_two_amounts_neither_may_be_enough_for_the_other() -> None:
    money, time = Amounts(usd=1), Amounts(qpu_s=1)
    assert not money <= time
    assert not time <= money


def test_what_cannot_be_known_stays_so_in_a_sum_and_covers_nothing() -> None:
    quoted = Bounds(usd=None, qpu_s=2) + Bounds(usd=1, qpu_s=3)
    assert quoted == Bounds(usd=None, qpu_s=5)
    assert quoted.beyond(Amounts(), CHARGED) == "0.00 USD (unknown) are more than was quoted"


def test_what_is_beyond_a_quote_is_named_with_what_was_quoted() -> None:
    quoted = Bounds(usd=6, qpu_s=1)
    assert quoted.beyond(Amounts(usd=6.4, qpu_s=1), CHARGED) == "6.40 USD (6.00 USD) are more than was quoted"
    assert quoted.beyond(Amounts(usd=6.4, qpu_s=1), CHARGED, slack=1.1) == ""
    assert "2 QPU seconds (1 QPU seconds) and 7.00 USD" in quoted.beyond(Amounts(usd=7, qpu_s=2), CHARGED)


def test_caps_combine_by_minimum_and_lose_what_is_spent() -> None:
    both = Caps(usd=3, gpu_s=10) & Caps(usd=2, wall_s=60)
    assert both == Caps(wall_s=60, gpu_s=10, usd=2)
    assert both.left(Amounts(gpu_s=4, usd=5, cpu_s=9)) == Caps(wall_s=60, gpu_s=6, usd=0)


def test_what_is_not_charged_is_used_up_and_what_is_charged_is_asked_for() -> None:
    caps = Caps(gpu_s=10, usd=1)
    assert caps.used_up(Amounts(gpu_s=10, usd=5)) == "10.0 of the 10 GPU seconds that were allowed"
    assert caps.used_up(Amounts(gpu_s=9.9, usd=5)) is None
    assert caps.short([Amounts(usd=0.75)], Amounts(usd=0.5, gpu_s=99)) == (
        "0.75 of 1 USD are reserved or spent, and up to 0.5 are wanted"
    )
    assert caps.short([Amounts(usd=0.5)], Amounts(usd=0.5)) == ""


@pytest.mark.parametrize(
    ("kind", "given_", "where"),
    [
        (Amounts, {"hours": 1}, "hours"),
        (Amounts, {"usd": float("nan")}, "usd"),
        (Amounts, {"usd": None}, "usd"),
        (Bounds, {"usd": -1}, "usd"),
        (Caps, {"usd": -1}, "usd"),
        (Caps, {"gpu_s": 0}, "gpu_s"),
        (Caps, {"node_h": float("inf")}, "node_h"),
    ],
)
def test_what_no_amount_can_be_is_refused(kind: type[Amounts], given_: dict[str, float], where: str) -> None:
    with pytest.raises(ValidationError) as error:
        kind(**given_)
    assert error.value.errors()[0]["loc"] == (where,)


def test_amounts_cannot_be_changed_and_travel_between_processes() -> None:
    one = Amounts(usd=1)
    with pytest.raises(AttributeError):
        one.usd = 2.0
    assert pickle.loads(pickle.dumps(one)) == one
    assert {one: 1}[Amounts(usd=1.0)] == 1


def test_records_hold_amounts_flat_as_they_always_did() -> None:
    price = Price(expected=Amounts(qpu_s=2, usd=3.2), cap=Amounts(qpu_s=4, usd=6.4))
    assert price.to_json() == {"qpu_s": 2.0, "usd": 3.2, "cap_qpu_s": 4.0, "cap_usd": 6.4, "queue_s": None}
    limit = Limit(project="p", period=Period.DAY, caps=Caps(usd=9))
    assert limit.to_json() == {"project": "p", "period": "day", "usd": 9.0, "qpu_s": None}
    quote = Quote(amounts=Bounds(wall_s=1, usd=None), shots=3).to_json()
    assert {"wall_s": 1.0, "cpu_s": 0.0, "qpu_s": 0.0, "usd": None, "shots": 3}.items() <= quote.items()
    assert not {"amounts", "gpu_s", "node_h"} & quote.keys()
    for each in (price, limit, Quote(amounts=Bounds(gpu_s=5))):
        assert type(each).model_validate(each.to_json()) == each


ONE_LINE = '    Metered("tokens", "tokens", charged=True, digits=0),\n'
WITH_TOKENS = """
import sys, types
from pathlib import Path

name = "escalation.model.metered"
text = Path(sys.argv[1]).read_text().replace("METERED = (\\n", "METERED = (\\n" + sys.argv[2])
sys.modules[name] = module = types.ModuleType(name)
exec(text, vars(module))

from rich.console import Console

from cli.show import show_outcome
from cli.submissions import cap
from escalation.engine.opening import prepare
from escalation.model.amounts import Amounts, Bounds, Caps
from escalation.model.case import CaseStatus, Outcome, WorkKey
from escalation.model.job_state import JobState
from escalation.model.metered import CHARGED
from escalation.model.problem import Problem
from escalation.model.quote import Quote
from escalation.model.result import RawResult
from escalation.model.submission import Limit, Period, Price
from escalation.policy.core_facts import CORE_FACTS
from escalation.policy.policy import parse_policy
from escalation.ports.fact_providers import FactContext
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore

problem = Problem.model_validate({
    "family": "toy", "instance": {"numbers": [1, 2]}, "target": {"metric": "number", "at_least": 2},
    "budget": {"tokens": 1000},
})
policy = parse_policy(sys.argv[3])
case = prepare(problem, policy, case_id="c")
quote = Quote(amounts=Bounds(tokens=700))
left = case.budget.left(Amounts(tokens=400))
context = FactContext(problem, left, case.view, None, None, quote, (), 0.0, 1)
facts = {each.spec.name: each for each in CORE_FACTS}
print([facts[name].evaluate(context).value for name in ("quote.tokens", "budget.tokens_left")])
print(quote.amounts.beyond(Amounts(tokens=800), CHARGED))

ledger = SqlLedger(f"sqlite:///{sys.argv[4]}/ledger.db", FileStore(Path(sys.argv[4]) / "store"))
ledger.open_case(case.info)
print([ledger.reserve(WorkKey("c", 0, n), Amounts(tokens=600), case.budget) for n in range(2)])
ledger.set_limit(Limit(project="p", period=Period.DAY, caps=Caps(tokens=5)))
print(ledger.limits()[0].caps, ledger.findings())
ledger.close()

spent = RawResult(JobState.DONE, usage=Amounts(tokens=3, wall_s=1)).spent
print(spent.to_json())
price = Price.model_validate({"tokens": 2, "cap_tokens": 4})
print(cap(price), price.to_json())
outcome = Outcome(
    case_id="c", status=CaseStatus.ABSTAINED, target=problem.target, cost=spent, attempts=(), decisions=()
)
show_outcome(Console(width=200), case.info, outcome)
"""
GATED = """
  - id: tokens
    tier: quantum
    because: Tokens are paid for and must fit the budget.
    when: {fact: quote.tokens, at_most: {fact: budget.tokens_left}}
"""


KNOWN = "{quote.tokens: 1, budget.tokens_left: 2, "


def test_one_line_makes_another_resource_known_wherever_amounts_are(tmp_path: Path, policy_text: str) -> None:
    text = policy_text.replace("gates:\n", "gates:" + GATED, 1).replace("{quote.exp", KNOWN + "quote.exp", 1)
    arguments = [str(ROOT / "escalation/model/metered.py"), ONE_LINE, text, str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-c", WITH_TOKENS, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    facts, beyond, reserved, limit, used, price, *shown = done.stdout.splitlines()
    assert facts == "[700.0, 600.0]"
    assert beyond == "800 tokens (700 tokens) are more than was quoted"
    assert reserved == "[True, False]"
    assert limit == "Caps(tokens=5.0) ()"
    assert "'tokens': 3.0" in used
    assert price.startswith("cap 4 tokens, 0.0 s, 0.00 USD {")
    assert "'tokens': 2.0" in price
    assert "'cap_tokens': 4.0" in price
    assert "3 tokens" in "".join(shown)
