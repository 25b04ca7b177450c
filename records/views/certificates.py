"""Outcome of a case, its certificate and its attempts, as a Markdown page."""

from escalation.engine.reasons import why
from escalation.model.attempt import Attempt
from escalation.model.case import Outcome
from escalation.model.certificate import Certificate
from escalation.model.problem import Target
from escalation.text.rounding import at_worst, rounded
from escalation.text.visible import markdown, prose


def certificate_page(outcome: Outcome) -> str:
    """The outcome, its certificate and its attempts as Markdown."""
    lines = [f"# {outcome.status.capitalize()}", "", prose(why(outcome)), ""]
    if outcome.told is not None and outcome.certificate is not None:
        lines += [markdown(outcome.told.rests_on), ""]
    lines += [f"**{markdown(line)}**\n" for line in outcome.answer]
    if outcome.certificate is not None:
        certificate = outcome.certificate
        lines += [
            f"**{certificate.status}** {markdown(certificate.kind)}: {_value(certificate, outcome.target)}"
            f"{_aside(certificate)}, by {markdown(certificate.verifier)}",
            markdown(f"on {outcome.tier}/{outcome.method}, {outcome.backend} ({outcome.device_kind})"),
            *(f"- {markdown(reason)}" for reason in certificate.reasons),
            "",
        ]
    lines += [f"**{markdown(line)}**\n" for line in (*outcome.failures, *outcome.faults)]
    lines += ["| attempt | status | certificate | value | seconds |", "| --- | --- | --- | --- | --- |"]
    lines += [
        "| " + " | ".join(map(markdown, _attempt_row(attempt, outcome.target))) + " |"
        for attempt in outcome.attempts
    ]
    if outcome.remarks:
        lines += ["", "Remarks on the data:", "", *(f"- {markdown(remark)}" for remark in outcome.remarks)]
    return "\n".join([*lines, "", f"Report: {markdown(str(outcome.record))}"])


def _attempt_row(attempt: Attempt, target: Target | None) -> list[str]:
    certificate = attempt.certificate
    return [
        f"{attempt.tier}/{attempt.method}",
        str(attempt.status) + (f": {attempt.error}" if attempt.error else ""),
        str(certificate.status) if certificate else "",
        _value(certificate, target),
        f"{attempt.cost.wall_s:.1f}",
    ]


def _value(certificate: Certificate | None, target: Target | None) -> str:
    return (
        "unknown" if certificate is None or certificate.value is None else at_worst(certificate.value, target)
    )


def _aside(certificate: Certificate) -> str:
    """The estimate where it is another number than the value, and α where the certificate is no proof."""
    other = certificate.other_estimate
    notes = [] if other is None else [f"estimate {rounded(other)}"]
    notes += [] if certificate.alpha is None else [f"α {rounded(certificate.alpha)}"]
    return f" ({', '.join(notes)})" if notes else ""
