"""The HTML report of a case: one file, no external resources, readable without Tierwise.

The answer comes first, in words and one picture; then why this tier, then the evidence; all else is folded.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from escalation.engine.case import Case
from escalation.engine.runtime import Recorded, WorkDone
from escalation.engine.telling import headline, told
from escalation.model.amounts import Amounts
from escalation.model.attempt import Attempt
from escalation.model.calibration import NOT_HARDWARE, PRACTICE_MONEY
from escalation.model.case import CaseInfo, Outcome
from escalation.model.metered import CHARGED
from escalation.model.submission import ApprovalState
from escalation.policy.conditions import shortfall
from escalation.ports.families import Section
from escalation.ports.registry import practises
from escalation.submission.paid_work import PaidWork
from escalation.text.moments import moment
from escalation.text.rounding import at_worst, rounded
from escalation.text.visible import visible
from escalation.text.wording import with_article
from records.views.limits import limits
from records.views.machines import machines
from records.views.steps import steps

_DRIVERS = {"plain": "the command itself", "prefect": "Prefect"}
BROAD_PX = 560
"""A picture that is wider stands below the words, not beside them."""


def render(
    case: Case,
    outcome: Outcome,
    sections: Sequence[Section],
    recorded: Recorded,
    paid: Sequence[PaidWork] = (),
    *,
    ran: WorkDone | None = None,
    picture: str = "",
) -> bytes:
    """Returns the report as UTF-8 HTML; all but sections and picture is escaped, and nothing repaints."""
    text = _template().render(
        info=case.info,
        outcome=outcome,
        told=outcome.told or told(case.info, outcome),
        headline=headline(outcome, outcome.answer[:1]),
        recorded=recorded,
        sections=sections,
        picture=picture,
        broad=_width_px(picture) > BROAD_PX,
        steps=tuple(steps(outcome, case.problem.target, recorded)),
        paid=paid,
        practised=PRACTICE_MONEY if paid and all(practises(each.submission.backend) for each in paid) else "",
        moment=moment,
        shortfall=shortfall,
        charged=CHARGED,
        columns=lambda attempts: Amounts.columns(attempt.cost for attempt in attempts),
        worst=lambda value: at_worst(value, case.problem.target),
        rounded=rounded,
        alpha=any(
            attempt.certificate and attempt.certificate.alpha is not None for attempt in outcome.attempts
        ),
        not_hardware=_not_hardware(outcome.attempts),
        machines=() if ran is None else tuple(machines(outcome.attempts, ran)),
        facts=any(decision.facts for decision in outcome.decisions),
        limits=tuple(limits(case.info, outcome)),
        record=(*_record(case.info, outcome, recorded), ("Approvals", _approvals(paid))),
    )
    return visible(text, keep="\n\t").encode()


def _width_px(svg: str) -> float:
    found = re.search(r'<svg\b[^>]*\bwidth="([\d.]+)', svg)
    return float(found[1]) if found else 0.0


def _not_hardware(attempts: Sequence[Attempt]) -> list[str]:
    """Attempts that ran circuits on something that is not hardware; said at the top."""
    return [
        f"{attempt.method} ran on {attempt.backend}, {with_article(attempt.device_kind)}"
        for attempt in attempts
        if attempt.device_kind in NOT_HARDWARE
    ]


def _approvals(paid: Sequence[PaidWork]) -> str:
    """Who answered what, and when; that nobody was asked, where nobody was."""
    asked = [question for each in paid for question in each.questions]
    if not asked:
        return "nobody was asked: no work needed a person's approval"
    return "; ".join(
        f"asked {moment(question.asked_at)}, not answered"
        if question.answered_at is None
        else f"{question.by} {'refused' if question.state is ApprovalState.DENIED else 'approved'} "
        f"{question.key} at {moment(question.answered_at)}"
        for question in asked
    )


def _record(info: CaseInfo, outcome: Outcome, recorded: Recorded) -> Iterator[tuple[str, str]]:
    """Names and values of what identifies the case, its input, and what it ran with."""
    made, changed = info.environment, info.environment.get("uncommitted_changes")
    yield "Case", f"{outcome.case_id}, driven by {_DRIVERS.get(outcome.engine, outcome.engine)}"
    yield "Opened", moment(recorded.opened_at, seconds=True)
    if recorded.events:
        yield "Last event before this report", moment(recorded.events[-1]["at"], seconds=True)
    yield "Head of its chain in the ledger", recorded.sealed
    yield "Problem", info.problem_digest
    yield "Instance", info.instance_digest
    yield "Policy", f"{info.policy_name}, {info.policy_digest}"
    yield "Seed", str(info.problem.seed)
    yield "Data class", str(info.problem.data_class)
    yield "Cost in all", ", ".join(resource.told(value) for resource, value in outcome.cost.told())
    yield "Code", f"{made.get('commit')}{' with uncommitted changes' if changed else ''}"
    yield "Lock", str(made.get("lock"))
    yield "Python", f"{made.get('python')} on {made.get('platform')}"
    versions = made.get("packages")
    if isinstance(versions, dict):
        yield "Packages", ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))


def _coded(said: str) -> Markup:
    """A sentence in which what stands between backticks is code."""
    parts = str(escape(said)).split("`")
    return Markup("".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts)))


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "page"), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["coded"] = _coded
    return environment.get_template("report.html.jinja")
