"""`tierwise explain` and `tierwise cases`."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from cli.handoffs import amount, bills, brief, moment
from cli.show import certificate_line, not_hardware
from escalation.attempt import Cost
from escalation.case import CaseRecord, Outcome
from escalation.conditions import shortfall, words
from escalation.decision import Action, Decision
from escalation.handoff.model import Approval, ApprovalState, Handoff
from escalation.registry import target_in_words
from tasks.runtime import open_records

_VERBS = {
    Action.ATTEMPT: "It was decided to try",
    Action.ACCEPT: "The answer was accepted from",
    Action.ABSTAIN: "No answer was accepted",
    Action.REFUSE: "Nothing was tried",
}


def explain_case(case_id: str) -> None:
    """Prints the story of a case."""
    console = Console()
    with open_records() as (ledger, _):
        record = ledger.case(case_id)
        decisions = list(ledger.decisions(case_id))
        attempts = {attempt.number: attempt for attempt, _ in ledger.attempts(case_id)}
        handoffs = ledger.handoffs(case_id)
        billed = bills(ledger, handoffs)
        questions = ledger.approvals(case_id)
    _head(console, record)
    tried = 0
    for decision in decisions:
        _say(console, decision)
        if decision.action is Action.ATTEMPT:
            attempt = attempts.get(tried)
            for row in [each for each in handoffs if each.attempt == tried]:
                _hand_off(console, row, billed.get(row.key), questions)
            tried += 1
            if attempt is None:
                console.print("   The attempt has not ended.")
            elif attempt.certificate is None:
                console.print(f"   It ended without a candidate: {escape(attempt.error or '')}.")
            else:
                console.print(f"   The verifier found: {certificate_line(attempt.certificate)}.")
    if record.outcome is not None:
        outcome = Outcome.model_validate(record.outcome)
        if outcome.paused:
            console.print(f"[blue]It waits: {escape(outcome.paused)}.[/]")
        for line in not_hardware(outcome):
            console.print(f"[magenta]{escape(line)}[/]")


def _head(console: Console, record: CaseRecord) -> None:
    info = record.info
    console.print(
        f"[bold]{escape(info.case_id)}[/] is {record.status}. Asked: {info.problem.family} with "
        f"{target_in_words(info.problem.family, info.problem.target)}, "
        f"under policy {escape(info.policy_name)} ({info.policy_digest[:12]}), on {record.opened_at}."
    )


def _say(console: Console, decision: Decision) -> None:
    rung = f" {decision.tier}/{decision.method} on {decision.backend}" if decision.method else ""
    console.print(
        f"[bold]{decision.number + 1}.[/] {_VERBS[decision.action]}{rung}. {escape(decision.because)}. "
        f"[dim]Rule {decision.rule}, facts {decision.facts_hash[:12]}.[/]"
    )
    for closed in decision.closed:
        console.print(
            f"   Gate {closed.gate} kept {closed.tier} closed: {escape(closed.because)} "
            f"It would open if {escape('; '.join(map(words, closed.misses)))}."
        )
    for waived in decision.waived:
        console.print(
            f"   Gate {waived.gate} was waived: {escape(waived.because)} "
            f"It was closed: {escape('; '.join(map(shortfall, waived.misses)))}."
        )
    for rule in decision.asks:
        console.print(
            f"   Rule {rule.gate} wants a person's word first: {escape(rule.because)} "
            f"It would not ask if {escape('; '.join(map(words, rule.misses)))}."
        )
    for other in decision.alternatives:
        console.print(f"   Not taken: {other.tier}/{other.method}, {escape(other.because)}.")
    if decision.nearest_flip:
        console.print(f"   Nearest flip: it {escape(decision.nearest_flip.text)}.")


def _hand_off(console: Console, row: Handoff, bill: Cost | None, questions: Sequence[Approval]) -> None:
    """Says in words where a piece of paid work stands, what a person said, and what went wrong."""
    console.print(f"   Hand-off {escape(brief(row, bill))}.")
    if row.reason:
        console.print(f"      Because: {escape(row.reason)}.")
    for each in [question for question in questions if question.key == row.key]:
        console.print(f"      {escape(_question(each))}")
    for line in row.incidents:
        console.print(f"      [red]Incident[/]: {escape(line)}.")


def _question(each: Approval) -> str:
    if each.state is ApprovalState.ASKED:
        return f"A person is asked, until {moment(each.expires_at)}: `tierwise approve {each.case_id}`."
    word = "refused" if each.state is ApprovalState.DENIED else "approved"
    said = f" ({each.reason})" if each.reason else ""
    at = moment(each.answered_at) if each.answered_at is not None else "an unknown time"
    return f"{each.by} {word} it at {at}{said}, for at most {amount(each.cap.qpu_s, each.cap.usd)}."


def list_cases() -> None:
    """Prints a table of all cases."""
    with open_records() as (ledger, _):
        records = ledger.cases()
    table = Table(Column("case", no_wrap=True), "status", "problem", "target", "answer", "opened", box=None)
    for record in records:
        target = record.info.problem.target
        outcome = Outcome.model_validate(record.outcome) if record.outcome else None
        answer = f"{outcome.tier}/{outcome.method}" if outcome and outcome.tier else ""
        table.add_row(
            escape(record.info.case_id),
            str(record.status),
            record.info.problem.family,
            f"{target.metric} {target.limit:g}",
            answer,
            record.opened_at[:19],
        )
    Console().print(table if records else "no cases yet; make one with: tierwise solve PROBLEM.yaml")
