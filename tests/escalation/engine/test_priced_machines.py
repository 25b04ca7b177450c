"""Machines that charge for nodes and cores: their price is in the quote, and within the case's budget."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backends.batch.accounts import price, price_at_most
from backends.slurm.settings import SlurmSettings
from escalation.engine.case import Case
from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.engine.runtime import Runtime
from escalation.model.amounts import Bounds, Caps
from escalation.model.case import CaseStatus
from escalation.model.decision import Action
from escalation.model.problem import Problem, Target
from escalation.model.quote import Quote
from escalation.model.resources import Resources
from escalation.model.work import Work
from escalation.policy.policy import parse_policy
from escalation.ports.machines import with_price
from problems.toy.methods import TwoLooks
from tests.escalation.engine.test_durable import Batch

POLICY = """\
policy: one
summary: one method of the toy family
tiers: [ai]
backends: {local_call: local, mpi_program: mpi, circuit_batch: aer}
methods: {toy: [two_looks]}
"""
SITE = replace(SlurmSettings().site, node_h_usd=30.0, cpu_h_usd=6.0, start_s=40.0)
A_LOOK_USD = 1.0
"""Of 60 s, and 40 s to start, on one node and core at 36 USD an hour."""


class Priced(Batch):
    """A machine in memory that charges as a batch system's site says, and does nothing else."""

    charges = True

    def __init__(self) -> None:
        super().__init__()
        self.works: list[Work] = []

    def estimate(self, work: Work) -> Quote:
        needs = work.resources.used_within(work.resources.wall_s)
        usd = price(SITE, work.resources, work.resources.wall_s + SITE.start_s)
        return Quote(amounts=Bounds.of(needs.but(usd=usd)))

    def price_usd(self, needs: Bounds) -> float | None:
        return price_at_most(SITE, needs)

    def submit(self, work: Work, folder: Path, tag: str) -> dict[str, Any]:
        self.works.append(work)
        raise AssertionError("sent")


@pytest.fixture(autouse=True)
def priced(runtime: Runtime) -> None:
    runtime._backends["local"] = Priced()


def case(usd: float | None) -> Case:
    problem = Problem(
        family="toy",
        instance={"numbers": [3, 1], "reach": 1},
        target=Target(metric="number", at_least=9),
        budget=Caps(usd=usd),
    )
    return prepare(problem, parse_policy(POLICY), case_id="c")


def sent(runtime: Runtime) -> int:
    machine: Any = runtime.backend("local")
    return len(machine.works)


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The method's own quote says nothing of money, and little of time, as it does not ask the machine."""
    monkeypatch.setattr(
        TwoLooks, "quote", lambda self, view, device: Quote(amounts=Bounds(wall_s=50, cpu_s=50))
    )


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("usd", [0.0, 0.89])
def test_an_attempt_that_the_money_left_does_not_pay_for_is_closed_under_any_policy(
    runtime: Runtime, usd: float
) -> None:
    ended = solve(runtime, case(usd))
    (decision,) = ended.decisions
    assert (ended.status, decision.action, sent(runtime)) == (CaseStatus.REFUSED, Action.REFUSE, 0)
    (closed,) = decision.closed
    # 90 s at 36 USD an hour
    assert closed.gate == "floor_price"
    assert closed.misses[0].value == pytest.approx(0.9)
    assert decision.nearest_flip is not None
    assert "would have tried ai" in decision.nearest_flip.text
    assert "quote.usd" in decision.nearest_flip.text
    assert ended.cost.usd == 0


@pytest.mark.usefixtures("silent")
def test_work_is_not_sent_that_costs_more_than_is_left_though_the_quote_was_less(runtime: Runtime) -> None:
    """Neither of two looks that are sent at once: the first alone costs more, both cost twice that."""
    ended = solve(runtime, case(0.95))
    assert sent(runtime) == 0
    (attempt,) = ended.attempts
    assert attempt.quote.amounts.usd == pytest.approx(0.9)
    assert [work["error"] for work in attempt.works] == [
        f"not sent: on local it may cost {cost:.2f} USD, and 0.95 USD of the budget are left"
        for cost in (A_LOOK_USD, 2 * A_LOOK_USD)
    ]
    assert ended.cost.usd == 0


@pytest.mark.parametrize("usd", [None, 2.0])
def test_what_fits_is_sent_and_without_a_limit_everything(runtime: Runtime, usd: float | None) -> None:
    with pytest.raises(AssertionError, match="sent"):
        solve(runtime, case(usd))
    assert sent(runtime) > 0


def test_the_larger_of_two_prices_counts_and_an_unknown_one_stays_unknown() -> None:
    machine = Priced()
    minute = Bounds(wall_s=60, cpu_s=60)
    assert with_price(Quote(amounts=minute), machine).amounts.usd == pytest.approx(A_LOOK_USD)
    assert with_price(Quote(amounts=minute.but(usd=5)), machine).amounts.usd == 5
    assert with_price(Quote(amounts=minute.but(usd=None)), machine).amounts.usd is None
    assert with_price(Quote(amounts=Bounds(wall_s=None)), machine).amounts.usd is None
    assert with_price(Quote(amounts=minute), Batch()) == Quote(amounts=minute)
    machine.charges = False
    assert with_price(Quote(amounts=minute), machine) == Quote(amounts=minute)


def test_amounts_are_priced_as_the_work_that_has_them() -> None:
    for asked in (Resources(wall_s=60), Resources(ranks=4, nodes=2, threads=3, wall_s=900, exclusive=True)):
        needs = Bounds.of(asked.used_within(asked.wall_s))
        exact = price(SITE, asked, asked.wall_s + SITE.start_s)
        assert price_at_most(SITE, needs) == pytest.approx(exact)
    assert price_at_most(SITE, Bounds()) == pytest.approx(0.4)
