"""Writes what is shown of a case as artifacts of its flow run: decisions, certificate, progress."""

import re
from collections.abc import Sequence
from uuid import UUID

from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactUpdate

from escalation.model.batch import BatchReport
from escalation.model.case import Outcome
from escalation.model.decision import Decision
from escalation.model.identity import digest_bytes
from records.views.batches import batch_rows, batch_summary
from records.views.certificates import certificate_page
from records.views.decisions import decision_table


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


def show_batch(report: BatchReport) -> None:
    """Writes how the problems of a batch ended, what is wrong first, under the counts."""
    create_table_artifact(batch_rows(report), key("batch", report.name or "batch"), batch_summary(report))
