"""Rows of an export that contradict their events or each other are found, whoever sealed and signed them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from records.export import following
from records.export.agreeing import contradictions
from records.export.payload import ExportPayload
from records.testing.mutations import Files
from tests.records.export.conftest import CASES, Site

Change = Callable[[Any], None]


def found(files: Files) -> list[str]:
    inside = {path.removeprefix("data/"): data for path, data in files.items() if path.startswith("data/")}
    return list(contradictions(ExportPayload(inside)))


def changed(files: Files, name: str, change: Change) -> Files:
    rows = json.loads(files[f"data/{name}.json"])
    change(rows)
    return {**files, f"data/{name}.json": json.dumps(rows).encode()}


@pytest.mark.parametrize("case_id", CASES)
def test_what_was_written_by_the_ledger_contradicts_nothing(site: Site, case_id: str) -> None:
    assert found(site.bag(case_id)) == []


def within(*path: Any, **values: Any) -> Change:
    def change(rows: Any) -> None:
        for name in (0, *path):
            rows = rows[name]
        rows.update(values)

    return change


ZEROS = "0" * 64


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("cases", within(status="abstained"), "cases paid: its events say another status than its row"),
        ("cases", within("outcome", "certificate", value=8.9), "the outcome says another thing of its best"),
        ("cases", within("outcome", tier="hpc"), "the outcome says another thing of its best attempt"),
        ("cases", within("outcome", "attempts", 0, seed=1), "the outcome has other attempts than there are"),
        ("cases", within("outcome", "decisions", 0, rule="x"), "the outcome has other decisions"),
        ("attempts", within("attempt", seed=1), "attempts paid/0: its attempt is not the one that its event"),
        ("attempts", within("attempt", "certificate", value=8.9), "paid/0: its attempt is not the one"),
        ("attempts", within("candidate", "values", number=6.0), "paid/0: its candidate is not the one"),
        ("attempts", within("attempt", "candidate", "values", number=6.0), "attempt 0 has another candidate"),
        ("attempts", within("attempt", backend="ibm_runtime:ibm_boston"), "attempt 0 ran elsewhere than was"),
        ("attempts", within("attempt", "works", 0, result=ZEROS), "attempt 0 has another work 0, or result,"),
        ("intents", within("result", "values", pubs=[]), "intents paid/0/0: its result is not the"),
        ("intents", within("work", seed=1), "intents paid/0/0: its work is not the one that its event has"),
        ("intents", within(backend="local"), "intents paid/0/0: its events say another backend than its row"),
        ("budgets", within("spent", usd=0.0), "budgets paid/0/0: its events say another spent than its row"),
        ("budgets", within(state="released"), "budgets paid/0/0: its events say another state than its row"),
        ("approvals", within("approval", by="eve"), "its events say another by than its row"),
        ("approvals", within("approval", subject=ZEROS), "is for another payload than was sent"),
        ("approvals", within("approval", "cap", usd=0.01), "is for less than was set aside with it"),
        ("approvals", within("approval", expires_at=1.0), "was given after its time was over"),
        ("handoffs", within("handoff", job_id="nope"), "its events say another job_id than its row"),
        ("decisions", lambda rows: rows.pop(), "LookupError"),
        ("decisions", lambda rows: rows[-1]["decision"].update(action="abstain"), "last decision is another"),
    ],
)  # fmt: skip
def test_a_row_that_says_another_thing_than_its_event_or_another_row_is_found(
    site: Site, name: str, change: Change, said: str
) -> None:
    files = changed(site.bag("paid"), name, change)
    try:
        lines = found(files)
    except LookupError:
        lines = ["LookupError"]
    assert any(said in line for line in lines), lines


def test_money_is_held_against_its_events_where_data_are_withheld(make_site: Callable[..., Site]) -> None:
    strict = make_site()
    strict.solve("i", data_class="identifiable")
    files = strict.bag("i")
    assert found(files) == []
    files = changed(files, "decisions", lambda rows: rows[-1]["decision"].update(action="refuse"))
    assert found(files) == ["the case is accepted, and its last decision is another"]


def test_a_policy_of_another_text_than_the_one_that_was_evaluated_is_found(site: Site) -> None:
    files = site.bag("paid")
    text = json.loads(files["data/cases.json"])[0]["info"]["policy_text"]
    other = within("info", policy_text=text.replace("tiers: [quantum]", "tiers: [hpc]"))
    lines = list(following.unlike(changed(files, "cases", other), site.key.public.key_id))
    assert "data/policy.json is not what policy.yaml says" in lines
