"""A site that signs its own lies is still caught where histories and decisions contradict themselves."""

import json
from collections.abc import Callable
from copy import deepcopy
from hashlib import sha256
from typing import Any

import pytest

from records.export import verify
from records.export.beside import repeated
from records.export.order import impossible, resealed
from records.export.payload import ExportPayload
from tests.records.export.conftest import Site

Event = dict[str, Any]
WORK = {"attempt": 0, "ordinal": 1}


def event(kind: str, **body: Any) -> Event:
    return {"kind": kind, "number": 1, "body": body}


def moved(before: str, after: str) -> Event:
    return event("handoff.moved", **WORK, **{"from": before}, changed={"state": after})


OPENED = event("case.opened")
PAID = [
    OPENED,
    event("decision.added", number=0),
    event("handoff.wanted", **WORK),
    moved("wanted", "frozen"),
    event("approval.asked", **WORK, approval_id="q"),
    moved("frozen", "asked"),
    event("case.closed", status="held"),
    event("approval.granted", **WORK, approval_id="q"),
    event("case.resumed", was="held"),
    event("approval.used", **WORK, approval_id="q"),
    event("budget.reserved", **WORK),
    moved("asked", "authorised"),
    moved("authorised", "sending"),
    moved("sending", "submitted"),
    moved("submitted", "fetched"),
    moved("fetched", "settled"),
    event("attempt.added", number=0),
    event("decision.added", number=1),
    event("case.closed", status="accepted"),
    event("budget.spent", **WORK),
    moved("settled", "done"),
]


def found(events: list[Event]) -> list[str]:
    return list(impossible(events))


def without(kind: str, last: str = "") -> list[Event]:
    """The history without what happened at that event; the state it led to is not missed by the next move."""
    return [each for each in PAID if each["kind"] != kind or (last and each["body"].get("status") != last)]


def test_a_history_that_can_have_happened_is_none_to_complain_of() -> None:
    assert found(PAID) == []


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (without("approval.granted"), "approval.used"),
        (without("approval.asked"), "approval.granted"),
        (without("approval.used"), "handoff.moved"),
        (without("budget.reserved"), "handoff.moved"),
        (without("handoff.wanted"), "handoff.moved"),
        (without("attempt.added"), "decision.added"),
        (without("decision.added"), "attempt.added"),
        (without("case.opened"), "case.closed"),
        (without("case.resumed"), "case.closed"),
        ([*PAID[:15], PAID[19]], "budget.spent"),
        ([*PAID, PAID[9]], "approval.used"),
        ([*PAID, OPENED], "case.opened"),
        ([*PAID[:16], PAID[17]], "decision.added"),
        ([*PAID[:9], PAID[11], *PAID[9:11]], "handoff.moved"),
    ],
)
def test_a_history_that_cannot_have_happened_is_noticed(events: list[Event], said: str) -> None:
    lines = found(events)
    assert lines
    assert lines[0].startswith(f"history: {said} ")


def test_an_approval_is_used_up_by_what_was_authorised_with_it() -> None:
    again = [moved("sending", "frozen"), moved("frozen", "asked"), moved("asked", "authorised")]
    assert found([*PAID[:13], *again]) == [
        "history: handoff.moved (0, 1) (event 1) cannot have happened then",
    ]


def row(before: str | None, digest: str) -> Event:
    return event(
        "attempt.added", row={"table": "attempts", "key": ["c", 0], "before": before, "digest": digest}
    )


@pytest.mark.parametrize(
    ("chain", "last", "changed"),
    [
        ("c", row("1", "2"), 0),
        ("c", row("3", "2"), 1),
        ("c", row(None, "2"), 1),
        ("/closed", row("3", "2"), 0),
    ],
)
def test_a_row_is_before_an_event_what_the_one_before_it_left(chain: str, last: Event, changed: int) -> None:
    told = [("c", row(None, "1")), ("c", event("case.resumed")), (chain, last)]
    assert len(list(resealed(told))) == changed


Files = dict[str, bytes]
Change = Callable[[Any], None]


def judged(files: Files) -> list[str]:
    check: Callable[[Files, bytes], Any] = verify.decisions
    return list(check(files, b""))


def said_again(files: Files) -> list[str]:
    """What other files say of a value or target than certificate and problem."""
    return list(repeated(ExportPayload({path.removeprefix("data/"): data for path, data in files.items()})))


def changed(files: Files, name: str, change: Change) -> Files:
    """The same with a JSON file changed, and every decision's hash of its facts made again."""
    made, data = dict(files), json.loads(files[f"data/{name}.json"])
    data = deepcopy(data)
    change(data)
    if name == "decisions":
        for row in data:
            text = verify.plain(row["decision"]["facts"])  # type: ignore[no-untyped-call]
            row["decision"]["facts_hash"] = sha256(text).hexdigest()
    made[f"data/{name}.json"] = json.dumps(data).encode()
    return made


def fact(name: str, value: Any, number: int = 0) -> Change:
    def change(rows: Any) -> None:
        (each,) = [each for each in rows[number]["decision"]["facts"] if each["name"] == name]
        each["value"] = value

    return change


def said(number: int = 0, **changes: Any) -> Change:
    return lambda rows: rows[number]["decision"].update(changes)


def attempted(**changes: Any) -> Change:
    return lambda rows: rows[0]["attempt"].update(changes)


def certified(**changes: Any) -> Change:
    return lambda rows: rows[0]["attempt"]["certificate"].update(changes)


@pytest.mark.parametrize(
    ("case_id", "name", "change", "number"),
    [
        ("refused", "decisions", fact("budget.wall_s_left", 100.0), 0),  # the gate would have been open
        ("refused", "decisions", said(action="attempt", tier="ai", method="two_looks"), 0),
        ("refused", "decisions", said(action="abstain"), 0),  # nothing was tried before
        ("accepted", "decisions", said(1, action="abstain", tier=None, method=None), 1),
        ("accepted", "decisions", said(0, method="another"), 0),
        ("accepted", "attempts", attempted(method="another"), 0),  # not what was decided on
        ("accepted", "attempts", attempted(status="not certified"), 1),
        ("accepted", "attempts", certified(value=1.0), 1),  # short of the target
        ("taken-up", "decisions", fact("attempt.count", 7.0, 1), 1),  # not met: the acceptance rule
        ("simulated", "decisions", fact("quote.qubits", 3.0), 0),
        ("fell-short", "attempts", certified(best_possible=5.0), 1),  # then no other rung was to be looked at
        ("paid", "decisions", said(0, asks=[]), 0),  # a person had to be asked
        ("paid", "decisions", fact("quote.usd", 0.5), 0),  # and here none
        ("paid", "policy", lambda policy: policy.update(approvals=[]), 0),
    ],
)
def test_a_decision_that_does_not_follow_from_its_facts_is_noticed(
    site: Site, case_id: str, name: str, change: Change, number: int
) -> None:
    files = site.bag(case_id)
    assert judged(files) == []
    lines = judged(changed(files, name, change))
    assert [line for line in lines if line.startswith(f"decision {number}: ")], lines


def test_hardware_is_judged_by_the_floor_and_no_waiver_counts_there(site: Site) -> None:
    files = changed(site.bag("paid"), "rungs", lambda rungs: rungs[0].update(hardware=True))
    assert [line[:10] for line in judged(files)] == ["decision 0"]


def test_facts_that_were_not_hashed_are_noticed(site: Site) -> None:
    files = site.bag("refused")
    rows = json.loads(files["data/decisions.json"])
    rows[0]["decision"]["facts"].append({**rows[0]["decision"]["facts"][0], "name": "a.fact"})
    files["data/decisions.json"] = json.dumps(rows).encode()
    assert [line[:10] for line in judged(files)] == ["decision 0"]


@pytest.mark.parametrize("case_id", ["accepted", "abstained", "paid"])
def test_a_value_or_target_that_the_decision_does_not_know_is_noticed(site: Site, case_id: str) -> None:
    files = site.bag(case_id)
    last = json.loads(files["data/decisions.json"])[-1]["decision"]
    assert "attempt.value" in [change["fact"] for change in last["nearest_flip"]["changes"]]

    def better(rows: Any) -> None:
        rows[-1]["attempt"]["certificate"]["value"] += 100.0

    def easier(rows: Any) -> None:
        rows[0]["info"]["problem"]["target"]["at_least"] -= 1.0

    line = f"decision {last['number']}: says another value or target than certificate and problem"
    assert said_again(files) == []
    for name, change in (("attempts", better), ("cases", easier)):
        assert line in said_again(changed(files, name, change))


def test_an_outcome_that_no_attempt_has_come_to_is_noticed(site: Site) -> None:
    better = changed(site.bag("paid"), "cases", lambda rows: rows[0]["outcome"].update(value=1000.0))
    assert said_again(better) == ["data/outcome.json: no attempt has a certificate of that value"]
