"""`tierwise approve`: a person's word on work that the policy wants one for. No answer means no."""

import json
import os
import pwd
import shlex
import socket
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from cli.submissions import amount
from cli.terminal import plain, terminal
from escalation.model.calibration import PRACTICE_MONEY
from escalation.model.case import CaseRecord
from escalation.model.errors import BadInput
from escalation.model.submission import Approval, ApprovalState
from escalation.ports.registry import practises
from escalation.text.commands import hint
from escalation.text.moments import age, moment
from escalation.text.wording import counted
from records.runtime import open_records

HELD = 4
"""Exit code where a question stays without an answer."""


def answer_or_list(
    case_id: str | None, *, listing: bool, deny: bool, by: str | None, reason: str, yes: bool, as_lines: bool
) -> int:
    """Checks what was asked for and does it; returns the exit code.

    Raises:
        BadInput: when options contradict each other.
    """
    if listing:
        if case_id is not None or deny or yes:
            raise BadInput("--list: expected nothing else beside it but --json")
        list_questions(as_lines=as_lines)
        return 0
    if case_id is None or as_lines:
        raise BadInput("expected the id of a case, or --list (with --json, where a script reads it)")
    if deny and yes:
        raise BadInput("expected --yes or --deny, got both")
    return answer(case_id, granted=not deny, by=by, reason=reason, sure=yes)


def list_questions(*, as_lines: bool) -> None:
    """Prints every question that still stands; as JSON one object a line."""
    with open_records() as (ledger, _):
        now = ledger.now_s()
        questions = standing(ledger.approvals(), now)
    if as_lines:
        for question in questions:
            sys.stdout.write(json.dumps(question.to_json()) + "\n")
        return
    console = terminal()
    for question in questions:
        show(console, question, now)
    if not questions:
        console.print("nobody is asked anything")
    for case_id in dict.fromkeys(question.case_id for question in questions):
        console.print(f"to answer: tierwise approve {plain(shlex.quote(case_id))}", soft_wrap=True)


def answer(case_id: str, *, granted: bool, by: str | None, reason: str, sure: bool) -> int:
    """Shows each question of a case and records the answer; returns the exit code.

    Raises:
        BadInput: when there is nothing to answer.
    """
    console = terminal()
    login, known_as = this_user("approve")
    name = by or login
    with open_records() as (ledger, _):
        record, now = ledger.case(case_id), ledger.now_s()
        questions = standing(ledger.approvals(case_id), now)
        if not questions:
            raise BadInput(_nothing(record, ledger.approvals(case_id), now))
        open_still = 0
        for question in questions:
            show(console, question, now)
            word = _word(console, question, granted=granted, sure=sure)
            if word is None:
                open_still += 1
                console.print(
                    f"  not answered: say --yes or --deny; it stands until {moment(question.expires_at)}, "
                    "then it is no"
                )
                continue
            ledger.answer(
                question.approval_id,
                granted=word,
                by=name,
                reason=reason,
                now=ledger.now_s(),
                known_as=known_as,
            )
            what = "[green]approved[/]" if word else "[yellow]refused[/]"
            console.print(f"  {what} by {plain(name)}, recorded as {plain(known_as)}")
    if open_still:
        return HELD
    _go_on(console, record)
    return 0


def standing(questions: Sequence[Approval], now: float) -> list[Approval]:
    """The questions that can be answered now."""
    return [
        question
        for question in questions
        if question.state is ApprovalState.ASKED and now < question.expires_at
    ]


def show(console: Console, question: Approval, now: float) -> None:
    """Prints a question with everything that the answer binds to."""
    table = Table.grid(padding=(0, 2))
    for name, value in rows(question, now):
        table.add_row(name, plain(value))
    console.print(f"[bold blue]may this be sent?[/] {plain(str(question.key))}")
    console.print(table)


def rows(question: Approval, now: float) -> list[tuple[str, str]]:
    """Facts that a person must know, by name."""
    shown: dict[str, Any] = dict(question.shown)
    device = str(shown.get("device", "unknown"))
    facts = [("device", device)]
    if practises(device):
        facts.append(("money", f"{PRACTICE_MONEY}: a practice service on this machine, no hardware"))
    if "circuits" in shown:
        facts.append(("circuits", f"{shown['circuits']}, {shown.get('shots')} shots in total"))
    if question.estimate is not None:
        facts.append(("estimate", f"{amount(question.estimate)}, a lower bound"))
        facts.append(("at most", f"{amount(question.cap)}, after which the service stops it"))
    if shown.get("queue_s") is not None:
        facts.append(("queue", f"{age(shown['queue_s'])} now"))
    facts += about_data(shown)
    facts += [("asked by", line) for line in shown.get("asked_by", ())]
    if shown.get("why"):
        facts.append(("attempt", f"{shown.get('attempt')}: {shown['why']}"))
    what = "work" if question.estimate is None else "payload"
    facts.append(("binds to", f"{what} {question.subject[:12]}, policy {question.policy[:12]}"))
    left = age(question.expires_at - now)
    return [*facts, ("expires", f"{moment(question.expires_at)}, in {left}; no answer means no")]


def about_data(shown: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Whether data leave the site, of which class, how much, and what they were made of."""
    where = f"LEAVE this site, to {shown.get('device', 'an unknown place')}"
    facts = [("the data", where if shown.get("leaves_site") else "stay on this site")]
    facts.append(("data class", str(shown.get("data_class", "unknown"))))
    if "parameter_values" in shown:
        values = counted(shown["parameter_values"], "parameter value", "parameter values")
        facts.append(("content", f"circuits with {values}"))
    return [*facts, ("derived from", str(shown["derived_from"]))] if shown.get("derived_from") else facts


def this_user(command: str) -> tuple[str, str]:
    """The login name of this process's user, and how it is recorded that they gave that command.

    No environment variable has a say.
    """
    uid = os.getuid()
    try:
        login = pwd.getpwuid(uid).pw_name
    except KeyError:  # in a container, say
        login = f"uid {uid}"
    return login, f"{login} (uid {uid}) on {socket.gethostname()}, by `tierwise {command}`"


def _word(console: Console, question: Approval, *, granted: bool, sure: bool) -> bool | None:
    """Yes, no, or nothing clear: only a yes sends anything, and only a no ends the work for good.

    Only a person at a terminal is asked: what a pipe says was typed before the question was seen.
    """
    if not granted or sure:
        return granted
    if not sys.stdin.isatty():
        return None
    try:
        reply = console.input("approve it? \\[y/N] ").strip().lower()
    except EOFError:
        reply = ""
    return {"y": True, "yes": True, "n": False, "no": False}.get(reply)


def _go_on(console: Console, record: CaseRecord) -> None:
    info = record.info
    console.print(
        "a flow run that waits for this goes on by itself; else: tierwise reconcile --go-on, or\n"
        f"  {plain(hint('solve', 'PROBLEM.yaml', '--policy', info.policy_name, '--case', info.case_id))}",
        soft_wrap=True,
    )


def _nothing(record: CaseRecord, questions: Sequence[Approval], now: float) -> str:
    case_id = record.info.case_id
    if not questions:
        return f"case {case_id} is {record.status}: expected an open question, nobody is asked anything"
    last = questions[-1]
    if last.state is ApprovalState.ASKED:
        return f"case {case_id}: its question expired at {moment(last.expires_at)}: no answer means no"
    return f"case {case_id}: expected an open question, its last one was answered by {last.by}: {last.state}"
