"""What a case came to, what vouches for it and what was tried, as a Markdown page."""

from escalation.model.attempt import Attempt
from escalation.model.case import Outcome
from escalation.model.certificate import Certificate
from escalation.model.problem import Target
from escalation.text.rounding import at_worst, rounded
from escalation.text.visible import markdown


def certificate_page(outcome: Outcome) -> str:
    """The outcome, its certificate and its attempts as Markdown."""
    because = outcome.paused or outcome.decisions[-1].because
    lines = [f"# {outcome.status.capitalize()}", "", markdown(because), ""]
    lines += [f"**{markdown(line)}**\n" for line in outcome.answer]
    if outcome.certificate is not None:
        found = outcome.certificate
        lines += [
            f"**{found.status}** {markdown(found.kind)}: {_value(found, outcome.target)}{_aside(found)}, "
            f"by {markdown(found.verifier)}",
            markdown(f"on {outcome.tier}/{outcome.method}, {outcome.backend} ({outcome.device_kind})"),
            *(f"- {markdown(reason)}" for reason in found.reasons),
            "",
        ]
    lines += [f"**{markdown(line)}**\n" for line in (*outcome.failures, *outcome.faults)]
    lines += ["| attempt | status | certificate | value | seconds |", "| --- | --- | --- | --- | --- |"]
    lines += [
        "| " + " | ".join(map(markdown, _attempt_row(each, outcome.target))) + " |"
        for each in outcome.attempts
    ]
    if outcome.remarks:
        lines += ["", "Remarks on the data:", "", *(f"- {markdown(remark)}" for remark in outcome.remarks)]
    return "\n".join([*lines, "", f"Report: {markdown(str(outcome.record))}"])


def _attempt_row(attempt: Attempt, target: Target | None) -> list[str]:
    found = attempt.certificate
    return [
        f"{attempt.tier}/{attempt.method}",
        str(attempt.status) + (f": {attempt.error}" if attempt.error else ""),
        str(found.status) if found else "",
        _value(found, target),
        f"{attempt.cost.wall_s:.1f}",
    ]


def _value(found: Certificate | None, target: Target | None) -> str:
    return "unknown" if found is None or found.value is None else at_worst(found.value, target)


def _aside(found: Certificate) -> str:
    """The estimate where it is another number than the value, and α where the certificate is no proof."""
    other = found.other_estimate
    said = [] if other is None else [f"estimate {rounded(other)}"]
    said += [] if found.alpha is None else [f"α {rounded(found.alpha)}"]
    return f" ({', '.join(said)})" if said else ""
