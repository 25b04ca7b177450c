"""Shows a case on the pages of its flow run: decisions, certificate, progress."""

import re
from collections.abc import Sequence
from uuid import UUID

from prefect.artifacts import create_markdown_artifact, create_progress_artifact, update_progress_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactUpdate

from escalation.model.attempt import Attempt
from escalation.model.case import Outcome
from escalation.model.certificate import Certificate
from escalation.model.decision import Decision
from escalation.model.identity import digest_bytes
from escalation.model.problem import Target
from escalation.text.rounding import at_worst, rounded
from escalation.text.visible import markdown


def key(what: str, case_id: str) -> str:
    """A valid artifact key, the same for the same case: `decisions-toy-1a2b3c-4d5e6f`."""
    plain = re.sub(r"[^a-z0-9-]", "-", case_id.lower())
    unique = plain if plain == case_id else f"{plain}-{digest_bytes(case_id.encode())[:6]}"
    return f"{what}-{unique}"


def show_decisions(case_id: str, decisions: Sequence[Decision], shown: UUID | None) -> UUID:
    """Writes the table of decisions, or writes it anew where it is already shown; returns its id."""
    table = decision_table(decisions)
    if shown is None:
        made = create_markdown_artifact(table, key("decisions", case_id), "Every hop of the case, and why.")
        assert isinstance(made, UUID)
        return made
    get_client(sync_client=True).update_artifact(shown, ArtifactUpdate(data=table))
    return shown


def show_certificate(outcome: Outcome) -> None:
    """Writes what was found and who vouches for it."""
    create_markdown_artifact(
        certificate_page(outcome), key("certificate", outcome.case_id), "The answer and what vouches for it."
    )


def show_progress(case_id: str, label: str, percent: float, shown: UUID | None) -> UUID:
    """Writes the progress of a piece of work, or moves it on; returns its id."""
    if shown is None:
        made = create_progress_artifact(percent, key("progress", case_id), label)
        assert isinstance(made, UUID)
        return made
    update_progress_artifact(shown, percent)
    return shown


def decision_table(decisions: Sequence[Decision]) -> str:
    """The decisions as a Markdown table."""
    head = ["number", "action", "rung", "rule", "because", "nearest flip"]
    rows = [head, ["---"] * len(head), *map(_decision_row, decisions)]
    return "\n".join("| " + " | ".join(map(markdown, row)) + " |" for row in rows)


def _decision_row(decision: Decision) -> list[str]:
    rung = f"{decision.tier}/{decision.method} on {decision.backend}" if decision.method else ""
    flip = decision.nearest_flip.text if decision.nearest_flip else ""
    waived = "".join(f" Waived: {each.gate} ({each.because})." for each in decision.waived)
    return [
        str(decision.number), str(decision.action), rung, decision.rule, decision.because + waived, flip
    ]  # fmt: skip


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
