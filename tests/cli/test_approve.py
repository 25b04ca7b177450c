"""`tierwise approve`: what a person sees, and that only a clear yes is a yes."""

import json
import os
import pwd
from collections.abc import Callable
from typing import Any

import pytest

from cli.approve import rows
from escalation.model.submission_states import SubmissionState as S
from flows.question import question_page

Make = Callable[..., Any]
Call = Callable[..., Any]


@pytest.fixture
def asked(desk: Make) -> Any:
    """A case that is held for a person."""
    made = desk(asks=True)
    assert "tierwise approve c" in made.run()
    return made


def state(desk: Any) -> str:
    return str(desk.ledger.approvals("c")[-1].state)


def test_the_question_shows_everything_that_the_answer_binds_to(asked: Any, call: Call) -> None:
    said = call("approve", "c", typed="y\n")
    assert said.code == 0, said.err
    # the model estimates 2 s and caps at 4 s, at 1.6 USD a second
    for part in (
        "model", "1, 16 shots in total", "2.0 s, 3.20 USD, a lower bound", "4.0 s, 6.40 USD", "public",
        "paid_work: A person decides on money.", "quantum/dice: ai ended BOUNDED", asked.row.payload[:12],
        "; no answer means no", "tierwise solve PROBLEM.yaml --policy default --case c",
    ):  # fmt: skip
        assert part in said.out, part


def test_the_question_says_that_data_leave_and_what_and_the_answer_who_it_was(
    asked: Any, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "mallory")  # what a person can set says nothing of who they are
    [question] = asked.ledger.approvals("c")
    leaving = question.model_copy(update={"shown": {**question.shown, "leaves_site": True}})
    assert ("the data", f"LEAVE this site, to {question.shown['device']}") in rows(leaving, 0.0)
    assert ("the data", "stay on this site") in rows(question, 0.0)
    assert "**Data leave this site**" in question_page(leaving)
    call("approve", "c", "--yes", "--by", "Ada")
    [found] = asked.ledger.approvals("c")
    login = pwd.getpwuid(os.getuid()).pw_name
    assert found.by == "Ada"
    assert found.known_as.startswith(f"{login} (uid {os.getuid()}) on ")


def test_after_a_yes_the_work_is_sent_once(asked: Any, call: Call) -> None:
    call("approve", "c", "--by", "anna", "--reason", "worth it", typed="yes\n")
    given = asked.ledger.approvals("c")[-1]
    assert (given.state, given.by, given.reason) == ("granted", "anna", "worth it")
    asked.run()
    assert (asked.row.state, asked.service.paid, state(asked)) == (S.DONE, ["job-0"], "used")


@pytest.mark.parametrize("typed", ["\n", "", "  \n", "why?\n", "yy\n"])
def test_no_answer_is_no_yes_and_leaves_the_question_open(asked: Any, call: Call, typed: str) -> None:
    said = call("approve", "c", typed=typed)
    assert (said.code, state(asked)) == (4, "asked")
    assert "then it is no" in said.out
    asked.run()
    assert asked.service.jobs == {}


@pytest.mark.parametrize(("args", "typed"), [((), "n\n"), ((), "No\n"), (("--deny",), None)])
def test_a_no_is_recorded_and_nothing_is_sent(asked: Any, call: Call, args: Any, typed: str | None) -> None:
    assert call("approve", "c", *args, typed=typed).code == 0
    asked.run()
    assert (asked.row.state, asked.service.jobs, state(asked)) == (S.REFUSED, {}, "denied")


@pytest.mark.parametrize("piped", ["", "y\n", "yes\n", "n\n"])
def test_without_a_terminal_the_question_is_shown_and_only_yes_or_deny_answer_it(
    asked: Any, call: Call, piped: str
) -> None:
    said = call("approve", "c", piped=piped)
    assert (said.code, said.err, state(asked)) == (4, "", "asked")
    assert "may this be sent? c/0/0" in said.out
    assert "not answered: say --yes or --deny" in said.out
    assert call("approve", "c", "--yes").code == 0
    assert state(asked) == "granted"


def test_the_list_names_open_questions_and_json_has_them_whole(asked: Any, call: Call) -> None:
    listed = call("approve", "--list").out
    assert "c/0/0" in listed
    assert listed.splitlines()[-1] == "to answer: tierwise approve c"
    (line,) = call("approve", "--list", "--json").out.splitlines()
    assert json.loads(line)["subject"] == asked.row.payload
    call("approve", "c", "--yes")
    assert call("approve", "--list", "--json").out == ""
    assert "nobody is asked" in call("approve", "--list").out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("nobody",), "nobody"),
        ((), "expected the id of a case, or --list"),
        (("c", "--list"), "expected nothing else"),
        (("c", "--yes", "--deny"), "expected --yes or --deny"),
        (("c", "--json"), "--list"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    asked: Any, call: Call, args: tuple[str, ...], message: str
) -> None:
    said = call("approve", *args)
    assert (said.code, said.err.count("\n"), state(asked)) == (2, 1, "asked")
    assert message in said.err


def test_what_was_answered_is_not_answered_again(asked: Any, call: Call) -> None:
    call("approve", "c", "--deny", "--by", "anna")
    said = call("approve", "c", "--yes")
    assert (said.code, state(asked)) == (2, "denied")
    assert "answered by anna" in said.err


def test_a_question_that_expired_says_that_it_is_no(
    asked: Any, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = asked.ledger.approvals("c")[-1].expires_at + 1
    monkeypatch.setattr("records.ledger.ledger.SqlLedger.now_s", lambda _: late)
    said = call("approve", "c", "--yes")
    assert said.code == 2
    assert "expired" in said.err
