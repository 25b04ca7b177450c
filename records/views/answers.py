"""The answer of a case as a Markdown page: in words, with its pictures, what it rests on, what to do next."""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape

from escalation.engine.reasons import why
from escalation.model.case import CaseStatus, Outcome
from escalation.text.visible import markdown, prose

MOST_PICTURES, MOST_BYTES = 6, 400_000
_PICTURE = re.compile(r'<svg\b[^>]*xmlns="http://www\.w3\.org/2000/svg".*?</svg>', re.DOTALL)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.DOTALL)


@dataclass(frozen=True)
class ReportPicture:
    """A drawing of a report that stands by itself.

    Attributes:
        svg: the drawing.
        shows: what it shows, for those who cannot see it.
    """

    svg: str
    shows: str

    @property
    def markdown(self) -> str:
        """The drawing within a page, as an image that runs no script."""
        data = b64encode(self.svg.encode()).decode()
        said = re.sub(r"[\[\]\\\s]+", " ", self.shows).strip()
        return f"![{said}](data:image/svg+xml;base64,{data})"


def pictures(report: str) -> list[ReportPicture]:
    """The drawings of a report, in its order, each once; as many as a page can well hold."""
    by_title: dict[str, ReportPicture] = {}
    for match in _PICTURE.finditer(report):
        title = _TITLE.search(match[0])
        shows = unescape(title[1]) if title else ""
        by_title.setdefault(shows or match[0], ReportPicture(match[0], shows))
    found = list(by_title.values())
    kept, size = [], 0
    for each in found[:MOST_PICTURES]:
        size += len(each.svg)
        if size <= MOST_BYTES:
            kept.append(each)
    return kept


def answer_page(outcome: Outcome, drawn: Sequence[ReportPicture] = ()) -> str:
    """What a person came for, first; what only a record needs, last."""
    told, accepted = outcome.told, outcome.status is CaseStatus.ACCEPTED
    lines = [f"# {outcome.status.capitalize()}"]
    if told is not None:
        lines = [f"# {markdown(told.asked)}", f"**{markdown(told.answer)}**"]
        lines += [markdown(told.rests_on)] if outcome.certificate or accepted else []
    if not accepted and (outcome.paused or outcome.decisions):
        lines += [f"**Why {outcome.status}:** {prose(why(outcome))}"]
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
