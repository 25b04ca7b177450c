"""A case's decisions as a Markdown table."""

from collections.abc import Sequence

from escalation.model.decision import Decision
from escalation.text.visible import markdown


def decision_table(decisions: Sequence[Decision]) -> str:
    """The decisions as a Markdown table."""
    head = ["number", "action", "rung", "rule", "because", "nearest flip"]
    rows = [head, ["---"] * len(head), *map(_decision_row, decisions)]
    return "\n".join("| " + " | ".join(map(markdown, row)) + " |" for row in rows)


def _decision_row(decision: Decision) -> list[str]:
    rung = f"{decision.tier}/{decision.method} on {decision.backend}" if decision.method else ""
    flip = decision.nearest_flip.text if decision.nearest_flip else ""
    waived = "".join(f" Waived: {waiver.gate} ({waiver.because})." for waiver in decision.waived)
    return [
        str(decision.number), str(decision.action), rung, decision.rule, decision.because + waived, flip
    ]  # fmt: skip
