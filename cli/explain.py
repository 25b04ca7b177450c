"""`tierwise explain` and `tierwise cases`."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console

from cli.exported import say_source, show_withheld
from cli.kept import kept_lines, say_kept
from cli.show import about, certificate_line, costs, mlflow_run, not_hardware
from cli.submissions import amount, brief
from cli.terminal import plain, show_table, terminal
from cli.unsealed import say_finding, say_unsealed
from escalation.engine.reporting import with_report
from escalation.model.amounts import Amounts
from escalation.model.case import CaseRecord, CaseStatus, Outcome
from escalation.model.cases_wanted import CasesWanted
from escalation.model.certificate import Control
from escalation.model.decision import Action, Decision
from escalation.model.errors import BadInput, CorruptRecord
from escalation.model.submission import Approval, ApprovalState, Submission
from escalation.policy.backtest.wording import shadow_words
from escalation.policy.conditions import shortfall, words
from escalation.policy.layers import origins
from escalation.ports.configuration import settings
from escalation.ports.registry import families, no_family
from escalation.ports.store import Store
from escalation.submission.paid_work import bills
from escalation.text.moments import moment
from escalation.text.wording import sentence
from records.named import export_named, records_of
from records.runtime import open_records

_VERBS = {
    Action.ATTEMPT: "It was decided to try",
    Action.ACCEPT: "The answer was accepted from",
    Action.ABSTAIN: "No answer was accepted",
    Action.REFUSE: "Nothing was tried",
}


def explain_case(named: str) -> int:
    """Prints the story of a case; returns the exit code, 1 where it is not as it was sealed, else 0.

    Args:
        named: id of a case of this site, or the path of an export, which is verified first.
    """
    console, export = terminal(), export_named(named)
    if export is not None and export.payload.withheld:
        show_withheld(export, decided=True)
        return 0
    with records_of(named, export) as (ledger, store, case_id):
        unsealed = say_unsealed(ledger, case_id, whole=export is None)
        record = ledger.case(case_id)
        outcome = _outcome(record, store, here=export is None)
        decisions = list(ledger.decisions(case_id))
        attempts = {attempt.number: attempt for attempt in ledger.attempt_records(case_id)}
        submissions = ledger.submissions(case_id)
        billed = bills(ledger, submissions)
        questions = ledger.approvals(case_id)
        shadows, kept = ledger.shadows(case_id), kept_lines(ledger, case_id)
    _head(console, record)
    tried, came_from = 0, origins(record.info.policy_text, record.info.policy_name)
    for decision in decisions:
        _say(console, decision, came_from)
        for said in [each for each in shadows if each["decision"] == decision.number]:
            words = plain(f"{said['policy']}: {shadow_words(said)}")
            console.print(f"   [dim]The shadow policy {words}.[/]")
        if decision.action is Action.ATTEMPT:
            attempt = attempts.get(tried)
            for row in [submission for submission in submissions if submission.attempt == tried]:
                _submission(console, row, billed.get(row.key), questions)
            tried += 1
            for line in attempt.jobs if attempt is not None else ():
                console.print(f"   {plain(sentence(line))}.")
            if attempt is None:
                console.print("   The attempt has not ended.")
            elif attempt.certificate is None:
                console.print(f"   It ended without a candidate: {plain(attempt.error or '')}.")
            else:
                line = certificate_line(attempt.certificate, record.info.problem.target)
                console.print(f"   The verifier found: {line}.")
                for control in attempt.certificate.controls:
                    console.print(f"   {plain(_control(control))}.")
    if outcome is not None:
        _end(console, outcome, here=export is None)
    say_kept(kept)
    say_source(export)
    return 1 if unsealed else 0


def _outcome(record: CaseRecord, store: Store, *, here: bool) -> Outcome | None:
    """What it came to, its report in this home, where the case is one of this site."""
    kept = record.read_outcome()
    if kept is None or not here:
        return kept
    told = with_report(kept, store, settings().home)
    return told.model_copy(update={"mlflow_run_id": record.mlflow_run_id})  # MLflow is not waited for


def _control(control: Control) -> str:
    """What the same came to without what is quantum about it."""
    return (
        f"Null control {control.name}: {control.value:.4f}, difference {control.difference:+.4f}, "
        f"p = {control.p_value:.3g}"
    )


def _end(console: Console, outcome: Outcome, *, here: bool) -> None:
    """Says what the answer is, what is waited for, and what to know of both."""
    if outcome.answer:
        what = "The answer" if outcome.status is CaseStatus.ACCEPTED else "The best effort, not accepted"
        console.print(f"[bold]{what}: {plain('; '.join(outcome.answer))}.[/]")
    if outcome.paused:
        how = "was interrupted" if outcome.status is CaseStatus.INTERRUPTED else "waits"
        console.print(f"[blue]It {how}: {plain(outcome.paused)}.[/]")
    for line in (*outcome.failures, *outcome.faults):
        console.print(f"[red]{plain(line)}[/]")
    for line in not_hardware(outcome):
        console.print(f"[magenta]{plain(line)}[/]")
    for line in outcome.remarks:
        console.print(f"Remark on the data: {plain(line)}.")
    console.print(f"It cost {plain(costs(outcome))}.", highlight=False)
    if not here:  # run and report are where the export came from
        return
    console.print(f"MLflow run {plain(mlflow_run(outcome))}", soft_wrap=True)
    if outcome.record:
        console.print(f"report {plain(outcome.record)}", soft_wrap=True)


def _head(console: Console, record: CaseRecord) -> None:
    info = record.info
    console.print(
        f"[bold]{plain(info.case_id)}[/] is {record.status}. Asked: {info.problem.family} with "
        f"{plain(info.asked or info.problem.target.in_words())}, "
        f"under policy {plain(info.policy_name)} ({info.policy_digest[:12]}), on {moment(record.opened_at)}."
    )
    if info.about:
        console.print(f"It is about {plain(info.about)}.")


def _say(console: Console, decision: Decision, came_from: Mapping[str, str]) -> None:
    def origin(rule: str) -> str:
        return f" [dim]({plain(came_from[rule])})[/]" if rule in came_from else ""

    rung = f" {decision.tier}/{decision.method} on {decision.backend}" if decision.method else ""
    saw = f"facts {decision.facts_hash[:12]}" if decision.facts else "no facts"
    console.print(
        f"[bold]{decision.number + 1}.[/] {_VERBS[decision.action]}{rung}. {plain(decision.because)}. "
        f"[dim]Rule {decision.rule}, {saw}.[/]"
    )
    for closed in decision.closed:
        console.print(
            f"   Condition {closed.gate} of {closed.tier} is not met: {plain(closed.because)} "
            f"It would be if {plain('; '.join(map(words, closed.misses)))}.{origin(closed.gate)}"
        )
    for waived in decision.waived:
        console.print(
            f"   Condition {waived.gate} is not required by this policy: {plain(waived.because)} "
            f"It is not met: {plain('; '.join(map(shortfall, waived.misses)))}.{origin(waived.gate)}"
        )
    for rule in decision.asks:
        console.print(
            f"   Rule {rule.gate} wants a person's word first: {plain(rule.because)} "
            f"It would not ask if {plain('; '.join(map(words, rule.misses)))}.{origin(rule.gate)}"
        )
    for other in decision.alternatives:
        console.print(f"   Not taken: {other.tier}/{other.method}, {plain(other.because)}.")
    if decision.irreproducible:
        console.print(f"   Run again, it may come out otherwise: {plain(decision.irreproducible)}.")
    if decision.nearest_flip:
        console.print(f"   What would have changed it: it {plain(decision.nearest_flip.text)}.")


def _submission(
    console: Console, row: Submission, bill: Amounts | None, questions: Sequence[Approval]
) -> None:
    """Says in words where a piece of paid work stands, what a person said, and what went wrong."""
    console.print(f"   Submission {plain(brief(row, bill))}.")
    if row.reason:
        console.print(f"      Because: {plain(row.reason)}.")
    for question in [question for question in questions if question.key == row.key]:
        console.print(f"      {plain(_question(question))}")
    for line in row.incidents:
        console.print(f"      [red]Incident[/]: {plain(line)}.")


def _question(question: Approval) -> str:
    if question.state is ApprovalState.ASKED:
        return (
            f"A person is asked, until {moment(question.expires_at)}: `tierwise approve {question.case_id}`."
        )
    word = "refused" if question.state is ApprovalState.DENIED else "approved"
    reason = f" ({question.reason})" if question.reason else ""
    at = moment(question.answered_at) if question.answered_at is not None else "an unknown time"
    return f"{question.by} {word} it at {at}{reason}, for at most {amount(question.cap)}."


def list_cases(wanted: CasesWanted, *, as_lines: bool = False) -> int:
    """Prints a table of a page of cases, newest first; a case that cannot be read is named beside it.

    As lines it is one JSON object a case, and nothing else on standard output.

    Returns:
        The exit code: 1 where one of them is not as it was sealed, else 0.

    Raises:
        BadInput: when there is no such family, or no such case to begin after.
    """
    if wanted.family is not None and wanted.family not in families():
        raise BadInput(no_family(wanted.family))
    with open_records() as (ledger, _):
        broken: list[str] = []
        records = ledger.cases(wanted, broken.append)
        unsealed = say_unsealed(ledger, *(record.info.case_id for record in records))
        some = bool(records or broken) or bool(ledger.cases(CasesWanted(limit=1), broken.append))
    rows = list(_case_rows(records, broken))
    for line in broken:
        say_finding(line)
    console = terminal(quiet=as_lines)
    if as_lines:
        for record in records:
            sys.stdout.write(json.dumps(_as_json(record)) + "\n")
    elif rows:
        show_table(console, _CASES, rows, spare=("asked", "about", "opened", "answer"), prose=True)
    else:
        console.print("no such cases" if some else "no cases yet; make one with: tierwise solve PROBLEM.yaml")
    if len(records) == wanted.limit and not as_lines:
        console.print(f"for older ones: --after {plain(records[-1].info.case_id)}")
    return 1 if broken or unsealed else 0


_CASES = ("case", "status", "opened", "answer", "asked", "about")


def _as_json(record: CaseRecord) -> Mapping[str, str | None]:
    info = record.info
    return {
        "case": info.case_id,
        "status": str(record.status),
        "family": info.problem.family,
        "opened_at": record.opened_at,
        "closed_at": record.closed_at,
        "asked": info.asked,
        "about": info.about,
        "policy": info.policy_name,
    }


def _case_rows(records: Sequence[CaseRecord], broken: list[str]) -> Iterator[tuple[str, ...]]:
    for record in records:
        try:
            yield _case_row(record)
        except CorruptRecord as error:
            broken.append(str(error))


def _case_row(record: CaseRecord) -> tuple[str, ...]:
    info = record.info
    outcome = record.read_outcome()
    answer = f"{outcome.tier}/{outcome.method}" if outcome and outcome.tier else ""
    return (
        info.case_id,
        str(record.status),
        moment(record.opened_at),
        answer,
        info.asked,
        about(info),
    )
