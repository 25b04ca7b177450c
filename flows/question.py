"""Shows a question to a person as text: what would be sent where, at what price, and why.

Two texts: a short one, because it stands above the fields of a form in Prefect's pages, which a long one
pushes out of sight; and a page with all there is, which is an artifact of the run.
"""

from prefect.artifacts import create_markdown_artifact

from escalation.model.calibration import PRACTICE_MONEY
from escalation.model.metered import CHARGED
from escalation.model.submission import Approval
from escalation.ports.registry import practises
from escalation.text.moments import age, moment
from escalation.text.visible import markdown
from flows.artifacts import key

_STOPS = "the service stops the job after"
ROWS = (
    ("device", "device", ""),
    ("circuits", "circuits", ""),
    ("shots", "shots in total", ""),
    *(
        (resource.name, f"{resource.words}, estimated (a lower bound)", f" {resource.unit}")
        for resource in CHARGED
    ),
    *(
        (f"cap_{resource.name}", "which costs at most" if resource.money else _STOPS, f" {resource.unit}")
        for resource in CHARGED
    ),
    ("queue_s", "queue now", " s"),
    ("data_class", "class of the data", ""),
    ("parameter_values", "parameter values in the circuits", ""),
    ("derived_from", "which were made of", ""),
    ("attempt", "attempt", ""),
    ("why", "why it is tried", ""),
)
"""By name in `Approval.shown`, what it is called and its unit."""


def show_question(question: Approval, about: str) -> str:
    """Writes the question with all that it binds to as an artifact of the flow run; returns its title."""
    titled = key("question", about)
    how = f"A person must approve: press ⋮ → Resume, or run `tierwise approve {question.case_id}`."
    create_markdown_artifact(question_page(question), titled, how)
    return titled


def question_in_brief(question: Approval, titled: str, left_s: float, wrong: str = "") -> str:
    """What a person must know before anything else, as Markdown: the description of the form.

    Short lines, no table: Prefect's dialog is narrow, and cuts a table off at its edge.

    Args:
        question: what is asked.
        titled: the artifact with all of it.
        left_s: seconds that the run waits here; who comes later answers on the command line.
        wrong: with what was filled in before.
    """
    shown = question.shown
    lines = [
        f"**{_what(question)}**",
        f"- {_price(question)}",
        f"- {_leaving(question)}",
        *([f"- Why: {markdown(str(shown['why']))}"] if shown.get("why") else []),
        *(f"- Asked by {markdown(rule)}" for rule in _asked_by(question)),
        f"- Answer here within {age(left_s)}, or by `tierwise approve {question.case_id}` until "
        f"{moment(question.expires_at)}; no answer means no.",
        f"- All of it: the artifact `{titled}`.",
    ]
    return "\n".join([*([f"**Not taken: {wrong}**", ""] if wrong else []), lines[0], "", *lines[1:]])


def _what(question: Approval) -> str:
    """`Send a job to aer?` with the beginning of the digest of its bytes."""
    return f"Send a job to {markdown(str(question.shown.get('device')))}? (payload {question.subject[:12]})"


def question_page(question: Approval) -> str:
    """The whole question as Markdown."""
    shown = question.shown
    lines = [f"# Approve {markdown(str(question.key))}?", "", _leaving(question), "", _price(question), ""]
    lines += ["| what | value |", "| --- | --- |"]
    lines += [f"| {text} | {_value(shown[name], unit)} |" for name, text, unit in ROWS if name in shown]
    return "\n".join(
        [
            *lines,
            "",
            "Rules of the policy and of the site that want a person's word:",
            *(f"- {markdown(rule)}" for rule in _asked_by(question)),
            "",
            f"It binds to these bytes: SHA-256 `{question.subject}`, until {moment(question.expires_at)}.",
            "No answer means no. Your name is recorded as you type it, beside the one that you are signed in "
            "with where you have one.",
            "To answer: ⋮ at the top right of the run's page, Resume; or on the command line: "
            f"`tierwise approve {question.case_id}`.",
        ]
    )


def _price(question: Approval) -> str:
    shown, cap = question.shown, question.cap
    if question.estimate is None:
        return "**It costs nothing.**"
    practice = f" of {PRACTICE_MONEY}" if practises(str(shown.get("device"))) else ""
    return (
        f"**At most {cap.usd:.2f} USD{practice}**, estimated {_value(shown['usd'], ' USD')} (a lower bound)."
    )


def _leaving(question: Approval) -> str:
    shown = question.shown
    if not shown.get("leaves_site"):
        return "The data stay on this site."
    to, of = markdown(str(shown.get("device"))), markdown(str(shown.get("data_class")))
    return f"**Data leave this site**: {of} data, as circuits, to {to}."


def _asked_by(question: Approval) -> list[str]:
    asked_by = question.shown.get("asked_by")
    return list(map(str, asked_by)) if isinstance(asked_by, list) else []


def _value(value: object, unit: str) -> str:
    if value is None:
        return "unknown"
    number = f"{value:.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else None
    return markdown(str(value)) if number is None else f"{number}{unit}"
