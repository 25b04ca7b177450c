"""A canary through Prefect's flow with the ledger on PostgreSQL: a share of cases until its guard ends it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from escalation.engine.opening import parse_problem, prepare
from escalation.inputs.settings import Settings
from escalation.model.case import CaseStatus, Outcome
from escalation.policy.canary.choice import is_canary
from flows.escalate import escalate
from flows.lending import lending
from records.ledger.ledger import SqlLedger
from records.runtime import open_runtime
from tests.records.postgresql import emptied

pytestmark = pytest.mark.timeout(900)  # the first of them waits for the server's migration

SHARE = 0.5
PROBLEM: Any = {
    "family": "toy",
    "instance": {"numbers": [9] * 6, "reach": 3},
    "target": {"metric": "number", "at_least": 9},
    "data_class": "public",
}
POLICY = """\
policy: acting
summary: One tier of this machine, for a table of this length.
tiers: [ai]
backends: {local_call: local}
gates:
  - {id: long_enough, tier: ai, because: Nobody searches less., when: {fact: toy.length, at_least: 4}}
"""


@pytest.fixture
def policies(tmp_path: Path) -> tuple[str, str]:
    """The acting policy, and a canary that refuses a table of six numbers."""
    strict = POLICY.replace("policy: acting", "policy: strict").replace("at_least: 4", "at_least: 7")
    for name, text in (("acting", POLICY), ("strict", strict)):
        (tmp_path / f"{name}.yaml").write_text(text)
    return str(tmp_path / "acting.yaml"), str(tmp_path / "strict.yaml")


@pytest.fixture
def ledger(
    on_server: Any,
    new_home: Callable[[Path], Path],
    postgresql: Path,
    policies: tuple[str, str],
    tmp_path: Path,
) -> Iterator[SqlLedger]:
    """On a server of PostgreSQL; flows called from here use it, and the canary."""
    settings = Settings(
        home=new_home(tmp_path / "home"),
        ledger_url=emptied(postgresql),
        canary_policy=policies[1],
        canary_of="acting",
        canary_share=SHARE,
    )
    with open_runtime(settings) as runtime, lending(runtime):
        assert isinstance(runtime.ledger, SqlLedger)
        yield runtime.ledger


def ids(drawn: bool, begin: str) -> Iterator[str]:
    """Case ids that the canary gets, or does not."""
    return (name for name in (f"{begin}-{n}" for n in range(999)) if is_canary(name, SHARE) is drawn)


def as_if_solved(ledger: SqlLedger, policy: str, status: CaseStatus, number: int) -> None:
    case_id = f"past-{status}-{number}"
    ledger.open_case(prepare(parse_problem(PROBLEM), policy, case_id).info)
    ledger.close_case(case_id, status, Outcome(case_id=case_id, status=status))


def test_it_gets_its_share_of_the_runs_until_the_guard_ends_it_once(
    ledger: SqlLedger, policies: tuple[str, str], runs: Callable[[str], list[Any]]
) -> None:
    acting, strict = policies
    under_it, beside = next(ids(True, "first")), next(ids(False, "first"))
    found = {name: escalate(PROBLEM, policy=acting, case_id=name).status for name in (under_it, beside)}
    assert found == {under_it: CaseStatus.REFUSED, beside: CaseStatus.ACCEPTED}
    assert [ledger.case(name).info.policy_name for name in found] == ["strict", "acting"]
    assert [run.state_name for run in runs(under_it)] == ["Refused"]
    for number in range(30):
        as_if_solved(ledger, strict, CaseStatus.REFUSED, number)
        as_if_solved(ledger, acting, CaseStatus.ACCEPTED, number)
    for name, _ in zip(ids(True, "later"), range(2), strict=False):
        assert escalate(PROBLEM, policy=acting, case_id=name).status is CaseStatus.ACCEPTED
    (end,) = [event["body"] for event in ledger.events() if event["kind"] == "canary.ended"]
    assert end["digest"] == ledger.case(under_it).info.policy_digest
    assert "31 of 31 cases of the canary failed, were refused or are held, 0 of 31" in end["because"]
    assert ledger.findings() == ()
