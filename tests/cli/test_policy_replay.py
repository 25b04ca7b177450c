"""`tierwise policy replay` over cases that were really solved."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
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
from tests.escalation.engine.test_shadow_and_canary import POLICY as DEFAULT
from tests.escalation.untracked import Untracked

POLICY = DEFAULT.replace("policy: default", "policy: looks")
Call = Callable[..., Said]
Unread = Callable[[str, str, str], str]


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two cases under the policy: of three numbers, which is refused, and of six, which is tried."""
    folder = tmp_path_factory.mktemp("records")
    (folder / "looks.yaml").write_text(POLICY)
    own = Settings(home=folder)
    store = FileStore(own.store)
    runtime = Runtime(own, SqlLedger(own.ledger, store), store, Untracked(), render)
    for name, numbers in (("three", [3, 1, 4]), ("six", [9] * 6)):
        target = Target(metric="number", at_least=9)
        instance = {"numbers": numbers, "reach": 3}
        problem = Problem(family="toy", instance=instance, target=target, data_class="public")
        solve(runtime, prepare(problem, folder / "looks.yaml", name))
    runtime.close()
    return folder


@pytest.fixture
def solved(records: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The policy of these cases, whose records are this process's."""
    monkeypatch.setenv("TIERWISE_HOME", str(records))
    settings.cache_clear()
    return records / "looks.yaml"


@pytest.fixture
def unread(solved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Unread:
    """Puts a text into the first such row of the case `six` of a copy; returns the policy."""

    def put(table: str, column: str, value: str) -> str:
        own = shutil.copytree(solved.parent, tmp_path / "own")
        monkeypatch.setenv("TIERWISE_HOME", str(own))
        settings.cache_clear()
        first = f"rowid = (SELECT min(rowid) FROM {table} WHERE case_id = 'six')"
        with closing(sqlite3.connect(own / "ledger.db")) as database, database:
            database.execute(f"UPDATE {table} SET {column} = ? WHERE {first}", (value,))
        return str(solved)

    return put


def test_the_policy_that_decided_changes_nothing(call: Call, solved: Path) -> None:
    said = call("policy", "replay", str(solved), "--json")
    found = json.loads(said.out)
    assert (said.code, found["cases"]["all"], found["decisions"]) == (0, 2, 3)
    assert found["same"] == {"count": 3, "share": 1.0}


def test_changed_decisions_are_listed_with_rule_margin_and_saving(
    call: Call, solved: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new.yaml"
    new.write_text(POLICY.replace("at_least: 4", "at_least: 7"))
    said = call("policy", "replay", str(new), "--changed", "--json")
    line, total = map(json.loads, said.out.splitlines())
    assert said.code == 5
    assert (line["case"], line["was"], line["now"]) == ("six", "attempt ai/two_looks on local", "refuse")
    assert line["why"] == [
        {
            "rule": "long_enough",
            "effect": "closes",
            "rung": "ai/two_looks",
            "fact": "toy.length",
            "value": 6.0,
            "comparison": "at_least",
            "limit": 7.0,
            "margin": -1.0,
        }
    ]
    assert line["saved"]["wall_s"] > 0
    assert [total[part]["count"] for part in ("same", "changed", "cannot_tell")] == [1, 1, 1]
    assert total["cannot_tell"]["why"] == [
        {"because": "it follows a decision that changes", "count": 1, "share": 0.333333}
    ]
    told = call("policy", "replay", str(new), "--changed")
    assert "ai/two_looks: its condition long_enough is not met: toy.length is 6, takes at least 7" in told.out
    assert "six decision 1: attempt ai/two_looks on local → refuse" in told.out


def test_what_was_refused_and_would_be_tried_is_not_priced(call: Call, solved: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.yaml"
    new.write_text(POLICY.replace("at_least: 4", "at_least: 1"))
    found = json.loads(call("policy", "replay", str(new), "--json").out)
    assert found["cost"]["cannot_tell"] == [
        {"because": "what it would try was never tried in the case", "count": 1}
    ]
    assert (found["cost"]["known"], found["cost"]["saved"], found["cost"]["at_most_usd"]) == (0, {}, None)


def test_where_the_record_cannot_tell_the_exit_code_says_so(call: Call, solved: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.yaml"
    new.write_text(
        POLICY
        + "  - {id: idle, tier: ai, because: No waiting., when: {fact: device.queue_s, at_most: 5 s}}\n"
    )
    said = call("policy", "replay", str(new), "--json")
    found = json.loads(said.out)
    assert (said.code, found["cannot_tell"]["count"], found["same"]["count"]) == (3, 2, 1)
    assert found["cannot_tell"]["missing"] == [{"fact": "ai/two_looks: device.queue_s", "count": 1}]


@pytest.mark.parametrize("value", ["{", "[1]", '{"number": 0}'])
@pytest.mark.parametrize(("table", "column"), [("decisions", "decision"), ("attempts", "attempt")])
def test_of_a_case_that_cannot_be_read_nothing_is_told_and_the_others_are_compared(
    call: Call, unread: Unread, table: str, column: str, value: str
) -> None:
    policy, row = unread(table, column, value), f"{table} six/0"
    said = call("policy", "replay", policy, "--json")
    found = json.loads(said.out)
    assert (said.code, said.err) == (3, "")
    assert (found["same"]["count"], found["cannot_tell"]["count"]) == (1, 2)
    assert found["cannot_tell"]["missing"] == [{"fact": row, "count": 2}]
    assert found["cannot_tell"]["why"][0]["because"] == "a row of the case cannot be read"
    assert row in call("policy", "replay", policy).out
    alone = call("policy", "try", policy, "six")
    assert (alone.code, alone.out) == (1, "")
    assert f"the row {row} cannot be read" in alone.err


def test_a_case_whose_opening_cannot_be_read_is_named(call: Call, unread: Unread) -> None:
    said = call("policy", "replay", unread("cases", "info", "[1]"))
    assert (said.code, said.err) == (3, "")
    assert "cases six" in said.out


def test_cases_of_exports_are_compared_without_their_ledger(
    call: Call, solved: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = tmp_path / "new.yaml"
    new.write_text(POLICY.replace("at_least: 4", "at_least: 7"))
    call("keys", "make")
    folders = [str(tmp_path / "three"), str(tmp_path / "six.zip")]
    for name, target in zip(("three", "six"), folders, strict=True):
        assert call("export", name, "--out", target).code == 0
    here = call("policy", "replay", str(new), "--json")
    monkeypatch.setenv("TIERWISE_HOME", str(home))
    settings.cache_clear()
    there = call("policy", "replay", str(new), *folders, "--json")
    assert (there.code, there.err) == (5, "")
    assert json.loads(there.out) == json.loads(here.out)  # the digest of all lines among it
    tried = call("policy", "try", str(new), folders[1])
    assert (tried.code, "long_enough is not met" in tried.out) == (5, True)
    twice = call("policy", "replay", str(new), folders[0], folders[0])
    assert (twice.code, twice.out) == (2, "")
    assert "expected each case once, got three again" in twice.err
    limited = call("policy", "replay", str(new), folders[0], "--family", "toy")
    assert (limited.code, "beside exports" in limited.err) == (2, True)


def test_one_case_is_told_step_by_step(call: Call, solved: Path, tmp_path: Path) -> None:
    same = call("policy", "try", str(solved), "six")
    assert (same.code, same.err) == (0, "")
    assert same.out.splitlines() == [
        "Case six, decided by looks; looks would have decided:",
        "1. try ai/two_looks on local",
        "   looks: the same",
        "2. accept the answer of ai/two_looks on local",
        "   looks: the same",
    ]
    new = tmp_path / "new.yaml"
    new.write_text(POLICY.replace("at_least: 4", "at_least: 7").replace("policy: looks", "policy: new"))
    told = call("policy", "try", str(new), "six")
    lines = told.out.splitlines()
    assert (told.code, lines[1:4]) == (
        5,
        [
            "1. try ai/two_looks on local",
            "   new: try nothing",
            "     ai/two_looks: its condition long_enough is not met: toy.length is 6, takes at least 7",
        ],
    )
    assert lines[4].startswith("     that would have saved ")
    assert lines[6] == "   the record cannot tell: the case would have gone another way before"
    more = "  - {id: idle, tier: ai, because: No waiting., when: {fact: device.queue_s, at_most: 5 s}}\n"
    new.write_text(POLICY + more)
    untold = call("policy", "try", str(new), "six")
    assert untold.code == 3
    assert "looks: the record cannot tell: a fact was never looked up" in untold.out
    assert "not on record: ai/two_looks: device.queue_s" in untold.out


def test_a_policy_is_tried_on_a_case_that_is_there(call: Call, solved: Path, tmp_path: Path) -> None:
    said = call("policy", "try", str(solved), "nobody")
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    lines = [json.loads(each) for each in call("policy", "try", str(solved), "si", "--json").out.splitlines()]
    assert [(each["case"], each["verdict"]) for each in lines] == [("six", "same")] * 2


def test_only_cases_of_the_time_and_family_asked_for_are_looked_at(call: Call, solved: Path) -> None:
    later = call("policy", "replay", str(solved), "--since", "2999-01-01", "--json")
    other = call("policy", "replay", str(solved), "--family", "optimisation", "--json")
    assert [json.loads(said.out)["decisions"] for said in (later, other)] == [0, 0]
    assert call("policy", "replay", str(solved), "--family", "no_such").code == 2


def test_a_policy_that_does_not_hold_together_is_one_line(call: Call, home: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(POLICY.replace("toy.length", "toy.width"))
    said = call("policy", "replay", str(bad))
    assert (said.code, said.out) == (2, "")
    assert "unknown fact 'toy.width': did you mean" in said.err
