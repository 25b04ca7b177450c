"""A case is driven again from its record: everything comes out the same, and what was changed is named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalation.engine.drive import solve
from escalation.model.errors import BadInput, CorruptRecord
from escalation.replay.replay import replay
from escalation.replay.report import Mode
from tests.escalation.replay.conftest import Copy, made, opened

Document = dict[str, Any]


@pytest.mark.parametrize(
    ("case_id", "decisions", "attempts", "works"),
    [("accepted", 2, 1, 2), ("abstained", 2, 1, 2), ("refused", 1, 0, 0)],
)
def test_a_case_comes_out_as_it_ended(
    ended: Path, case_id: str, decisions: int, attempts: int, works: int
) -> None:
    with opened(ended) as runtime:
        report = replay(runtime.ledger, runtime.store, case_id)
    assert (report.same, report.differences, report.ledger) == (True, (), "")
    assert (report.mode, report.status) == (Mode.FROM_RESULTS, case_id)
    assert (report.decisions, report.attempts, report.works) == (decisions, attempts, works)
    assert report.facts_again == 1
    assert report.facts_taken == ("budget.wall_s_left",)


def test_nothing_is_run_and_nothing_is_written(ended: Path) -> None:
    def kept() -> dict[Path, bytes]:
        return {
            path: path.read_bytes() for path in ended.rglob("*") if path.is_file() and "-" not in path.name
        }

    with opened(ended) as runtime:
        before, events = kept(), len(runtime.ledger.events())
        replay(runtime.ledger, runtime.store, "accepted")
        assert kept() == before
        assert len(runtime.ledger.events()) == events
        assert runtime._backends == {}


def put(way: str, value: Any) -> Callable[[Document], Document]:
    """Sets the value at the end of the way."""

    def change(document: Document) -> Document:
        inside: Any = document
        *names, last = [int(name) if name.isdecimal() else name for name in way.split(".")]
        for name in names:
            inside = inside[name]
        assert inside[last] != value
        inside[last] = value
        return document

    return change


CHANGES = [
    ("cases.info", put("problem.instance.numbers.0", 4), "case", "problem_digest"),
    ("cases.info", put("problem.seed", 8), "case", "problem_digest"),
    ("cases.info", put("instance_digest", "0" * 64), "case", "instance_digest"),
    ("cases.outcome", put("value", 7.0), "outcome", "value"),
    ("cases.outcome", put("answer.0", "another"), "outcome", "answer[0]"),
    ("cases.outcome", put("cost.cpu_s", 1e6), "outcome", "cost.cpu_s"),
    ("decisions.decision", put("rule", "chance"), "decision 0", "rule"),
    ("decisions.decision", put("because", "It was Tuesday"), "decision 0", "because"),
    ("decisions.decision", put("policy_hash", "0" * 64), "decision 0", "policy_hash"),
    ("decisions.decision", put("quote.wall_s", 1.0), "attempt 0", "quote.wall_s"),
    ("intents.result", put("values.number", 2.0), "result of work 0 of attempt 0", "result"),
    ("intents.result", put("state", "failed"), "result of work 0 of attempt 0", "result"),
    ("intents.result", put("usage.cpu_s", 1e6), "result of work 0 of attempt 0", "usage.cpu_s"),
    ("intents.work", put("params.seed", 3), "work 0 of attempt 0", "params.seed"),
    ("attempts.attempt", put("candidate.values.number", 9.0), "candidate of attempt 0", "values.number"),
    ("attempts.candidate", put("values.number", 9.0), "candidate of attempt 0", "values.number"),
    ("attempts.attempt", put("certificate.value", 9.0), "certificate of attempt 0", "value"),
    ("attempts.attempt", put("certificate.status", "BOUNDED"), "certificate of attempt 0", "status"),
    ("attempts.attempt", put("seed", 1), "attempt 0", "seed"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("place", "change", "step", "what"), CHANGES, ids=[f"{each[0]}-{each[3]}" for each in CHANGES]
)
def test_what_was_changed_is_named_first(
    copy: Copy, place: str, change: Callable[[Document], Document], step: str, what: str
) -> None:
    copy.change(place, "accepted", change)
    report = copy.replayed("accepted")
    assert not report.same
    assert (report.differences[0].step, report.differences[0].what) == (step, what)
    assert "accepted" in report.ledger


EARLIER = put("environment.commit", "a" * 40)
WORDS = {
    "answer": put("answer.0", "Nine is the largest."),
    "told": put("told.answer", "Nine."),
    "limits": put("limits", ["It was looked at twice."]),
}


@pytest.mark.parametrize("what", WORDS)
def test_what_another_version_of_the_code_said_in_other_words_is_no_difference(copy: Copy, what: str) -> None:
    copy.change("cases.info", "accepted", EARLIER)
    copy.change("cases.outcome", "accepted", WORDS[what])
    report = copy.replayed("accepted")
    assert report.differences == ()
    assert f"texts: {what} worded by version {'a' * 12} of the code" in report.surroundings[-1]


@pytest.mark.parametrize("change", CHANGES, ids=lambda each: f"{each[0]}-{each[3]}")
def test_of_another_version_all_but_sentences_is_compared(copy: Copy, change: Any) -> None:
    place, how, step, what = change
    copy.change("cases.info", "accepted", EARLIER)
    copy.change(place, "accepted", how)
    report = copy.replayed("accepted")
    if what == "answer[0]":
        assert report.differences == ()
    else:
        assert (report.differences[0].step, report.differences[0].what) == (step, what)


@pytest.mark.parametrize(
    ("place", "change", "line"),
    [
        ("attempts.attempt", put("status", "splendid"), ".*: the row attempts accepted/0 cannot be read"),
        ("intents.result", put("state", "splendid"), ".*: the row intents accepted/0/0 cannot be read"),
        ("cases.outcome", lambda _: None, "is accepted, and its outcome is gone from the record"),
    ],
)
def test_a_record_that_no_ledger_wrote_is_a_line(
    copy: Copy, place: str, change: Callable[[Document], Any], line: str
) -> None:
    copy.change(place, "accepted", change)
    with pytest.raises(CorruptRecord, match=f"case accepted:? ?{line}") as found:
        copy.replayed("accepted")
    assert "\n" not in str(found.value)


def fact(name: str, value: float) -> Callable[[Document], Document]:
    def change(document: Document) -> Document:
        (found,) = [each for each in document["facts"] if each["name"] == name]
        found["value"] = value
        return document

    return change


def test_a_changed_fact_that_follows_from_the_data_is_computed_again_and_named(copy: Copy) -> None:
    copy.change("decisions.decision", "accepted", fact("toy.length", 7.0))
    first, *_ = copy.replayed("accepted").differences
    assert (first.step, first.what) == ("decision 0", "facts[ai/two_looks toy.length].value")
    assert (first.recorded, first.replayed) == (7.0, 8.0)


def test_a_changed_fact_of_that_day_no_longer_fits_its_hash_and_what_was_decided_by_it(copy: Copy) -> None:
    copy.change("decisions.decision", "accepted", fact("budget.wall_s_left", 0.5))
    found = copy.replayed("accepted").differences
    assert (found[0].step, found[0].what) == ("decision 0", "facts_hash")
    (action,) = [each for each in found if each.what == "action"]
    assert (action.recorded, action.replayed) == ("attempt", "refuse")


def test_a_policy_that_was_changed_afterwards_is_named(copy: Copy) -> None:
    def stricter(info: Document) -> Document:
        return {**info, "policy_text": info["policy_text"].replace("at_most: 9", "at_most: 4")}

    copy.change("cases.info", "accepted", stricter)
    found = copy.replayed("accepted").differences
    assert (found[0].step, found[0].what) == ("case", "policy_digest")
    assert ("decision 0", "action") in [(each.step, each.what) for each in found]


def test_a_case_that_is_not_over_is_not_replayed(copy: Copy) -> None:
    with opened(copy.home) as runtime:
        runtime.ledger.open_case(made("begun", 5).info)
        with pytest.raises(BadInput, match="case begun is running: only a case that is over can be replayed"):
            replay(runtime.ledger, runtime.store, "begun")
    with opened(copy.home) as runtime:
        line = "is interrupted: .*; `tierwise solve --case begun` goes on with it"
        with pytest.raises(BadInput, match=line):
            replay(runtime.ledger, runtime.store, "begun")


def test_a_case_that_was_taken_up_again_comes_out_the_same(copy: Copy) -> None:
    """Killed after its first decision; another process went on with it."""
    case = made("resumed", 5)
    with opened(copy.home) as runtime, pytest.raises(KeyboardInterrupt):
        solve(runtime, case, Stopping())
    with opened(copy.home) as runtime:
        assert solve(runtime, made("resumed", 5)).status == "accepted"
    assert copy.replayed("resumed").same


def test_a_case_whose_time_was_up_before_anything_was_tried_comes_out_the_same(copy: Copy) -> None:
    """How long it had taken is no fact of any decision; that it was too long is its reason."""
    with opened(copy.home) as runtime:
        outcome = solve(runtime, made("late", 5, wall_s=1e-9))
    assert (outcome.status, outcome.decisions[0].rule) == ("refused", "budget")
    assert copy.replayed("late").same


class Stopping:
    """A listener at whose first word the user presses Ctrl-C."""

    def decided(self, decision: Any) -> None:
        raise KeyboardInterrupt

    def progress(self, item: Any, progress: Any) -> None: ...

    def attempted(self, attempt: Any) -> None: ...
