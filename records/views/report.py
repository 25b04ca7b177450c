"""The HTML report of a case: one file, no external resources, readable without Tierwise."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from escalation.engine.case import Case
from escalation.engine.runtime import WorkDone
from escalation.model.amounts import Amounts
from escalation.model.attempt import Attempt
from escalation.model.calibration import NOT_HARDWARE
from escalation.model.case import Outcome
from escalation.model.metered import CHARGED
from escalation.policy.conditions import shortfall
from escalation.ports.families import Section
from escalation.submission.paid_work import PaidWork
from escalation.text.moments import moment
from escalation.text.rounding import at_worst, rounded
from escalation.text.visible import visible
from escalation.text.wording import with_article
from records.views.limits import limits
from records.views.machines import machines


def render(
    case: Case,
    outcome: Outcome,
    sections: Sequence[Section],
    opened_at: str,
    paid: Sequence[PaidWork] = (),
    *,
    ran: WorkDone | None = None,
) -> bytes:
    """Returns the report as UTF-8 HTML; everything but the sections is escaped, and nothing repaints."""
    text = _template().render(
        case=case,
        info=case.info,
        outcome=outcome,
        opened_at=opened_at,
        sections=sections,
        paid=paid,
        moment=moment,
        shortfall=shortfall,
        charged=CHARGED,
        columns=lambda attempts: Amounts.columns(attempt.cost for attempt in attempts),
        worst=lambda value: at_worst(value, case.problem.target),
        rounded=rounded,
        alpha=any(
            attempt.certificate and attempt.certificate.alpha is not None for attempt in outcome.attempts
        ),
        rehearsal=_rehearsals(outcome.attempts),
        machines=() if ran is None else tuple(machines(outcome.attempts, ran)),
        limits=tuple(limits(case.info, outcome)),
    )
    return visible(text, keep="\n\t").encode()


def _rehearsals(attempts: Sequence[Attempt]) -> list[str]:
    """Attempts that ran circuits on something that is not hardware; said at the top."""
    return [
        f"{attempt.method} ran on {attempt.backend}, {with_article(attempt.device_kind)}"
        for attempt in attempts
        if attempt.device_kind in NOT_HARDWARE
    ]


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("report.html.jinja")
