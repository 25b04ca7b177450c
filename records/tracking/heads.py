"""The signed heads in MLflow's runs of cases: a ledger that was put back in secret lacks what they say."""

import json
from collections.abc import Iterator
from typing import Any

from records.tracking.cases import HEAD, LEDGER
from records.tracking.client import open_client
from records.tracking.places import TrackingPlace

Head = tuple[str, Any]
"""An envelope and whose it is, in words."""


def told_heads(place: TrackingPlace, ledger: str, since_s: float | None) -> list[Head] | None:
    """The heads that MLflow was told of that ledger since then; None where MLflow is not, or does not answer.

    Args:
        place: where MLflow is.
        ledger: its name.
        since_s: the end of the oldest runs, seconds since the epoch; None: all.
    """
    if place.file is not None and not place.file.exists():
        return None
    try:
        client, parts = open_client(place), [""]
        if since_s is not None:  # a run that was opened again keeps the end that it had; a first one has none
            parts = [f"attributes.end_time >= {since_s * 1000:.0f}", "attributes.status = 'RUNNING'"]
        runs = [run for part in parts for run in case_runs(client, ledger, part)]
    except Exception:  # of many libraries, by whatever is between here and there; the audit says which
        return None
    return [head for run in runs if (head := head_of(run)) is not None]


def case_runs(client: Any, ledger: str, also: str = "") -> Iterator[Any]:
    """The runs of all cases of the ledger, a page at a time."""
    found = client.search_experiments(filter_string="name LIKE 'tierwise/%'")
    ids, token = [each.experiment_id for each in found], None
    where = f"tags.`tierwise.kind` = 'case' and tags.`{LEDGER}` = '{ledger}'"
    while ids:
        page = client.search_runs(
            ids, f"{where} and {also}" if also else where, max_results=1000, page_token=token
        )
        yield from page
        token = page.token
        if not token:
            return


def head_of(run: Any) -> Head | None:
    """The head that a run has, and where that is; None where it has none. What is no JSON is no envelope."""
    text = run.data.tags.get(HEAD)
    if text is None:
        return None
    return f"MLflow's run {run.info.run_id} of case {run.data.tags.get('tierwise.case_id')}", _decoded(text)


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return {}
