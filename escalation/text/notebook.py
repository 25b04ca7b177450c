"""What notebooks show: outcomes, batches and decisions as small HTML, everything from outside escaped.

Registers itself with `escalation.model.shown`. No scripts and no styles of its own: a notebook has its own.
"""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from escalation.model.batch import BatchReport, BatchRow, ProblemEnd
from escalation.model.case import Outcome
from escalation.model.decision import Action, Decision
from escalation.model.shown import html_of
from escalation.model.told import Told
from escalation.text.drawings import pictures
from escalation.text.rounding import at_worst
from escalation.text.visible import visible
from escalation.text.wording import counted

MOST_ROWS = 100
"""Of a batch; those that need a person come first, and `BatchReport.frame` has all."""
_ORDER = {ending: place for place, ending in enumerate(ProblemEnd)}


@html_of.register
def outcome_html(outcome: Outcome) -> str:
    """Status, the answer's picture, the sentences about the case, and why it went so."""
    said = _rows(_told(outcome.told)) if outcome.told else ""
    proven = _rows([("proven", _proven(outcome)), ("case", outcome.case_id)])
    return (
        f"<div><p><strong>{_text(outcome.status.upper())}</strong></p>{_picture(outcome)}"
        f"<table><tbody>{said}{proven}</tbody></table>{_trace(outcome.decisions)}</div>"
    )


@html_of.register
def told_html(told: Told) -> str:
    """The sentences, one below the other."""
    return f"<table><tbody>{_rows(_told(told))}</tbody></table>"


@html_of.register
def decision_html(decision: Decision) -> str:
    """What was done and why, and each condition that was not met."""
    rows = [("step", _step(decision)), ("because", decision.because)]
    rows += [(f"condition {each.gate} not met", each.because) for each in decision.closed]
    rows += [(f"condition {each.gate} not required by this policy", each.because) for each in decision.waived]
    if decision.nearest_flip:
        rows.append(("what would have changed it", decision.nearest_flip.text))
    return f"<table><tbody>{_rows(rows)}</tbody></table>"


@html_of.register
def batch_html(report: BatchReport) -> str:
    """Counts and cost in a line, and a row a problem, what is wrong first."""
    rows = sorted(report.rows, key=lambda row: (_ORDER[row.status], row.number))
    costs = ", ".join(resource.told(value) for resource, value in report.cost.told())
    left_out = len(rows) - MOST_ROWS
    more = (
        f"<p>and {counted(left_out, 'row', 'rows')} more: <code>.frame()</code></p>" if left_out > 0 else ""
    )
    return (
        f"<div><p><strong>{_text(counted(report.problems, 'problem', 'problems'))}</strong>: "
        f"{_text(report.in_words)}. Cost: {_text(costs)}</p>"
        f"{_table(_BATCH, map(_batch_row, rows[:MOST_ROWS]))}{more}</div>"
    )


_BATCH = ("", "problem", "status", "step", "proven", "case", "why")


def _batch_row(row: BatchRow) -> Sequence[str]:
    step = f"{row.tier}/{row.method}" if row.method else ""
    proven = "" if row.value is None else at_worst(row.value, row.target)
    return str(row.number), row.problem, str(row.status), step, proven, row.case_id or "", row.why


def _told(told: Told) -> list[tuple[str, str]]:
    """The sentences with their names, the answer first as everywhere."""
    named = [("asked", told.asked), ("answer", told.answer), ("rests on", told.rests_on), ("cost", told.cost)]
    return named + [("next", each) for each in told.next_steps]


def _picture(outcome: Outcome) -> str:
    """The answer's drawing out of its report, where that is on this machine: a ROC curve, a schedule."""
    if outcome.record is None or not outcome.answer:
        return ""
    try:
        drawn = pictures(Path(outcome.record).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):  # moved, or of another machine: the words stand by themselves
        return ""
    return "".join(f'<p><img src="{each.address}" alt="{_text(each.shows)}"/></p>' for each in drawn[:1])


def _proven(outcome: Outcome) -> str:
    """`roc_auc 0.97, asked was roc_auc at least 0.9`."""
    if outcome.value is None or outcome.target is None:
        return "nothing"
    value = at_worst(outcome.value, outcome.target)
    return f"{outcome.target.metric} {value}, asked was {outcome.target.in_words(sure=False)}"


def _trace(decisions: Sequence[Decision]) -> str:
    """The decisions, folded: a row each."""
    rows = (
        (str(each.number + 1), _step(each), each.because, each.nearest_flip.text if each.nearest_flip else "")
        for each in decisions
    )
    table = _table(("", "step", "because", "what would have changed it"), rows)
    return f"<details><summary>Why it went so</summary>{table}</details>" if decisions else ""


def _step(decision: Decision) -> str:
    if decision.action is not Action.ATTEMPT:
        return str(decision.action)
    return f"try {decision.tier}/{decision.method} on {decision.backend}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    heads = "".join(f'<th scope="col">{_text(each)}</th>' for each in head)
    body = "".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _rows(named: Iterable[tuple[str, str]]) -> str:
    return "".join(
        f'<tr><th scope="row">{_text(name)}</th><td>{_text(said)}</td></tr>' for name, said in named
    )


def _text(said: str) -> str:
    """Text from anywhere: nothing in it is markup, and nothing in it is hidden or TeX."""
    return escape(visible(said)).replace("$", "&#36;")
