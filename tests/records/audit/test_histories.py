"""A record whose every hash is right, and that yet cannot have happened, is found case by case."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.inputs.settings import Settings
from escalation.model.attempt import Attempt
from escalation.model.case import CaseRecord, CaseStatus
from escalation.model.decision import Action, Decision
from escalation.model.problem import Problem
from escalation.policy.policy import parse_policy
from records.audit.audit import audit
from records.audit.histories import climbed
from records.ledger.ledger import SqlLedger
from records.runtime import open_records, open_runtime
from tests.records.tracking.test_silence import AI_ALONE, PROBLEM

POLICY = f"""\
{AI_ALONE}gates:
  - {{id: time, tier: ai, because: It may take long., when: {{fact: budget.wall_s_left, at_least: 5 s}}}}
"""
TIMED = Problem.model_validate(PROBLEM.to_json() | {"budget": {"wall_s": 100.0}})
Real = tuple[CaseRecord, list[Decision], list[Attempt]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home in which a case was accepted: a decision to attempt, the attempt, a decision to accept."""
    settings = Settings(home=tmp_path_factory.mktemp("home"), tracking=0)
    with open_runtime(settings) as runtime:
        solve(runtime, prepare(TIMED, parse_policy(POLICY), case_id="c"))
    return settings


@pytest.fixture
def ledger(home: Settings) -> Iterator[SqlLedger]:
    with open_records(home) as (found, _):
        yield found


@pytest.fixture
def real(ledger: SqlLedger) -> Real:
    return ledger.case("c"), list(ledger.decisions("c")), list(ledger.attempt_records("c"))


def test_a_case_as_it_was_driven_has_no_findings(ledger: SqlLedger, real: Real) -> None:
    assert [decision.action for decision in real[1]] == [Action.ATTEMPT, Action.ACCEPT]
    assert list(climbed(*real)) == []
    assert audit(ledger, ledger.store).findings == ()  # type: ignore[arg-type]


def changed(values: list[Any], place: int, **changes: Any) -> list[Any]:
    return [each.model_copy(update=changes) if n == place else each for n, each in enumerate(values)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r, d, a: (r, changed(d, 0, facts=d[0].facts[1:]), a), "decision 0 names the facts"),
        (lambda r, d, a: (r, changed(d, 1, policy_hash="0" * 64), a), "decision 1 is by policy 000"),
        (lambda r, d, a: (r, d[1:], a), "expected decision 0, got decision 1"),
        (lambda r, d, a: (r, [d[1], d[0]], a), "decision 1 ends the case (accept), and others follow it"),
        (lambda r, d, a: (r, [d[1]], a), "follows no decision to make it"),
        (lambda r, d, a: (r, changed(d, 0, method="other"), a), "follows the decision for ai other"),
        (lambda r, d, a: (r, d, changed(a, 0, number=1)), "expected attempt 0, got attempt 1"),
        (
            lambda r, d, a: (r.model_copy(update={"status": CaseStatus.REFUSED}), d, a),
            "it is refused, and its last decision is to accept",
        ),
    ],
)
def test_what_cannot_have_been_is_said(real: Real, change: Callable[..., Real], said: str) -> None:
    assert any(said in line for line in climbed(*change(*real)))


def test_the_program_itself_is_not_believed(home: Settings, tmp_path: Path) -> None:
    """Whoever has the program seals what he likes; each hash and each seal is right then."""
    with (
        open_records(Settings(home=tmp_path, tracking=0)) as (forged, store),
        open_records(home) as (ledger, _),
    ):
        info, decisions = ledger.case("c").info, ledger.decisions("c")
        forged.open_case(info)
        forged.add_decision("c", decisions[0].model_copy(update={"facts": ()}))
        forged.close_case("c", CaseStatus.ACCEPTED, None)
        assert forged.findings() == ()
        found = audit(forged, store).findings
    assert any("decision 0 names the facts" in line for line in found)
    assert any("it is accepted, and its last decision is to attempt" in line for line in found)
