"""Shows a question to a person as text: what would be sent where, at what price, and why."""

from escalation.handoff.model import Approval
from escalation.moments import moment
from escalation.visible import markdown

ROWS = (
    ("device", "device", ""),
    ("circuits", "circuits", ""),
    ("shots", "shots in total", ""),
    ("qpu_s", "QPU seconds, estimated (a lower bound)", " s"),
    ("usd", "US dollars, estimated (a lower bound)", " USD"),
    ("cap_qpu_s", "the service stops the job after", " s"),
    ("cap_usd", "which costs at most", " USD"),
    ("queue_s", "queue now", " s"),
    ("data_class", "class of the data", ""),
    ("parameter_values", "parameter values in the circuits", ""),
    ("derived_from", "which were made of", ""),
    ("attempt", "attempt", ""),
    ("why", "why it is tried", ""),
)
"""By name in `Approval.shown`, what it is called and its unit."""


def question_page(question: Approval) -> str:
    """The question as Markdown: the description of the form in Prefect's pages."""
    shown = question.shown
    lines = [f"# Approve {question.key}?", "", _leaving(question), "", "| what | value |", "| --- | --- |"]
    lines += [f"| {text} | {_value(shown[name], unit)} |" for name, text, unit in ROWS if name in shown]
    asked_by = shown.get("asked_by")
    rules = [f"- {markdown(str(each))}" for each in asked_by] if isinstance(asked_by, list) else []
    until = moment(question.expires_at)
    return "\n".join(
        [
            *lines,
            "",
            "Rules of the policy and of the floor that want a person's word:",
            *rules,
            "",
            f"It binds to these bytes: SHA-256 `{question.subject}`, until {until}.",
            "No answer means no. Prefect does not know who you are: your name is recorded as you type it.",
            f"Or on the command line: `tierwise approve {question.case_id}`.",
        ]
    )


def _leaving(question: Approval) -> str:
    shown = question.shown
    if not shown.get("leaves_site"):
        return "The data stay on this site."
    to, of = markdown(str(shown.get("device"))), markdown(str(shown.get("data_class")))
    return f"**Data leave this site**: {of} data, as circuits, to {to}."


def _value(value: object, unit: str) -> str:
    if value is None:
        return "unknown"
    number = f"{value:.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else None
    return markdown(str(value)) if number is None else f"{number}{unit}"
