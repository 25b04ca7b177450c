"""The answer of a case as a Markdown page: in words, with its pictures, what it rests on, what to do next."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from escalation.engine.reasons import why
from escalation.model.case import CaseStatus, Outcome
from escalation.text.drawings import ReportPicture
from escalation.text.visible import markdown, prose


def answer_page(
    outcome: Outcome, drawn: Sequence[ReportPicture] = (), links: Mapping[str, str] = MappingProxyType({})
) -> str:
    """What a person came for, first; what only a record needs, last.

    Args:
        outcome: of the case.
        drawn: the pictures of its report.
        links: addresses of its other pages, by what stands on the link.
    """
    told, accepted = outcome.told, outcome.status is CaseStatus.ACCEPTED
    lines = [f"# {outcome.status.capitalize()}"]
    if told is not None:
        lines = [f"# {markdown(told.asked)}", f"**{markdown(told.answer)}**"]
        lines += [markdown(told.rests_on)] if outcome.certificate or accepted else []
    if not accepted and (outcome.paused or outcome.decisions):
        lines += [f"**Why {outcome.status}:** {prose(why(outcome))}"]
    lines += [" · ".join(f"[{said}]({address})" for said, address in links.items())] if links else []
    lines += [each.markdown for each in drawn[:1]]
    if told is not None:
        lines += [f"**What it cost:** {markdown(told.cost)}"]
        steps = [f"- {prose(step)}" for step in told.next_steps]
        lines += ["## What to do next", "\n".join(steps)] if steps else []
    lines += [each.markdown for each in drawn[1:]]
    records = [f"- Case `{outcome.case_id}`: `tierwise show {outcome.case_id}`"]
    records += [f"- Report: `{outcome.record}`"] if outcome.record else []
    records += [f"- MLflow run `{outcome.mlflow_run_id}`"] if outcome.mlflow_run_id else []
    return "\n\n".join([*lines, "## Where it is kept", "\n".join(records)])
