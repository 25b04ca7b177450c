"""Writes what is shown of a case as artifacts of its flow run: answer, decisions, certificate, progress.

An artifact is titled by what it is and what it is about, `answer-breast-cancer`; those of later runs about
the same are its later versions.
"""

import re
from collections.abc import Mapping, Sequence
from uuid import UUID

from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactUpdate

from escalation.model.attempt import Attempt
from escalation.model.batch import BatchReport
from escalation.model.case import Outcome
from escalation.model.decision import Decision
from escalation.model.problem import Target
from escalation.text.drawings import pictures
from escalation.text.visible import markdown, visible
from flows.links import report_link, tracking_link
from records.views.answers import answer_page
from records.views.batches import batch_rows, batch_summary
from records.views.certificates import certificate_page
from records.views.decisions import decision_table

MOST_KEY = 80
_MARKUP = re.compile(r"[<\[`]|://|www\.")
"""What a link, a picture or HTML has; other signs stay as they are, for the page that shows them."""


def key(what: str, about: str) -> str:
    """A valid artifact key: `answer-breast-cancer`."""
    plain = re.sub(r"[^a-z0-9]+", "-", f"{what} {about}".lower())
    return plain.strip("-")[:MOST_KEY].rstrip("-")


def show_decisions(
    about: str,
    decisions: Sequence[Decision],
    attempts: Sequence[Attempt],
    target: Target | None,
    shown: UUID | None,
) -> UUID:
    """Writes the table of decisions, or writes it anew where it is already shown; returns its id."""
    table = decision_table(decisions, attempts, target)
    if shown is None:
        made = create_markdown_artifact(
            table, key("decisions", about), "What was tried, why, and what it cost."
        )
        assert isinstance(made, UUID)
        return made
    get_client(sync_client=True).update_artifact(shown, ArtifactUpdate(data=table))
    return shown


def show_certificate(about: str, outcome: Outcome) -> None:
    """Writes who vouches for what was found."""
    create_markdown_artifact(
        certificate_page(outcome), key("certificate", about), "What vouches for the answer, in numbers."
    )


def show_answer(about: str, outcome: Outcome, report: str) -> None:
    """Writes what a person came for: the answer in words, its pictures, what it cost, what to do next.

    Args:
        about: what the case is about.
        outcome: of the case.
        report: its HTML, whose pictures are shown; empty where there is none.
    """
    said = outcome.told.answer if outcome.told else outcome.status.capitalize()
    page = answer_page(outcome, pictures(report), links_of(outcome))
    create_markdown_artifact(page, key("answer", about), markdown(said))


def links_of(outcome: Outcome) -> dict[str, str]:
    """The addresses of the case's pages, by what stands on the link; none where nobody serves them."""
    found = {
        "Open the report": report_link(outcome.case_id) if outcome.report else None,
        "Open the run in MLflow": tracking_link(outcome.case_id),
    }
    return {said: address for said, address in found.items() if address}


def show_progress(about: str, label: str, percent: float, shown: UUID | None) -> UUID:
    """Writes the progress of a piece of work, or moves it on; returns its id."""
    if shown is None:
        made = create_progress_artifact(percent, key("progress", about), markdown(label))
        assert isinstance(made, UUID)
        return made
    update_progress_artifact(shown, percent)
    return shown


def show_batch(report: BatchReport) -> None:
    """Writes how the problems of a batch ended, what is wrong first, under the counts."""
    show_table(batch_rows(report), key("batch", report.name), batch_summary(report))


def show_table(rows: Sequence[Mapping[str, str]], titled: str, what: str) -> None:
    """Writes a table.

    Args:
        rows: of text.
        titled: its key.
        what: it shows, as Markdown.
    """
    create_table_artifact([{name: _cell(text) for name, text in row.items()} for row in rows], titled, what)


def _cell(text: str) -> str:
    """Nothing in it is markup: one of Prefect's two pages takes cells for Markdown, the other shows them."""
    return markdown(text) if _MARKUP.search(text) else visible(text)
