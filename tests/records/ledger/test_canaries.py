"""What the cases under a canary come to: counted as they end, from where the last count was kept."""

from collections.abc import Callable

import pytest

from escalation.model.amounts import Amounts
from escalation.model.canary import ArmCount, CanaryCount
from escalation.model.case import CaseInfo, CaseStatus, Outcome
from records.ledger import canaries
from records.ledger.ledger import SqlLedger

Info = Callable[..., CaseInfo]
DIGEST, BOUND = "c" * 64, 0.1


@pytest.fixture
def ledger(open_ledger: Callable[[], SqlLedger], monkeypatch: pytest.MonkeyPatch) -> SqlLedger:
    """A ledger in which the canary has begun; a count is kept after three cases."""
    monkeypatch.setattr(canaries, "KEPT_AFTER", 3)
    ledger = open_ledger()
    assert ledger.begin_canary(DIGEST, "new", "acting")
    return ledger


@pytest.fixture
def opened(ledger: SqlLedger, make_info: Info) -> Callable[[str], None]:
    """Opens a case: the canary's where its name begins with c, the acting policy's with a, else another's."""

    def open_(name: str) -> None:
        policy = {"c": ("new", DIGEST), "a": ("acting", "a" * 64)}.get(name[0], ("other", "b" * 64))
        ledger.open_case(make_info(name, policy_name=policy[0], policy_digest=policy[1]))

    return open_


def ended(ledger: SqlLedger, name: str, usd: float, status: CaseStatus = CaseStatus.ACCEPTED) -> None:
    ledger.close_case(name, status, Outcome(case_id=name, status=status, cost=Amounts(usd=usd)))


def count(ledger: SqlLedger, bound: float = BOUND) -> CanaryCount:
    return ledger.canary_count(DIGEST, "acting", bound)


def kept(ledger: SqlLedger) -> list[int]:
    return [event["body"]["upto"] for event in ledger.events() if event["kind"] == "canary.counted"]


def test_each_case_counts_once_when_it_has_ended_however_late(
    ledger: SqlLedger, opened: Callable[[str], None]
) -> None:
    for name in ("a1", "c1", "other", "a2", "c2"):
        opened(name)
    ended(ledger, "a1", 10.0)
    ended(ledger, "c1", 12.0)  # more than 10 % dearer than a1
    ended(ledger, "other", 1.0)
    ended(ledger, "a2", 5.0)
    first = count(ledger)
    assert (first.acting, first.canary) == (
        ArmCount(cases=2, usd=15.0),
        ArmCount(cases=1, usd=12.0),
    )
    assert (first.pairs, first.dearer, len(kept(ledger))) == (1, 1, 1)
    ended(ledger, "c2", 5.0, CaseStatus.REFUSED)  # was under way when the count was kept
    for _ in range(2):
        again = count(ledger)
        assert again.canary == ArmCount(cases=2, bad=1, usd=17.0)
        assert (again.pairs, again.dearer) == (2, 1)
    assert ledger.findings() == ()


def test_a_look_reads_what_is_new_and_what_had_not_ended(
    ledger: SqlLedger, opened: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        opened(f"a{number}")
        ended(ledger, f"a{number}", 1.0)
    opened("c1")
    assert count(ledger).acting.cases == 6
    opened("a7")
    ended(ledger, "a7", 1.0)
    with ledger._database.reading() as connection:
        found = canaries.look(connection, DIGEST, "acting", BOUND)
    assert (found.count.acting.cases, found.fresh, len(found.waiting)) == (7, 1, 1)


def test_another_bound_is_counted_from_the_beginning(
    ledger: SqlLedger, opened: Callable[[str], None]
) -> None:
    for name, usd in (("a1", 10.0), ("c1", 12.0), ("a2", 10.0)):
        opened(name)
        ended(ledger, name, usd)
    assert (count(ledger).dearer, count(ledger, 0.5).dearer, count(ledger, 0.5).pairs) == (1, 0, 1)


def test_what_ended_before_the_canary_began_does_not_count(
    open_ledger: Callable[[], SqlLedger], make_info: Info
) -> None:
    ledger = open_ledger()
    ledger.open_case(make_info("a1", policy_name="acting"))
    ended(ledger, "a1", 1.0)
    assert count(ledger) == CanaryCount(bound=BOUND)
    ledger.begin_canary(DIGEST, "new", "acting")
    assert count(ledger) == CanaryCount(bound=BOUND)
